"""What a consumer of the API sends and how its answers are read."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

ANSWERS: dict[str, Any] = {
    "nik": "3576014507900001",
    "nama": "Alice Contoh",
    "telepon": "+6281200000001",
    "kelurahan": "kel-mentikan",
    "alamat": "Jl. Contoh 1",
    "keperluan": "Dahan menyentuh kabel",
    "setuju_data": True,
}
TREE = {"service": "perantingan-pohon", "answers": ANSWERS}


def read(client: Client, path: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.content
    if status >= 400:
        problem_of(answer, status)
    found: dict[str, Any] = json.loads(answer.content)
    return found


def problem_of(answer: Any, status: int, code: str = "") -> dict[str, Any]:
    """An answer that is a problem document (RFC 9457) of this status and code."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == status and found["title"] and found["detail"] and found["type"]
    assert not code or found["code"] == code, found
    return found


def send(client: Client, key: str, body: Any, number: str = "satu", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {key}"} if key else {}
    if number:
        given["Idempotency-Key"] = number
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return client.post("/api/v1/cases", data, content_type="application/json", headers={**given, **headers})
