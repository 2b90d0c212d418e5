"""Time as the city counts it: Asia/Jakarta, working days without weekends and holidays."""

import re
from collections.abc import Container
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")  # `+07:00` in an address that was not encoded
_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2}))?"
)


def today() -> date:
    """The city's date (a child born at 06.00 WIB is born today although UTC says yesterday)."""
    return timezone.localdate()


def is_working_day(day: date, holidays: Container[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def add_working_days(start: datetime, days: int, holidays: Container[date]) -> datetime:
    """The end of a promise of `days` working days: the same local time that many working days later.

    The day of `start` is day zero (UU 25/2009 counts from the next working day).
    """
    moment = timezone.localtime(start)
    left = days
    while left > 0:
        moment += timedelta(days=1)
        if is_working_day(moment.date(), holidays):
            left -= 1
    return moment


def read_moment(text: str) -> datetime:
    """RFC 3339 with its offset, or a date: its midnight in the city. Raises ValueError for anything else."""
    text = _LOST_PLUS.sub("+", text).upper()
    if not _WRITTEN.fullmatch(text):
        raise ValueError("not a moment")
    moment = parse_datetime(text) if len(text) > 10 else None
    if moment is None and (day := parse_date(text)) is not None:
        moment = timezone.make_aware(datetime(day.year, day.month, day.day))
    if moment is None or timezone.is_naive(moment) or not 1970 <= moment.year < 9999:
        raise ValueError("not a moment")
    return moment
