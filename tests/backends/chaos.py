"""A scripted TCP server for tests: each connection runs the next script, which may do anything a bad backend does.

with chaos(answer(200, b"{}")) as server:
    ...  # server.url, server.requests
"""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Script = Callable[["Conversation"], None]


@dataclass
class Server:
    port: int
    scheme: str = "http"
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


class Conversation:
    """One connection; `read` returns one whole request (head and body) and notes it."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock, self.server = sock, server

    def read(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.sock.recv(65536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            part = self.sock.recv(65536)
            if not part:
                break
            body += part
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return head

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def raw(status: int, body: bytes = b"", *headers: str, length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def answer(status: int, body: bytes = b"", *headers: str, kind: str = "application/json") -> Script:
    def script(talk: Conversation) -> None:
        talk.read()
        talk.send(raw(status, body, f"Content-Type: {kind}", *headers))

    return script


def send_raw(data: bytes) -> Script:
    def script(talk: Conversation) -> None:
        talk.read()
        talk.send(data)

    return script


def close_unread(talk: Conversation) -> None:
    """Reset with the request unread: once its first byte is there, or it might be seen before anything was sent."""
    talk.sock.recv(1, socket.MSG_PEEK)
    talk.reset()


def close_silently(talk: Conversation) -> None:
    talk.read()


def reset_after_request(talk: Conversation) -> None:
    talk.read()
    talk.reset()


def silence(talk: Conversation) -> None:
    talk.read()
    time.sleep(8)


def never_reads(talk: Conversation) -> None:
    time.sleep(8)


def half_answer(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n" + b'{"nomor": "DK-1"')


def header_drip(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        talk.send(f"X-{number}: a\r\n".encode())
        time.sleep(0.1)


def body_drip(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    for _ in range(200):
        talk.send(b" ")
        time.sleep(0.1)


def endless_body(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        talk.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")


def endless_continue(talk: Conversation) -> None:
    talk.read()
    while True:
        talk.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 20)


def big_headers(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 4000) for n in range(40)) + b"\r\n")


def many_headers(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(300)) + b"Content-Length: 0\r\n\r\n")


def gzip_bomb(talk: Conversation) -> None:
    talk.read()
    body = gzip.compress(b" " * (64 * 1024 * 1024))
    talk.send(raw(200, body, "Content-Type: application/json", "Content-Encoding: gzip"))


def bad_chunks(talk: Conversation) -> None:
    talk.read()
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n")


@contextlib.contextmanager
def chaos(*scripts: Script, tls: ssl.SSLContext | None = None, keep: bool = False) -> Iterator[Server]:
    """Serve on a free port of loopback; connection n runs script n, the last one again and again.

    With `keep` all scripts of a connection after the first run on the same connection.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1], "https" if tls else "http")
    stop = threading.Event()
    opened: list[socket.socket] = []

    def serve(sock: socket.socket, script: Script) -> None:
        try:
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True)
            talk = Conversation(sock, server)
            for part in scripts if keep else (script,):
                part(talk)
        except (OSError, ValueError):
            pass
        finally:
            sock.close()

    def accept() -> None:
        while not stop.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            opened.append(sock)
            script = scripts[min(server.connections, len(scripts) - 1)]
            server.connections += 1
            threading.Thread(target=serve, args=(sock, script), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        stop.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in opened:
            with contextlib.suppress(OSError):
                sock.close()
