"""How often public pages are read, from the log of the server in front: path, status and day, nothing of a visitor.

A line is `TIME STATUS METHOD PATH` (docker/nginx.conf.template writes it so, for public pages only). Lines are counted once,
however often a log is read, and also when it was rotated in between.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Sum

from cms.models import LogPosition, PageFigure
from portal.lib.clocks import today
from portal.lib.languages import DEFAULT, path_in

MAX_READ = 64 * 1024 * 1024  # of one log at a time
_LINE = re.compile(r"(?P<at>\S{19,32}) (?P<status>[0-9]{3}) (?P<method>GET) (?P<path>/\S{0,199})\s*")
_PUBLIC = re.compile(r"/(layanan/([-a-z0-9_]+/)?|dinas/([-a-z0-9_]+/)?|status/|[-a-z0-9_]+/|peristiwa/[-a-z0-9_]+/)?")
_PRIVATE = re.compile(r"/(akun|isian|permohonan|petugas|integrasi|kelola|lacak|umpan-balik|oidc|berkas|api)/")

Counted = Counter[tuple[str, date, str]]


def counted(lines: Iterable[str]) -> Counted:
    """By Indonesian path, day and column (`views` or `missing`). What is not a public page, or not a line, counts nothing."""
    found: Counted = Counter()
    for line in lines:
        row = _LINE.fullmatch(line)
        if row is None:
            continue
        path = path_in(DEFAULT, row["path"])
        column = {"200": "views", "304": "views", "404": "missing"}.get(row["status"])
        if column is None or not _PUBLIC.fullmatch(path) or _PRIVATE.match(path):
            continue
        try:
            day = datetime.fromisoformat(row["at"]).date()
        except ValueError:
            continue
        found[path, day, column] += 1
    return found


@transaction.atomic
def read_log(log: Path) -> int:
    """Count the lines that were added to this log since it was last read. Returns how many of them counted."""
    position, _made = LogPosition.objects.select_for_update().get_or_create(name=str(log)[:300])
    with log.open("rb") as file:
        status = log.stat()
        if position.inode != status.st_ino or position.offset > status.st_size:
            position.inode, position.offset = status.st_ino, 0  # another file of the same name
        file.seek(position.offset)
        body = file.read(MAX_READ)
    whole = body.rfind(b"\n") + 1  # the last line may still be being written
    found = counted(body[:whole].decode("utf-8", "replace").splitlines())
    for (path, day, column), n in found.items():
        row, _made = PageFigure.objects.get_or_create(path=path, day=day)
        PageFigure.objects.filter(pk=row.pk).update(**{column: F(column) + n})
    position.offset += whole
    position.save()
    return sum(found.values())


def views_of(paths: Iterable[str], *, days: int = 90) -> dict[str, int]:
    """How often these pages were read in the last days; those that were never counted are left out."""
    rows = PageFigure.objects.filter(path__in=list(paths), day__gt=today() - timedelta(days=days)).values("path").order_by()
    return dict(rows.annotate(n=Sum("views")).values_list("path", "n"))


def forget_old(days: int = 3 * 366) -> int:
    return PageFigure.objects.filter(day__lt=today() - timedelta(days=days)).delete()[0]
