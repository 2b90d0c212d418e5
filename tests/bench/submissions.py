"""Residents' applications with a file of 1 MiB each, over the API, from several connections at once."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

ANSWERS: dict[str, Any] = {
    "nik": "3576014507900001",
    "nama": "Warga Contoh",
    "telepon": "+6281200000001",
    "kelurahan": "kel-mentikan",
    "alamat": "Jl. Contoh 1",
    "keperluan": "Dahan menyentuh kabel",
    "setuju_data": True,
}
SERVICE = "perantingan-pohon"
_BODY = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n" + b"%" + b"x" * (1024 * 1024 - 80) + b"\ntrailer<<>>\n%%EOF"


@dataclass
class Load:
    port: int
    keys: list[str]
    seconds: float
    with_file: bool
    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    per_second: float = 0.0

    def run(self) -> Load:
        self._end = time.monotonic() + self.seconds
        begin = time.monotonic()
        threads = [threading.Thread(target=self._resident, args=(key,)) for key in self.keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.per_second = len(self.took) / (time.monotonic() - begin)
        return self

    def _resident(self, key: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while time.monotonic() < self._end:
            begin = time.monotonic()
            answers = dict(ANSWERS)
            if self.with_file:
                made = self._send(connection, key, "/api/v1/attachments", *_multipart())
                if made is None:
                    continue
                answers["lampiran"] = [made["ref"]]
            body = json.dumps({"service": SERVICE, "answers": answers}).encode()
            if self._send(connection, key, "/api/v1/cases", body, "application/json") is not None:
                self.took.append(time.monotonic() - begin)
        connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, key: str, path: str, body: bytes, kind: str
    ) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex}
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            self.refused.append(f"{answer.status} {text[:200]!r}")
            return None
        found: dict[str, Any] = json.loads(text)
        return found


def _multipart() -> tuple[bytes, str]:
    mark = "bench-boundary"
    head = f'--{mark}\r\nContent-Disposition: form-data; name="question"\r\n\r\nlampiran\r\n'
    head += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="berkas.pdf"\r\n'
    head += "Content-Type: application/pdf\r\n\r\n"
    return head.encode() + _BODY + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
