"""Why a call failed, and whether anything of it may have reached the other side."""

from __future__ import annotations

from enum import StrEnum


class Sent(StrEnum):
    """NO: not one byte of the request was offered to the network. MAYBE: at least one was, so the effect is uncertain."""

    NO = "no"
    MAYBE = "maybe"


class Cause(StrEnum):
    CONFIG = "config"  # the address or a header cannot be used at all
    FORBIDDEN_ADDRESS = "forbidden_address"
    DNS = "dns"
    DNS_TIMEOUT = "dns_timeout"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    MARK = "mark"  # the caller's mark was refused or could not be written
    TIMEOUT = "timeout"
    CONNECTION = "connection"  # reset, or closed without an answer
    TRUNCATED = "truncated"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"


class CallError(Exception):
    """The call has no answer. `detail` is for staff and holds nothing the other side wrote."""

    def __init__(self, cause: Cause, sent: Sent, detail: str = "") -> None:
        super().__init__(f"{cause} (sent: {sent}){': ' + detail if detail else ''}")
        self.cause = cause
        self.sent = sent
        self.detail = detail
