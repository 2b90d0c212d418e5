"""Keep a spreadsheet that was sent, and write what it says: as drafts, all of them or none, never live and never past review."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import ServiceImport
from cms.sheets.checking import Plan, check
from cms.sheets.reading import Mistake, Sheet

KEPT_DAYS = 7


class NotWritten(Exception):
    """Something stands against it since the file was checked; its text says what to do. Nothing was written."""


@transaction.atomic
def keep(user: Any, file_name: str, sheet: Sheet) -> ServiceImport:
    """The sheet, as read, for this person to look at; their older ones go after a week."""
    ServiceImport.objects.filter(user=user, made_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()
    kept = ServiceImport(
        user=user,
        file_name=file_name.replace("\x00", "")[-120:] or "-",
        sheet={"headers": sheet.headers, "rows": sheet.rows, "mistakes": [asdict(m) for m in sheet.mistakes]},
    )
    kept.seen = plan_of(kept).seen
    kept.save()
    return kept


def plan_of(kept: ServiceImport) -> Plan:
    """What it would do now."""
    return check(kept.user, kept.sheet["headers"], kept.rows(), [Mistake(**m) for m in kept.mistakes()])


@transaction.atomic
def write(kept: ServiceImport) -> ServiceImport:
    """Every row as a draft of its page. Raises `NotWritten`, and then nothing is changed. Written once: again changes nothing."""
    kept = ServiceImport.objects.select_for_update().select_related("user").get(pk=kept.pk)
    if kept.written_at:
        return kept
    plan = plan_of(kept)
    if plan.mistakes:
        raise NotWritten(_("Masih ada yang perlu diperbaiki. Perbaiki di berkasnya, lalu unggah lagi."))
    if plan.seen != kept.seen:
        raise NotWritten(
            _("Ada halaman yang diubah orang lain sejak berkas ini diperiksa. Unggah lagi untuk melihat bedanya.")
        )
    made, changed = [], []
    for parent, page in plan.new:
        parent.refresh_from_db()
        parent.add_child(instance=page)
        page.save_revision(user=kept.user, log_action=True, clean=False)
        made.append({"code": page.code, "title": page.title, "page": page.pk})
    for page in plan.changed:
        page.save_revision(user=kept.user, log_action=True, clean=False)
        changed.append({"code": page.code, "title": page.title, "page": page.pk})
    kept.result = {"made": made, "changed": changed, "same": plan.same}
    kept.written_at = timezone.now()
    kept.save(update_fields=["result", "written_at"])
    return kept
