"""Named people make permission tests read as stories: alice and adi (residents), bob and dewi (clerks), carol (a stranger)."""

import pytest

from accounts.models import User

PASSWORD = "mojokerto-demo"


def _person(name: str) -> User:
    user = User(email=f"{name}@example.org", name=f"{name.title()} Contoh")
    user.set_password(PASSWORD)
    user.save()
    return user


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
