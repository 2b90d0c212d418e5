"""A backup is a folder: the database, the files, and a manifest, which is written last and says what is in it.

Files are written before the row that names them and deleted after it is gone. So the files are linked once before and
once after the database's moment: whatever a row of that moment names is in one of the two.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from portal.backup.databases import BackupError, database
from portal.lib.crypto import DecryptionError
from services.cases import restored
from services.cases.models import Attachment, Case
from services.subscriptions.actions import hold_unsent as hold_events

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files.tar"


def make(folder: Path) -> Path:
    """A new backup below `folder`; returns its path. Nothing has to be stopped. Raises BackupError."""
    started = datetime.now(UTC)
    begun = time.monotonic()
    target = folder / f"backup-{started:%Y%m%dT%H%M%SZ}"
    if target.exists():
        raise BackupError(f"{target} is there already: wait a second and try again.")
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        source = database()
        with _staging() as staging:
            _link_files(staging)
            tables = source.dump(part / source.file_name)
            if "cases_case" not in tables:
                raise BackupError("This database has no tables of the portal: does DATABASE_URL name the right one?")
            _link_files(staging)
            count = _pack(staging, part / FILES)
        manifest = {
            "format": FORMAT,
            "made_at": started.isoformat(timespec="seconds"),
            "vendor": source.vendor,
            "key_ids": [key.partition(":")[0] for key in settings.FIELD_KEYS.split(",")],
            "database": {"file": source.file_name, "sha256": _digest(part / source.file_name), "tables": tables},
            "files": {"file": FILES, "sha256": _digest(part / FILES), "count": count},
        }
        _write(part / MANIFEST, manifest)
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    last = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "path": str(target),
        "bytes": sum(path.stat().st_size for path in target.iterdir()),
        "seconds": round(time.monotonic() - begun, 1),
        "cases": tables["cases_case"]["rows"],
    }
    (settings.VAR_DIR / "backups").mkdir(exist_ok=True)
    _write(settings.VAR_DIR / "backups" / "last.json", last)
    return target


def check(source: Path) -> dict[str, Any]:
    """The manifest of a backup whose parts are whole. Raises BackupError that names what is damaged."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupError(f"{source} is no backup, or one that was not finished: it has no readable {MANIFEST}.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"This backup has format {manifest.get('format')}; this release reads format {FORMAT}.")
    for part in ("database", "files"):
        path = source / manifest[part]["file"]
        if not path.exists() or _digest(path) != manifest[part]["sha256"]:
            raise BackupError(f"{path} is missing or damaged: its SHA-256 is not the one in the manifest.")
    return manifest


def restore(source: Path, *, replace: bool) -> dict[str, Any]:
    """Put a backup back and make sure that nothing is sent again. Returns counts for the operator. Raises BackupError.

    Refuses a database that has cases unless `replace`. No process of the portal may run meanwhile.
    """
    manifest = check(source)
    target = database()
    if manifest["vendor"] != target.vendor:
        raise BackupError(f"The backup is of {manifest['vendor']}, DATABASE_URL names {target.vendor}: use the same kind.")
    known = {key.partition(":")[0] for key in settings.FIELD_KEYS.split(",")}
    if missing := [key for key in manifest["key_ids"] if key not in known]:
        raise BackupError(f"FIELD_KEYS lacks the keys {', '.join(missing)}: without them nothing can be read.")
    if not replace and not target.is_empty():
        raise BackupError("The database has cases already. To put the backup in their place: restore --replace")
    if target.is_in_use():
        raise BackupError("The portal is running on this database. End web, worker and beat first.")
    found = target.load(source / manifest["database"]["file"])
    if found != manifest["database"]["tables"]:
        wrong = sorted(name for name, value in manifest["database"]["tables"].items() if found.get(name) != value)
        raise BackupError(f"The restored tables {', '.join(wrong)} differ from the manifest. Do not start the portal.")
    _unpack(source / FILES)
    _prove_readable()
    missing_files = restored.missing_files()
    held = restored.distrust_unfinished()
    held["events_held"] = hold_events() if "subscriptions_eventdelivery" in found else 0
    return {
        "tables": len(found),
        "rows": sum(table["rows"] for table in found.values()),
        "cases": found["cases_case"]["rows"],
        "files": manifest["files"]["count"],
        "missing_files": missing_files,
        **held,
    }


def older_than_newest(folder: Path, count: int) -> list[Path]:
    """Finished backups in `folder` beyond the newest `count`, oldest first."""
    found = sorted(path.parent for path in folder.glob(f"backup-*/{MANIFEST}"))
    return found[: max(0, len(found) - count)]


def delete(backup: Path) -> None:
    shutil.rmtree(backup)


@contextlib.contextmanager
def _staging() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.VAR_DIR) as folder:
        yield Path(folder)


def _link_files(staging: Path) -> None:
    """Hard links cost no space and survive a deletion; across file systems they become copies."""
    for name, root in (("uploads", Path(settings.UPLOADS_ROOT)), ("media", Path(settings.MEDIA_ROOT))):
        for path in root.rglob("*"):
            target = staging / name / path.relative_to(root)
            if path.suffix == ".new" or target.exists() or not path.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # deleted this moment: then no row of the copy names it
                try:
                    os.link(path, target)
                except OSError:
                    shutil.copy2(path, target)


def _pack(staging: Path, target: Path) -> int:
    count = 0
    with tarfile.open(target, "w") as archive:
        for path in sorted(staging.rglob("*")):
            if path.is_file():
                archive.add(path, arcname=str(path.relative_to(staging)), recursive=False)
                count += 1
    return count


def _unpack(source: Path) -> None:
    roots = {"uploads": Path(settings.UPLOADS_ROOT), "media": Path(settings.MEDIA_ROOT)}
    with tarfile.open(source) as archive:
        for name, root in roots.items():
            members = [m.replace(name=m.name.removeprefix(f"{name}/")) for m in archive if m.name.startswith(f"{name}/")]
            archive.extractall(root, members=members, filter="data")


def _prove_readable() -> None:
    """A key of the right name may still be another key: decrypt one case before anybody relies on it."""
    connection.close()
    case = Case.objects.order_by("-id").values_list("pk", flat=True).first()
    try:
        if case is not None:
            _ = Case.objects.get(pk=case).answers
        attachment = Attachment.objects.order_by("-id").first()
        _ = attachment and attachment.name
    except DecryptionError as error:
        raise BackupError("FIELD_KEYS has other keys under the same names: nothing can be read with them.") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, value: dict[str, Any]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(value, indent=1), encoding="utf-8")
    fresh.replace(path)
