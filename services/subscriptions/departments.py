"""What happens to subscriptions when one department takes over from another: they go on as they are."""

from __future__ import annotations

from django.utils.translation import gettext as _

from services.catalogue.models import Department
from services.subscriptions.models import Subscription


def counted(department: Department) -> list[tuple[str, int]]:
    return [(_("langganan peristiwa"), Subscription.objects.filter(department=department).count())]


def merge(gone: Department, into: Department) -> None:
    Subscription.objects.filter(department=gone).update(department=into)
