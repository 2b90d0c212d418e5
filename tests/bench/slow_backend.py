"""A department that needs 50 ms for each answer and has room for as many questions as come: python -m tests.bench.slow_backend PORT"""

from __future__ import annotations

import asyncio
import json
import sys

SECONDS = 0.05
BODY = json.dumps({"isi": "x" * 1900, "nama": "Contoh", "lain": [1, 2, 3]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Department(asyncio.Protocol):
    """Bodies are not looked at: only GET is asked here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.heard = transport, b""

    def data_received(self, data: bytes) -> None:
        *asked, self.heard = (self.heard + data).split(b"\r\n\r\n")
        for _request in asked:
            asyncio.get_running_loop().call_later(SECONDS, self.answer)

    def answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Department, "127.0.0.1", int(sys.argv[1]), backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
