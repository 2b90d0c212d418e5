"""Two departments with a manager each, an operator, and a clerk: DLH (kepala, siti) and Dishub (lain)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.permissions import CityRole
from accounts.roles.city import set_city_roles
from services.catalogue import members
from services.catalogue.models import Department, DepartmentRole
from tests.conftest import PASSWORD

Desk = Callable[[User], Client]


def person(name: str, **more: object) -> User:
    user = User(email=f"{name}@example.org", name=f"{name.title()} Contoh", **more)
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture(autouse=True)
def no_attempt_is_remembered(db: None) -> None:
    cache.clear()


@pytest.fixture
def dlh(db: None) -> Department:
    return Department.objects.create(code="dlh", name="Dinas Lingkungan Hidup", short_name="DLH", kind="dinas")


@pytest.fixture
def dishub(db: None) -> Department:
    return Department.objects.create(code="dishub", name="Dinas Perhubungan", short_name="Dishub", kind="dinas")


@pytest.fixture
def kepala(dlh: Department) -> User:
    user = person("kepala")
    members.set_roles(user, department=dlh, roles=[DepartmentRole.MANAGER], by=None)
    return user


@pytest.fixture
def siti(dlh: Department) -> User:
    user = person("siti")
    members.set_roles(user, department=dlh, roles=[DepartmentRole.CLERK], by=None)
    return user


@pytest.fixture
def lain(dishub: Department) -> User:
    user = person("lain")
    members.set_roles(user, department=dishub, roles=[DepartmentRole.MANAGER], by=None)
    return user


@pytest.fixture
def oper(db: None) -> User:
    user = person("oper")
    set_city_roles(user, roles=[CityRole.OPERATOR], by=None)
    return user


@pytest.fixture
def warga(db: None) -> User:
    return person("warga")


@pytest.fixture
def desk() -> Desk:
    """A browser in which this person has just signed in."""

    def sit(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sit


def left_open(client: Client) -> Client:
    """The same browser an hour later."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    return client
