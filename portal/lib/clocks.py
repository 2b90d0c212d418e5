"""Time as the city counts it: Asia/Jakarta, working days without weekends and holidays."""

from collections.abc import Container
from datetime import date, datetime, timedelta

from django.utils import timezone


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
