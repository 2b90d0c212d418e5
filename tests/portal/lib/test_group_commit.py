"""Rows that are written together: who waits gets a durable row or an error, and one bad row takes no other with it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection

from accounts.models import AccessEntry
from portal.lib import group_commit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _written_together(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production, with a queue of this test's own and its rows in batches that the test writes."""
    settings.GROUP_COMMIT = True
    monkeypatch.setattr(group_commit, "_waiting", queue.SimpleQueue())
    monkeypatch.setattr(group_commit, "_start", lambda: None)


def entry(actor: str) -> AccessEntry:
    return AccessEntry(actor=actor, action="data.lookup", data="nama", purpose="Uji")


def bad() -> AccessEntry:
    return AccessEntry(actor="buruk", action=None, data="nama", purpose="Uji")  # type: ignore[misc]


def beside(act: Callable[[], object]) -> tuple[threading.Thread, list[Exception]]:
    """`act` in a thread of its own, and what it raised."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def actors() -> set[str]:
    return set(AccessEntry.objects.values_list("actor", flat=True))


def test_who_waits_comes_back_only_when_the_row_is_durable() -> None:
    thread, raised = beside(lambda: group_commit.put(entry("dinas")))
    together = group_commit._next()
    assert thread.is_alive() and actors() == set()
    group_commit._write(together)
    thread.join(10)
    assert not thread.is_alive() and not raised and actors() == {"dinas"}


def test_a_bad_row_fails_alone_and_is_told_to_its_own_caller() -> None:
    waiting = [beside(lambda row=row: group_commit.put(row)) for row in (entry("satu"), bad(), entry("dua"))]
    while group_commit._waiting.qsize() < 3:
        time.sleep(0.01)
    group_commit._write(group_commit._next())
    for thread, _ in waiting:
        thread.join(10)
    assert actors() == {"satu", "dua"}
    assert [bool(raised) for _, raised in waiting] == [False, True, False]
    assert isinstance(waiting[1][1][0], DatabaseError)


def test_nobody_waits_longer_than_his_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(group_commit.NotWrittenError):
        group_commit.put(entry("dinas"))


def test_rows_that_nobody_waits_for_are_gathered_and_go_with_the_first_that_somebody_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit, "LINGER_SECONDS", 60.0)
    group_commit.leave(entry("lewat 1"))
    group_commit.leave(entry("lewat 2"))
    thread, raised = beside(lambda: group_commit.put(entry("ditunggu")))
    group_commit._write(group_commit._next())  # would linger a minute if it did not see that somebody waits
    thread.join(10)
    assert not raised and actors() == {"lewat 1", "lewat 2", "ditunggu"}


def test_rows_that_nobody_waits_for_are_written_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "LINGER_SECONDS", 0.01)
    group_commit.leave(entry("lewat"))
    group_commit._write(group_commit._next())
    assert actors() == {"lewat"}


def test_at_most_fifty_rows_go_together() -> None:
    for number in range(group_commit.MOST_TOGETHER + 5):
        group_commit.leave(entry(f"dinas {number}"))
    assert len(group_commit._next()) == group_commit.MOST_TOGETHER


def test_when_too_many_wait_a_row_nobody_waits_for_is_dropped_with_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(group_commit, "MOST_WAITING", 1)
    for number in range(4):
        group_commit.leave(entry(f"dinas {number}"))
    assert group_commit._waiting.qsize() == 2
    assert "too many wait" in caplog.text
