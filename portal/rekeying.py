"""Everything that is encrypted at rest comes under the newest of `FIELD_KEYS`: fields, seeds of second factors, residents' files.

Safe while the portal runs and safe to run again: a row that was written meanwhile is under the newest key by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

from accounts.factors import hooks
from portal.lib.crypto import DecryptionError, EncryptedTextField, is_newest, renew
from services.cases import attachments
from services.cases.models import Attachment

BATCH = 500


def encrypted_fields() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField) and not model._meta.proxy:
                yield model, field


def left() -> int:
    """How many values and files are still under an older key."""
    fields = sum(1 for model, field in encrypted_fields() for _pk, token in _tokens(model, field) if not is_newest(token))
    files = sum(1 for attachment in Attachment.objects.iterator() if not attachments.is_newest_key(attachment))
    return fields + hooks.count_old_keys() + files


def renew_all(write: Callable[[str], Any]) -> int:
    """Returns how many could not be read (damaged, or of a key that is not configured); `write` gets a line on each."""
    failed = 0
    for model, field in encrypted_fields():
        table, column, key = (_quoted(name) for name in (model._meta.db_table, field.column, model._meta.pk.column))
        changed = 0
        for pk, token in _tokens(model, field):
            try:
                fresh = renew(token)
            except DecryptionError as error:
                failed += 1
                write(f"{model._meta.label}.{field.name} {pk}: {error}")
                continue
            if fresh != token:
                with connection.cursor() as cursor:
                    cursor.execute(
                        f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608 (our own names)
                        [fresh, pk, token],
                    )
                    changed += cursor.rowcount
        if changed:
            write(f"{model._meta.label}.{field.name}: {changed}")
    if changed := hooks.renew_keys():
        write(f"second factors: {changed}")
    changed = 0
    for attachment in Attachment.objects.iterator():
        try:
            changed += attachments.renew_key(attachment)
        except (OSError, DecryptionError) as error:
            failed += 1
            write(f"file {attachment.ref}: {type(error).__name__}: {error}")
    if changed:
        write(f"files: {changed}")
    return failed


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")


def _tokens(model: type[models.Model], field: EncryptedTextField) -> Iterator[tuple[Any, str]]:
    """(primary key, what is stored) of every row that holds something, in batches by key."""
    table, column, key = (_quoted(name) for name in (model._meta.db_table, field.column, model._meta.pk.column))
    last: Any = None
    while True:
        after, given = (f"AND {key} > %s", [last]) if last is not None else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {column} FROM {table} WHERE {column} <> '' {after} ORDER BY {key} LIMIT {BATCH}",  # noqa: S608
                given,
            )
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1][0]
