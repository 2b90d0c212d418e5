"""Where the time of a lookup goes: `python -m tests.bench.gateway_profile NAME [TOKEN]`, by the short way that such a call takes."""

from __future__ import annotations

import io
import sys
from typing import Any

from portal.wsgi import application
from tests.bench.inside import profiled

TIMES = 200


def asked(name: str, token: str) -> bytes:
    environ: dict[str, Any] = {
        **{"REQUEST_METHOD": "GET", "PATH_INFO": f"/api/v1/services/bench/lookups/{name}", "QUERY_STRING": ""},
        **{"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"},
        **{"wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "SERVER_PROTOCOL": "HTTP/1.1"},
    }
    if token:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    answer: Any = application(environ, lambda *_: None)
    try:
        return b"".join(answer)
    finally:
        answer.close()


def main() -> None:
    name, token = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    asked(name, token)
    print(profiled(lambda: [asked(name, token) for _time in range(TIMES)]))


if __name__ == "__main__":
    main()
