"""The triggers that write the mark of a new edition, on every table of `settings.PUBLIC_TABLES`.

They are installed after each `migrate` rather than by a migration: on SQLite a change of a table makes it anew and drops
its triggers. A trigger's name carries a digest of its text, so nothing is locked when nothing has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_FUNCTION = """
CREATE OR REPLACE FUNCTION edition_mark() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed boolean := true;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format('SELECT EXISTS (SELECT %1$s FROM present EXCEPT SELECT %1$s FROM past)', TG_ARGV[0]) INTO changed;
    ELSIF TG_OP <> 'TRUNCATE' THEN
        SELECT EXISTS (SELECT 1 FROM present) INTO changed;
    END IF;
    IF changed THEN
        INSERT INTO editions_mark (token) VALUES (floor(random() * 9e15)::bigint);
        IF random() < 0.02 THEN
            DELETE FROM editions_mark WHERE id IN (
                SELECT id FROM editions_mark ORDER BY id DESC OFFSET 100 FOR UPDATE SKIP LOCKED
            );
        END IF;
    END IF;
    RETURN NULL;
END $$
"""


def _postgresql(table: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    compared = ", ".join(f'"{c}"' for c in columns)
    call = "FOR EACH STATEMENT EXECUTE FUNCTION edition_mark"
    yield "insert", f'AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS present {call}()'
    yield "delete", f'AFTER DELETE ON "{table}" REFERENCING OLD TABLE AS present {call}()'
    yield "update", f"AFTER UPDATE ON \"{table}\" REFERENCING OLD TABLE AS past NEW TABLE AS present {call}('{compared}')"
    yield "truncate", f'AFTER TRUNCATE ON "{table}" {call}()'


def _sqlite(table: str, columns: list[str]) -> Iterator[tuple[str, str]]:
    differ = " OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in columns)
    mark = "BEGIN INSERT OR REPLACE INTO editions_mark (id, token) VALUES (1, random() / 1024); END"
    yield "insert", f'AFTER INSERT ON "{table}" {mark}'
    yield "delete", f'AFTER DELETE ON "{table}" {mark}'
    yield "update", f'AFTER UPDATE ON "{table}" WHEN {differ} {mark}'


def wanted(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, str]]:
    """Trigger name -> (table, definition) for every public table that the database has."""
    make = _postgresql if connection.vendor == "postgresql" else _sqlite
    there = set(connection.introspection.table_names())
    found: dict[str, tuple[str, str]] = {}
    for label, fields in settings.PUBLIC_TABLES.items():
        model = apps.get_model(label)
        table = model._meta.db_table
        if table not in there:
            continue
        columns = [f.column for f in model._meta.local_fields if not fields or f.primary_key or f.name in fields]
        for event, definition in make(table, columns):
            digest = hashlib.sha256(f"{definition}{_FUNCTION}".encode()).hexdigest()[:8]
            found[f"edition_{digest}_{event}"] = (table, definition)
    return found


def installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Trigger name -> table."""
    statement = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'edition_%%'"
    if connection.vendor == "postgresql":
        statement = (
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND tgname LIKE 'edition_%%' AND pg_table_is_visible(tgrelid)"
        )
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%%", "%"))
        return dict(cursor.fetchall())


def install(using: str = "default", **_: Any) -> None:
    """Make the triggers of this database the wanted ones."""
    connection = connections[using]
    if "editions_mark" not in connection.introspection.table_names():
        return
    there, want = installed(connection), wanted(connection)
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for name in there.keys() - want.keys():
            on = f" ON {quote(there[name])}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {quote(name)}{on}")
        if connection.vendor == "postgresql" and want.keys() - there.keys():
            cursor.execute(_FUNCTION)
        for name in want.keys() - there.keys():
            cursor.execute(f"CREATE TRIGGER {quote(name)} {want[name][1]}")
