"""The edition of everything the public can read: a mark that is another one after each change of it.

Triggers in the database write the mark (`triggers.py`), in the transaction of the change: a rollback takes it back, and
neither a bulk update nor a statement typed by hand can forget it. What is made from public rows (a page, a list) is true
for as long as `current()` says what it said before the first row was read.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.db import connection, transaction

CACHE = "pages"
WORD = "edition.word"
# A process killed between its commit and its word to the cache leaves others behind for this long at most.
TRUST_SECONDS = 1.0


@dataclass(frozen=True)
class _Memory:
    word: str
    edition: str
    read_at: float


_memory = _Memory("", "", float("-inf"))


def current() -> str:
    """The edition as committed now: one short statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT SUM(token), COUNT(*) FROM editions_mark")
        total, count = cursor.fetchone()
    return f"{total}.{count}"


def known(word: str | None) -> str:
    """The edition, without a statement where a shared cache carries `word` from process to process.

    `word` is what the cache held before anything else was read. Each announcement is another word, so a process asks
    the database again after each, and once a second in any case.
    """
    global _memory
    if not settings.CACHE_IS_SHARED or word is None:
        return current()
    memory, now = _memory, time.monotonic()
    if memory.word == word and now - memory.read_at < TRUST_SECONDS:
        return memory.edition
    edition = current()
    _memory = _Memory(word, edition, now)
    return edition


def announce() -> None:
    """Tell every process, once this transaction is committed, that there is a new edition. A cache that is down is no harm."""
    if settings.CACHE_IS_SHARED:
        transaction.on_commit(_new_word)


def first_word(cache: BaseCache) -> None:
    """After a flush there is no word: give one, unless somebody has meanwhile."""
    cache.add(WORD, secrets.token_hex(8), None)


def _new_word() -> None:
    caches[CACHE].set(WORD, secrets.token_hex(8), None)
