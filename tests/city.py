"""The demo city for tests: a second test database, made from the first and loaded once by the city's real loader.

A test of the city is connected to it instead of the empty one, and its transaction is rolled back like every other's.
So a test costs the same with the city as without, on SQLite and on PostgreSQL.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

ALIAS = "default"
_SOURCES = ("portal/demo", "cms", "services/catalogue", "services/forms", "services/adapters")


def database(fresh: bool) -> BaseDatabaseWrapper:
    """A connection to the city; made anew when its data or its loader has changed, or when `fresh` is asked."""
    beside = connection.creation.get_test_db_clone_settings("city")
    city, digest = _connection_to(beside), _digest()
    if fresh or _loaded(city) != digest:
        city.close()
        if connection.vendor == "sqlite":
            for left in ("", "-wal", "-shm"):
                Path(f"{beside['NAME']}{left}").unlink(missing_ok=True)
        connection.close()  # what is open is not copied
        connection.creation.clone_test_db("city", verbosity=0)
        with connected(city):
            _load(digest)
    return city


@contextmanager
def connected(city: BaseDatabaseWrapper) -> Iterator[None]:
    """Everything in this block, in threads of its own too, speaks to the city's database."""
    empty, its_settings = connections[ALIAS], connections.settings[ALIAS]
    connections[ALIAS], connections.settings[ALIAS] = city, city.settings_dict
    _forget()
    try:
        yield
    finally:
        connections[ALIAS], connections.settings[ALIAS] = empty, its_settings
        _forget()


def _forget() -> None:
    """What the process remembers is of the other database."""
    ContentType.objects.clear_cache()
    for cache in caches.all():
        cache.clear()


def _connection_to(its_settings: dict[str, object]) -> BaseDatabaseWrapper:
    empty = connections.settings[ALIAS]
    connections.settings[ALIAS] = its_settings
    try:
        return connections.create_connection(ALIAS)
    finally:
        connections.settings[ALIAS] = empty


def _digest() -> str:
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*")):
            if path.suffix in (".py", ".yaml", ".txt"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _loaded(city: BaseDatabaseWrapper) -> str | None:
    """What the database was loaded from; None when there is none."""
    try:
        with city.cursor() as cursor:
            cursor.execute("SELECT digest FROM city_source")
            return str(cursor.fetchone()[0])
    except DatabaseError:
        return None


def _load(digest: str) -> None:
    from portal.demo import city

    with transaction.atomic():
        city.load()
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE city_source (digest text)")
            cursor.execute("INSERT INTO city_source VALUES (%s)", [digest])
