"""Named people make permission tests read as stories: alice and adi (residents), bob and dewi (clerks), carol (a stranger)."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.signals import user_logged_in
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from xdist.scheduler import LoadScopeScheduling

from accounts.factors.rules import is_staff
from accounts.models import User
from tests import city
from tests.clock import standing_still

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


class SideBySide(LoadScopeScheduling):
    """What stays together in one process: what kills processes, the walks in a browser (one running portal), every other module."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((folder for folder in ("tests/kill/", "tests/journeys/") if module.startswith(folder)), module)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Ours, whatever `--dist` says: grouping by marks needs node ids that pytest no longer lets a plugin write."""
    return SideBySide(config, log)


@pytest.fixture(scope="session")
def time_left() -> float:
    """The clock of the test that happens to come first stands still from here on; in seconds, what was left on it.

    It makes the databases for all, which takes longer than a test may on a busy machine; and one slow start would fail
    every test after it.
    """
    return signal.setitimer(signal.ITIMER_REAL, 0)[0]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(time_left: float, django_db_modify_db_settings: None) -> None:
    """Stops the clock before the first statement."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, time_left: float) -> None:
    """Lets it run again."""
    signal.setitimer(signal.ITIMER_REAL, time_left)


@pytest.fixture(scope="session")
def city_database(
    django_db_setup: None, django_db_createdb: bool, django_db_keepdb: bool, django_db_blocker: Any
) -> Iterator[BaseDatabaseWrapper]:
    """The test database that has the demo city, kept between runs like the other one."""
    with django_db_blocker.unblock():
        with standing_still():
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


def _show_second_factor(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    if not request.path and is_staff(user):  # the test client's force_login, not a sign-in
        record_authentication(request, user, "mfa", type="totp")


@pytest.fixture(autouse=True)
def staff_have_shown_a_second_factor(request: pytest.FixtureRequest) -> Iterator[None]:
    """`client.force_login` of a person with staff duties is a session that passed the second step (not with `bare_staff`)."""
    if "bare_staff" in request.fixturenames:
        yield
        return
    user_logged_in.connect(_show_second_factor)
    yield
    user_logged_in.disconnect(_show_second_factor)


@pytest.fixture
def bare_staff() -> None:
    """`client.force_login` is a session that only showed a password."""


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
