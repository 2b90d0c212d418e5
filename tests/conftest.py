"""Named people make permission tests read as stories: alice and adi (residents), bob and dewi (clerks), carol (a stranger)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from tests import city

PASSWORD = "mojokerto-demo"


def _person(name: str) -> User:
    known = User.objects.filter(email=f"{name}@example.org").first()  # the demo city has most of them
    if known is not None:
        return known
    user = User(email=f"{name}@example.org", name=f"{name.title()} Contoh")
    user.set_password(PASSWORD)
    user.save()
    return user


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is connected to the city before anything of it touches a database."""
    for item in items:
        names = getattr(item, "fixturenames", [])
        if "demo_city" in names and names[0] != "in_the_city":  # the cases of one test share the list
            names.insert(0, "in_the_city")


@pytest.fixture(scope="session")
def city_database(
    django_db_setup: None, django_db_createdb: bool, django_db_keepdb: bool, django_db_blocker: Any
) -> Iterator[BaseDatabaseWrapper]:
    """The test database that has the demo city, kept between runs like the other one."""
    with django_db_blocker.unblock():
        database = city.database(fresh=django_db_createdb)
        yield database
        database.close()
        if not django_db_keepdb:
            database.creation.destroy_test_db(verbosity=0)


@pytest.fixture
def in_the_city(request: pytest.FixtureRequest, city_database: BaseDatabaseWrapper) -> Iterator[None]:
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        pytest.fail("A test that commits would change the city for all after it: let it make its own rows.")
    with city.connected(city_database):
        yield


@pytest.fixture
def demo_city(in_the_city: None, db: None) -> None:
    """The whole demo city: 94 live services with pages and forms, departments, accounts. Rolled back with the test."""


@pytest.fixture
def alice(db: None) -> User:
    return _person("alice")


@pytest.fixture
def adi(db: None) -> User:
    return _person("adi")


@pytest.fixture
def bob(db: None) -> User:
    return _person("bob")


@pytest.fixture
def dewi(db: None) -> User:
    return _person("dewi")


@pytest.fixture
def carol(db: None) -> User:
    return _person("carol")
