"""The demo city for tests: loaded once by its real loader, kept as rows in a file, put back in a moment.

The rows live inside the test's own transaction, so tests without the city still start with an empty database.
"""

import hashlib
import pickle
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.color import no_style
from django.db import connection, transaction

_KEEP = {"django_migrations", "django_content_type", "auth_permission", "django_session", "editions_mark"}


def _tables() -> list[str]:
    names = connection.introspection.table_names()
    return [n for n in names if n not in _KEEP and "_fts" not in n and not n.startswith("sqlite_")]


def _file() -> Path:
    digest = hashlib.sha256(str(connection.settings_dict["NAME"]).encode())
    # The rows point at permissions and content types, whose numbers a flush of the kept test database changes.
    with connection.cursor() as cursor:
        for query in ("SELECT id, codename FROM auth_permission", "SELECT id, app_label, model FROM django_content_type"):
            cursor.execute(f"{query} ORDER BY id")
            digest.update(repr(cursor.fetchall()).encode())
    root = Path(settings.BASE_DIR)
    for folder in ("portal/demo", "cms", "services/catalogue", "services/forms", "services/adapters"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".yaml"):
                digest.update(path.read_bytes())
    return Path(settings.VAR_DIR) / "test" / f"city-{connection.vendor}-{digest.hexdigest()[:12]}.pickle"


def _load() -> dict[str, Any]:
    from portal.demo import city

    rows: dict[str, Any] = {}
    with transaction.atomic():
        city.load()
        with connection.cursor() as cursor:
            for table in _tables():
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found = cursor.fetchall()
                rows[table] = ([c[0] for c in cursor.description], [tuple(r) for r in found])
        transaction.set_rollback(True)
    return rows


def snapshot() -> dict[str, Any]:
    """The rows of every table after a load; made anew when the data or the loader has changed."""
    path = _file()
    if path.exists():
        return pickle.loads(path.read_bytes())
    rows = _load()
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(rows))
    part.rename(path)
    return rows


def restore(rows: dict[str, Any]) -> None:
    from django.apps import apps
    from wagtail.models import Site

    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for table in rows:
            cursor.execute(f"DELETE FROM {quote(table)}")
        for table, (columns, values) in rows.items():
            if values:
                marks = ", ".join(["%s"] * len(columns))
                names = ", ".join(quote(c) for c in columns)
                cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})", values)
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models(include_auto_created=True)):
            cursor.execute(statement)
    cache.clear()
    Site.clear_site_root_paths_cache()
