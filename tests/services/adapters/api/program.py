"""A program of a department, as it speaks to `/api/v1/connections`."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client


class Program:
    """JSON requests with a bearer token; `call` answers (status, JSON)."""

    def __init__(self, token: str) -> None:
        self.client, self.token = Client(), token

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> tuple[int, Any]:
        kind = "application/json" if raw is None else "application/octet-stream"
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        answer = self.client.generic(
            method, f"/api/v1/{path}", data, content_type=kind, headers={"Authorization": f"Bearer {self.token}", **headers}
        )
        return answer.status_code, json.loads(answer.content) if answer.content else None

    def good(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        status, data = self.call(method, path, body, **options)
        assert 200 <= status < 300, (method, path, status, data)
        return data
