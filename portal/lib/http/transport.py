"""One HTTP/1.1 call over libcurl: pinned address, no redirects, no proxies, no cookies, bounded, ended on time.

libcurl re-sends a POST by itself when a *reused* connection closes without an answer, so every write goes over a fresh
connection. Whether something was sent is known from the phase (the PREREQFUNCTION runs after connect and TLS and before
the first byte), never guessed from the error code.
"""

from __future__ import annotations

import functools
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pycurl

from portal.lib.faults import reach
from portal.lib.http.causes import CallError, Cause, Sent
from portal.lib.http.guard import Address, NetworkPolicy, Target, judge_addresses, judge_url
from portal.lib.http.identity import Identity
from portal.lib.http.resolver import resolve

MOST_ADDRESSES = 3
MOST_HANDLES = 8  # kept by one thread: one for each client certificate, and one without
_METHOD = re.compile(r"[A-Z]{1,16}")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]{0,8000}")
_READ_HEADERS = frozenset(
    {"content-type", "content-length", "content-encoding", "retry-after", "date", "etag", "last-modified", "link"}
)
_NOTED = frozenset(name.encode() for name in {*_READ_HEADERS, "transfer-encoding"})
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "expect", "accept-encoding", "te", "upgrade"}
)


@dataclass(frozen=True)
class Limits:
    """Bytes and seconds one call may take; `body_bytes` holds before and after inflating."""

    body_bytes: int = 1024 * 1024
    header_bytes: int = 64 * 1024
    header_count: int = 100
    connect_seconds: float = 3.0
    dns_seconds: float = 3.0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Request:
    """Address and headers may carry a key, so a printed request shows neither."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """A whole answer of any status from 200 on. `headers` holds only the few that are ever read, in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    milliseconds: int = 0


@functools.lru_cache(maxsize=1)
def default_ca_file() -> str:
    """The system's list of authorities; the wheel of libcurl has its own idea of where it lies."""
    found = ssl.get_default_verify_paths().cafile
    return found or "/etc/ssl/certs/ca-certificates.crt"


def call(
    request: Request,
    *,
    policy: NetworkPolicy,
    fresh: bool,
    deadline_seconds: float,
    on_mark: Callable[[], object] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    ca_file: str | None = None,
    identity: Identity | None = None,
) -> Answer:
    """Make one call and return the whole answer, or raise CallError(cause, sent).

    `fresh` must be true for every write. `on_mark` runs after connect and TLS and before the first byte; when it raises or
    returns False nothing is sent. The call ends `deadline_seconds` after it began, names, upload and body included.
    `identity`: who we are to a server that asks for a client certificate.
    """
    began = time.monotonic()
    end = began + deadline_seconds
    head = _header_lines(request)
    target = judge_url(request.url, policy)
    error: CallError | None = None
    for address in _addresses(target, policy, limits, end)[:MOST_ADDRESSES]:
        attempt = _Attempt(request, head=head, target=target, address=address, limits=limits, end=end, on_mark=on_mark)
        try:
            return attempt.run(fresh=fresh, ca_file=ca_file or default_ca_file(), began=began, identity=identity)
        except CallError as failed:
            error = failed
            if failed.sent is Sent.MAYBE or failed.cause not in {Cause.CONNECT, Cause.CONNECT_TIMEOUT}:
                raise
    raise error or CallError(Cause.CONNECT, Sent.NO)


def _addresses(target: Target, policy: NetworkPolicy, limits: Limits, end: float) -> tuple[Address, ...]:
    if target.literal is not None:
        return (target.literal,)
    wait = min(limits.dns_seconds, end - time.monotonic())
    return judge_addresses(resolve(target.host, wait_seconds=wait), policy)


def _header_lines(request: Request) -> list[bytes]:
    """Raises CallError(CONFIG): libcurl would pass CR and LF in a value through as a header of its own."""
    if not _METHOD.fullmatch(request.method):
        raise CallError(Cause.CONFIG, Sent.NO, "not a method")
    lines = [b"Expect:", b"Accept-Encoding: identity"]
    given = {name.lower() for name in request.headers}
    for name, value in request.headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise CallError(Cause.CONFIG, Sent.NO, f"header {name[:40]!r} holds signs that may not be sent")
        if name.lower() in _OURS:
            raise CallError(Cause.CONFIG, Sent.NO, f"header {name[:40]!r} is the transport's own")
        lines.append(f"{name}: {value}".encode("latin-1") if value.strip() else f"{name};".encode())
    lines.extend(f"{name}:".encode() for name in ("Content-Type", "User-Agent", "Accept") if name.lower() not in given)
    return lines


_handles = threading.local()


