"""Named people make permission tests read as stories: alice and adi (residents), bob and dewi (clerks), carol (a stranger)."""

from typing import Any

import pytest

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


@pytest.fixture(scope="session")
def city_rows(django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    """The demo city as rows, loaded once and kept in a file between runs."""
    with django_db_blocker.unblock():
        return city.snapshot()


@pytest.fixture
def demo_city(db: None, city_rows: dict[str, Any]) -> None:
    """The whole demo city: 94 live services with pages and forms, departments, accounts. Rolled back with the test."""
    city.restore(city_rows)


@pytest.fixture
def people(request: pytest.FixtureRequest, db: None) -> None:
    """The city comes before its people, whatever the order of a test's arguments."""
    if "demo_city" in request.fixturenames:
        request.getfixturevalue("demo_city")


@pytest.fixture
def alice(people: None) -> User:
    return _person("alice")


@pytest.fixture
def adi(people: None) -> User:
    return _person("adi")


@pytest.fixture
def bob(people: None) -> User:
    return _person("bob")


@pytest.fixture
def dewi(people: None) -> User:
    return _person("dewi")


@pytest.fixture
def carol(people: None) -> User:
    return _person("carol")
