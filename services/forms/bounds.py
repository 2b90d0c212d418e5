"""Limits that may move with the day: `today`, `today-60d`, `today+1y` for dates, `year`, `year+1` for numbers."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Any

_DAY = re.compile(r"today(?:([+-])([0-9]{1,4})([dmy]))?")
_YEAR = re.compile(r"year(?:([+-])([0-9]{1,3}))?")


def _shift(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def day_bound(bound: Any, today: date) -> date | None:
    """The date a limit stands for today, or None when it is not one."""
    if not isinstance(bound, str):
        return None
    found = _DAY.fullmatch(bound)
    try:
        if found is None:
            return date.fromisoformat(bound) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", bound) else None
        if not found[1]:
            return today
        amount = int(found[2]) * (1 if found[1] == "+" else -1)
        if found[3] == "d":
            return today + timedelta(days=amount)
        return _shift(today, amount * (12 if found[3] == "y" else 1))
    except (ValueError, OverflowError):
        return None


def number_bound(bound: Any, today: date) -> int | None:
    """The number a limit stands for this year, or None when it is not one."""
    if isinstance(bound, bool):
        return None
    if isinstance(bound, int):
        return bound
    found = _YEAR.fullmatch(bound) if isinstance(bound, str) else None
    if found is None:
        return None
    return today.year + (int(found[2]) * (1 if found[1] == "+" else -1) if found[1] else 0)


def moves(bound: Any) -> bool:
    """Does the limit move with the day? Then JSON Schema cannot say it."""
    return isinstance(bound, str) and bound.startswith(("today", "year"))
