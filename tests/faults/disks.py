"""Full disks: a small file system of our own is put where uploads, one table or the logs go, and filled. Mounting needs root."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from portal.stack.configuration import give, server_account
from tests.faults.load import clients
from tests.faults.site import CLASSES, Site, within
from tests.faults.verdict import Verdict
from tests.journeys.conftest import until

FULL_SECONDS = 5


@contextlib.contextmanager
def _small_disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as output:
        while True:
            output.write(b"\0" * 4096)


def uploads_full(site: Site, times: int) -> dict[str, Verdict]:
    """A file is refused as a whole with 503, a submission without one goes on; the same upload succeeds afterwards."""
    uploads = site.stack.var / "uploads"
    found = {kind: Verdict() for kind in CLASSES}
    with _small_disk(uploads, "64k"):
        refused = {kind: _refuses_a_file(site, kind) for kind in CLASSES}
        left = [path for path in uploads.rglob("*") if path.is_file()]
        made = {kind: site.submit_many(kind, times) for kind in CLASSES}
        for kind in CLASSES:
            found[kind].add(site.verdict(kind, made[kind], faults=1))
    for kind in CLASSES:
        found[kind].add(site.verdict(kind, [site.submit(kind, file_bytes=256 * 1024)], faults=0))
        if not refused[kind]:
            found[kind].remarks.append("a file was taken although the disk was full")
    if left:
        found["key"].remarks.append(f"{len(left)} files were half stored")
    return found


def _refuses_a_file(site: Site, kind: str) -> bool:
    try:
        site.submit(kind, file_bytes=256 * 1024, seconds=2)
    except TimeoutError:
        return site.last_status == 503
    return False


def database_full(site: Site, times: int) -> dict[str, Verdict]:
    """The tables that a submission writes lie on a full disk for some seconds: 503, then the same receipt."""
    place = site.stack.var / "small"
    with _small_disk(place, "64m"):
        home = place / "tables"
        home.mkdir()
        give(home, server_account())
        site.query(f"CREATE TABLESPACE small LOCATION '{home}'")
        try:
            _move(site, "small")
            before = site.refusals
            with clients(site) as made:
                for _ in range(max(1, times // 10)):
                    time.sleep(1)
                    _fill(place / "ballast")
                    time.sleep(FULL_SECONDS)
                    (place / "ballast").unlink()
                time.sleep(2)
            refusals = site.refusals - before
        finally:
            _move(site, "pg_default")
            site.query("DROP TABLESPACE small")
    found = {kind: site.verdict(kind, made[kind], faults=max(1, times // 10)) for kind in CLASSES}
    if not refusals:
        found["key"].remarks.append("nothing was refused: the disk was not full")
    return found


def _move(site: Site, space: str) -> None:
    for table in ("cases_case", "cases_delivery", "cases_caseevent"):
        site.query(f"ALTER TABLE {table} SET TABLESPACE {space}")


def logs_full(site: Site, times: int) -> dict[str, Verdict]:
    """Everything that web, workers and beat write to their logs fails, from their start on."""
    names = ["web", "beat", *(f"worker-{number}" for number in range(1, 5))]
    logs = [site.stack.log / f"{name}.log" for name in names]
    for log in logs:
        log.rename(log.with_suffix(".aside"))
        log.symlink_to("/dev/full")
    try:
        _start_again(site, names)
        with clients(site) as made:
            site.tell("key", mode="down")  # something to log
            time.sleep(2 + times / 5)
            site.tell("key", mode="normal")
        return {kind: site.verdict(kind, made[kind], faults=len(names)) for kind in CLASSES}
    finally:
        site.tell("key", mode="normal")
        for log in logs:
            log.unlink()
            log.with_suffix(".aside").rename(log)
        _start_again(site, names)


def _start_again(site: Site, names: list[str]) -> None:
    for name in names:
        old = site.pid(name)
        site.kill(name)
        until(lambda old=old, name=name: site.pid(name) != old, 15)
    within(30, lambda: site.submit("key"))


def may_mount() -> bool:
    return os.geteuid() == 0
