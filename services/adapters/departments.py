"""What happens to connections when one department takes over from another: they go on as they are."""

from __future__ import annotations

from django.utils.translation import gettext as _

from services.adapters.models import Connection
from services.catalogue.models import Department


def counted(department: Department) -> list[tuple[str, int]]:
    return [(_("sambungan ke sistem dinas"), Connection.objects.filter(department=department).count())]


def merge(gone: Department, into: Department) -> None:
    Connection.objects.filter(department=gone).update(department=into)
