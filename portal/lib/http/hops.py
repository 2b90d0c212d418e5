"""The way to a server step by step: address, name, connection, certificate; each with its time and a plain cause.

For people who set up a connection. Nothing is sent: the request itself is the caller's.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.lib.http.causes import CallError, Cause, Sent
from portal.lib.http.guard import Address, NetworkPolicy, Target, judge_addresses, judge_url
from portal.lib.http.identity import Identity, loaded
from portal.lib.http.resolver import resolve
from portal.lib.http.transport import default_ca_file

ADDRESS, NAME, CONNECT, TLS = "address", "name", "connect", "tls"
OBJECTION_SECONDS = 0.3  # how long a server may take to refuse our certificate under TLS 1.3


@dataclass(frozen=True)
class Hop:
    """`says`: what was found (an address, when a certificate ends). `cause`: why it ended here, of Cause, or ""."""

    name: str
    ok: bool
    milliseconds: int
    says: str = ""
    cause: str = ""


def probe(url: str, *, policy: NetworkPolicy, deadline_seconds: float, identity: Identity | None = None) -> list[Hop]:
    """Every step up to the first that fails. Raises nothing."""
    walk = _Walk(url, policy, time.monotonic() + deadline_seconds, identity)
    with contextlib.suppress(CallError):
        walk.go()
    return walk.hops


class _Walk:
    def __init__(self, url: str, policy: NetworkPolicy, end: float, identity: Identity | None) -> None:
        self.url, self.policy, self.end, self.identity = url, policy, end, identity
        self.hops: list[Hop] = []

    def go(self) -> None:
        with self._step(ADDRESS) as says:
            target = judge_url(self.url, self.policy)
            says.append(f"{target.scheme}://{target.host}:{target.port}")
        addresses: tuple[Address, ...] = (target.literal,) if target.literal is not None else ()
        if not addresses:
            with self._step(NAME) as says:
                addresses = judge_addresses(resolve(target.host, wait_seconds=min(3.0, self._left())), self.policy)
                says.extend(map(str, addresses))
        with self._step(CONNECT) as says:
            wire = self._connected(addresses, target)
            says.append(str(wire.getpeername()[0]))
        with contextlib.closing(wire):
            if target.scheme == "https":
                with self._step(TLS) as says:
                    says.append(self._secured(wire, target))

    def _left(self) -> float:
        return max(0.01, self.end - time.monotonic())

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[list[str]]:
        began = time.monotonic()
        says: list[str] = []
        cause, detail = "", ""
        try:
            yield says
        except CallError as error:
            cause, detail = error.cause.value, error.detail
            raise
        finally:
            took = round((time.monotonic() - began) * 1000)
            self.hops.append(Hop(name, not cause, took, ", ".join(says)[:200] or detail[:200], cause))

    def _connected(self, addresses: tuple[Address, ...], target: Target) -> socket.socket:
        for address in addresses[:3]:
            try:
                return socket.create_connection((str(address), target.port), timeout=min(3.0, self._left()))
            except TimeoutError:
                failed = CallError(Cause.CONNECT_TIMEOUT, Sent.NO, "nothing answered in time")
            except OSError as error:
                failed = CallError(Cause.CONNECT, Sent.NO, (error.strerror or "refused")[:100])
        raise failed

    def _secured(self, wire: socket.socket, target: Target) -> str:
        context = ssl.create_default_context(cafile=default_ca_file())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        wire.settimeout(min(5.0, self._left()))
        try:
            with (
                loaded(context, self.identity) as known,
                known.wrap_socket(wire, server_hostname=target.host) as secure,
            ):
                self._hear_objection(secure)
                certificate = secure.getpeercert() or {}
                version = secure.version() or ""
        except ssl.SSLCertVerificationError as error:
            raise CallError(Cause.TLS, Sent.NO, error.verify_message[:150]) from error
        except (ssl.SSLError, OSError) as error:
            raise CallError(Cause.TLS, Sent.NO, (getattr(error, "reason", "") or "the handshake failed")[:150]) from error
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
        return f"{version}, until {ends:%Y-%m-%d}"

    def _hear_objection(self, secure: ssl.SSLSocket) -> None:
        """Under TLS 1.3 our certificate is refused after the handshake, where only a read hears of it. Raises OSError."""
        if self.identity is None:
            return
        secure.settimeout(min(OBJECTION_SECONDS, self._left()))
        with contextlib.suppress(TimeoutError):
            if not secure.recv(1):
                raise OSError("closed after the handshake")
