"""A small real SMTP server for tests, which may also do what bad ones do.

with mail_server("data_then_cut") as server:
    ...  # server.port, server.mails
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

MODES = (
    "good",
    "no_greeting",
    "refuse_recipient",
    "busy_recipient",
    "refuse_data",
    "cut_in_data",
    "data_then_cut",
    "quit_cut",
)


@dataclass
class MailServer:
    """`mails`: whole ones that arrived, whatever the sender heard of it."""

    port: int = 0
    mode: str = "good"
    mails: list[bytes] = field(default_factory=list)


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        mail: MailServer = self.server.mail  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            if mail.mode != "no_greeting":
                self._say("220 uji")
                while line := self.rfile.readline():
                    if not self._answer(line.split(b" ", 1)[0].strip().upper().decode(), mail):
                        return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _answer(self, word: str, mail: MailServer) -> bool:
        refusals = {"refuse_recipient": "550 5.1.1 no such", "busy_recipient": "451 4.3.0 later"}
        match word:
            case "RCPT" if mail.mode in refusals:
                self._say(refusals[mail.mode])
            case "DATA":
                return self._take(mail)
            case "QUIT":
                if mail.mode != "quit_cut":
                    self._say("221 bye")
                return False
            case _:
                self._say("250 ok")
        return True

    def _take(self, mail: MailServer) -> bool:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line)
            if mail.mode == "cut_in_data":
                return False
        if mail.mode == "refuse_data":
            self._say("554 5.7.1 not this")
            return True
        mail.mails.append(b"".join(lines))
        if mail.mode == "data_then_cut":
            return False
        self._say("250 taken")
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextlib.contextmanager
def mail_server(mode: str = "good") -> Iterator[MailServer]:
    mail = MailServer(mode=mode)
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.mail = mail  # type: ignore[attr-defined]
        mail.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield mail
        server.shutdown()
