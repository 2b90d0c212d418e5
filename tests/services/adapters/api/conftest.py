"""A department that is being connected: its integrator, its program, its backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts.models import User
from services.catalogue.models import Channel, Department, DepartmentMember, DepartmentRole, Service, ServiceText
from tests.backends.documented import Documented
from tests.services.adapters.api.program import Program
from tests.services.adapters.connecting.document import DOCUMENT
from tests.tokens import access_token_for

SCOPES = ("openid", "connections:read", "connections:write", "cases:read", "cases:write")


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
    cache.clear()  # the calls of the tests before do not count against this one's limit
    return Program(access_token_for(integrator, scopes=SCOPES))


@pytest.fixture
def backend() -> Iterator[Documented]:
    made = Documented(DOCUMENT)
    yield made
    made.close()