class _Attempt:
    """One attempt at one address: the callbacks of libcurl and what they saw."""

    def __init__(
        self,
        request: Request,
        *,
        head: list[bytes],
        target: Target,
        address: Address,
        limits: Limits,
        end: float,
        on_mark: Callable[[], object] | None,
    ) -> None:
        self.request, self.head, self.target, self.address = request, head, target, address
        self.limits, self.end, self.on_mark = limits, end, on_mark
        self.offered = False
        self.problem: CallError | None = None
        self.mark_error: BaseException | None = None
        self.header_bytes = self.header_lines = self.read_at = 0
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()

    def run(self, *, fresh: bool, ca_file: str, began: float, identity: Identity | None) -> Answer:
        curl = pycurl.Curl() if fresh else _kept_handle(identity.digest if identity else "")
        try:
            self._set_options(curl, fresh=fresh, ca_file=ca_file)
            if identity is not None:
                curl.setopt(pycurl.SSLCERT_BLOB, identity.certificate)
                curl.setopt(pycurl.SSLKEY_BLOB, identity.key)
                curl.setopt(pycurl.SSLCERTTYPE, "PEM")
                curl.setopt(pycurl.SSLKEYTYPE, "PEM")
                # An encrypted key must not make the process ask a terminal for its password.
                curl.setopt(pycurl.KEYPASSWD, "")
            try:
                curl.perform()
                status = int(curl.getinfo(pycurl.RESPONSE_CODE))
            except pycurl.error as error:
                raise self._translate(int(error.args[0]), str(error.args[1])) from self.mark_error
            return self._answer(status, round((time.monotonic() - began) * 1000))
        finally:
            if fresh:
                curl.close()

    def _set_options(self, curl: Any, *, fresh: bool, ca_file: str) -> None:
        left = self.end - time.monotonic()
        if left <= 0:
            raise CallError(Cause.CONNECT_TIMEOUT, Sent.NO, "no time was left")
        target, pinned = self.target, str(self.address)
        curl.setopt(pycurl.URL, target.url)
        curl.setopt(pycurl.CUSTOMREQUEST, self.request.method)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.NOPROXY, "*")
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS if target.scheme == "https" else pycurl.PROTO_HTTP)
        curl.setopt(pycurl.FOLLOWLOCATION, 0)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.HTTP09_ALLOWED, 0)
        curl.setopt(pycurl.MAXCONNECTS, 8)
        curl.setopt(pycurl.MAXAGE_CONN, 30)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(min(self.limits.connect_seconds, left) * 1000)))
        curl.setopt(pycurl.TIMEOUT_MS, max(1, round(left * 1000)))
        curl.setopt(pycurl.CAINFO, ca_file)
        curl.setopt(pycurl.SSL_VERIFYPEER, 1)
        curl.setopt(pycurl.SSL_VERIFYHOST, 2)
        curl.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        curl.setopt(pycurl.HTTPHEADER, self.head)
        if target.literal is None:
            shown = f"[{pinned}]" if ":" in pinned else pinned
            curl.setopt(pycurl.CONNECT_TO, [f"{target.host}:{target.port}:{shown}:{target.port}"])
        if fresh:
            curl.setopt(pycurl.FRESH_CONNECT, 1)
            curl.setopt(pycurl.FORBID_REUSE, 1)
        if self.request.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        elif self.request.body is not None:
            curl.setopt(pycurl.POST, 1)
            curl.setopt(pycurl.POSTFIELDSIZE_LARGE, len(self.request.body))
            curl.setopt(pycurl.READFUNCTION, self._read)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        curl.setopt(pycurl.PREREQFUNCTION, self._prereq)
        curl.setopt(pycurl.HEADERFUNCTION, self._header)
        curl.setopt(pycurl.WRITEFUNCTION, self._write)

    # --- callbacks of libcurl; an exception in one would be printed, not raised ------------------------------------
    def _open(self, purpose: int, address: Any) -> Any:
        if address.addr[0] != str(self.address):
            return pycurl.SOCKET_BAD
        return socket.socket(address.family, address.socktype, address.protocol)

    def _prereq(self, *_: Any) -> int:
        try:
            if self.on_mark is not None and self.on_mark() is False:
                self.problem = CallError(Cause.MARK, Sent.NO, "the mark was refused")
                return int(pycurl.PREREQFUNC_ABORT)
        except BaseException as error:  # whatever it was, nothing may be sent
            self.mark_error = error
            self.problem = CallError(Cause.MARK, Sent.NO, "the mark could not be written")
            return int(pycurl.PREREQFUNC_ABORT)
        # A process may have been stopped while it marked: fencing in the database cannot help after this line.
        if time.monotonic() >= self.end:
            self.problem = CallError(Cause.CONNECT_TIMEOUT, Sent.NO, "no time was left after the mark")
            return int(pycurl.PREREQFUNC_ABORT)
        self.offered = True
        return int(pycurl.PREREQFUNC_OK)

    def _read(self, size: int) -> bytes:
        body = self.request.body or b""
        if self.on_mark is not None:  # fault points of the write itself, not of fetching a token for it
            reach("mid_send" if self.read_at == 0 else "in_body" if self.read_at >= len(body) // 2 else "")
        part = body[self.read_at : self.read_at + min(size, 16 * 1024)]
        self.read_at += len(part)
        return part

    def _header(self, line: bytes) -> int | None:
        self.header_bytes += len(line)
        self.header_lines += 1
        if self.header_bytes > self.limits.header_bytes or self.header_lines > self.limits.header_count + 2:
            self.problem = CallError(Cause.TOO_LARGE, Sent.MAYBE, "too many headers")
            return -1
        name, colon, value = line.partition(b":")
        if line[:5].upper() == b"HTTP/":
            self.headers.clear()  # an interim answer (100, 103) came before this one
        elif colon and not line[:1].isspace() and (kept := name.strip().lower()) in _NOTED:
            self.headers.append((kept.decode(), value.strip().decode("latin-1")))
        return None

    def _write(self, data: bytes) -> int | None:
        if len(self.body) + len(data) > self.limits.body_bytes:
            self.problem = CallError(Cause.TOO_LARGE, Sent.MAYBE, "the body is too large")
            return -1
        self.body += data
        return None

    # --- results ----------------------------------------------------------------------------------------------------
    def _translate(self, code: int, said: str) -> CallError:
        if self.problem is not None:
            return self.problem
        if not self.offered:
            if code in {pycurl.E_SSL_CERTPROBLEM, pycurl.E_BAD_FUNCTION_ARGUMENT}:
                return CallError(Cause.CONFIG, Sent.NO, "the client certificate and its key cannot be used")
            cause = _BEFORE.get(code, Cause.CONNECT)
            return CallError(cause, Sent.NO, f"curl {code}")
        if not self.header_lines and _ALERT.search(said):
            # Under TLS 1.3 a server refuses our certificate, or the lack of one, after the request has gone out.
            return CallError(Cause.TLS, Sent.MAYBE, "the other side ended TLS: does it ask for a client certificate?")
        return CallError(_AFTER.get(code, Cause.CONNECTION), Sent.MAYBE, f"curl {code}")

    def _answer(self, status: int, milliseconds: int) -> Answer:
        if status < 200:
            raise CallError(Cause.PROTOCOL, Sent.MAYBE, "an interim status as the last one")
        lengths = {value for name, value in self.headers if name == "content-length"}
        chunked = any(name == "transfer-encoding" for name, _ in self.headers)
        if len(lengths) > 1 or (lengths and chunked):
            raise CallError(Cause.PROTOCOL, Sent.MAYBE, "two lengths")
        headers: dict[str, str] = {}
        for name, value in self.headers:
            if name in _READ_HEADERS and _VALUE.fullmatch(value):
                headers.setdefault(name, value)
        body = _decoded(bytes(self.body), headers.get("content-encoding", ""), self.limits.body_bytes)
        return Answer(status, headers, body, milliseconds)


_ALERT = re.compile(r"\balert\b", re.IGNORECASE)
_BEFORE = {
    pycurl.E_COULDNT_RESOLVE_HOST: Cause.DNS,
    pycurl.E_OPERATION_TIMEDOUT: Cause.CONNECT_TIMEOUT,
    pycurl.E_URL_MALFORMAT: Cause.CONFIG,
    pycurl.E_UNSUPPORTED_PROTOCOL: Cause.CONFIG,
    **dict.fromkeys((35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98), Cause.TLS),
}
_AFTER = {
    pycurl.E_OPERATION_TIMEDOUT: Cause.TIMEOUT,
    pycurl.E_PARTIAL_FILE: Cause.TRUNCATED,
    pycurl.E_WRITE_ERROR: Cause.TOO_LARGE,
    pycurl.E_FILESIZE_EXCEEDED: Cause.TOO_LARGE,
    **dict.fromkeys((1, 8, 61, 100), Cause.PROTOCOL),
}


def _kept_handle(identity: str) -> Any:
    """This thread's handle for reads of one identity: `reset` keeps its open connections."""
    kept: dict[str, Any] = _handles.__dict__.setdefault("kept", {})
    curl = kept.pop(identity, None)
    if curl is None:
        curl = pycurl.Curl()
    else:
        curl.reset()
    kept[identity] = curl  # the one used last stands last
    if len(kept) > MOST_HANDLES:
        kept.pop(next(iter(kept))).close()
    return curl


def _decoded(body: bytes, encoding: str, most: int) -> bytes:
    """The body without its gzip, never more than `most` bytes. Raises CallError(ENCODING or TOO_LARGE)."""
    if encoding.lower() in {"", "identity"}:
        return body
    if encoding.lower() not in {"gzip", "x-gzip"}:
        raise CallError(Cause.ENCODING, Sent.MAYBE, "an encoding we did not ask for")
    inflater = zlib.decompressobj(31)
    try:
        plain = inflater.decompress(body, most + 1)
    except zlib.error as error:
        raise CallError(Cause.ENCODING, Sent.MAYBE, "broken gzip") from error
    if len(plain) > most:
        raise CallError(Cause.TOO_LARGE, Sent.MAYBE, "the inflated body is too large")
    if not inflater.eof or inflater.unused_data:
        raise CallError(Cause.ENCODING, Sent.MAYBE, "broken gzip")
    return plain
