"""The city's calendar: the one writer of holidays."""

from __future__ import annotations

from datetime import date

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet

from portal.lib.clocks import today
from services.catalogue.models import Holiday
from services.catalogue.queries import HOLIDAYS_KEY


def of_year(year: int) -> QuerySet[Holiday]:
    return Holiday.objects.filter(day__year=year).order_by("day")


def years() -> list[int]:
    """The years that have holidays, and this one and the next."""
    this = today().year
    return sorted({*(day.year for day in Holiday.objects.dates("day", "year")), this, this + 1})


def add(day: date, name: str) -> bool:
    """False: that day is one already."""
    _holiday, made = Holiday.objects.get_or_create(day=day, defaults={"name": name})
    _forget()
    return made


def remove(day: date) -> bool:
    """False: that day was none."""
    gone, _rows = Holiday.objects.filter(day=day).delete()
    _forget()
    return bool(gone)


def _forget() -> None:
    transaction.on_commit(lambda: cache.delete(HOLIDAYS_KEY))
