"""`manage.py backup` never deletes what it has just made."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize("keep", ["0", "-1"])
def test_keeping_no_backup_is_refused_and_touches_none(tmp_path: Path, keep: str) -> None:
    old = tmp_path / "backup-20260101T000000Z"
    old.mkdir()
    (old / "manifest.json").write_text("{}")
    with pytest.raises(CommandError, match="--keep takes a number from 1"):
        call_command("backup", str(tmp_path), "--keep", keep)
    assert list(tmp_path.iterdir()) == [old]


def test_a_database_without_the_portal_is_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.backup.databases.Sqlite.dump", _nothing)
    monkeypatch.setattr("portal.backup.databases.Postgres.dump", _nothing)
    with pytest.raises(CommandError, match="does DATABASE_URL name the right one"):
        call_command("backup", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def _nothing(_source: object, target: Path) -> dict[str, object]:
    target.touch()
    return {}
