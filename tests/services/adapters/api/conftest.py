"""A program of a department, as it speaks to `/api/v1/connections`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from services.catalogue.models import Channel, Department, DepartmentMember, DepartmentRole, Service, ServiceText
from tests.backends.documented import Documented
from tests.services.adapters.connecting.document import DOCUMENT
from tests.tokens import access_token_for

SCOPES = ("openid", "connections:read", "connections:write", "cases:read", "cases:write")


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


@pytest.fixture
def department(db: None) -> Department:
    return Department.objects.create(code="dishub-uji", name="Dinas Perhubungan Uji", short_name="Dishub", kind="dinas")


@pytest.fixture
def service(department: Department) -> Service:
    made = Service.objects.create(
        code="izin-trayek", department=department, channel=Channel.FORM, time_value=3, time_unit="hari_kerja"
    )
    ServiceText.objects.create(service=made, language="id", slug="izin-trayek", name="Izin trayek")
    return made


@pytest.fixture
def integrator(carol: User, department: Department) -> User:
    DepartmentMember.objects.create(user=carol, department=department, role=DepartmentRole.INTEGRATOR)
    return carol


@pytest.fixture
def program(integrator: User) -> Program:
    return Program(access_token_for(integrator, scopes=SCOPES))


@pytest.fixture
def backend() -> Iterator[Documented]:
    made = Documented(DOCUMENT)
    yield made
    made.close()
