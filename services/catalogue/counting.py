"""What was searched for and opened, counted a day: no person, no address, no session, no order of acts.

Words that could name somebody are never kept: long numbers (NIK, telephone, tax object), mail and web addresses, and whole
stories. Editors see a search only from the number on that makes it everybody's (`SHOWN_FROM`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Sum
from django.utils import timezone

from services.catalogue.models import SearchClick, SearchCount, Service, WordLink
from services.catalogue.words import plain_words

LONGEST = 80
MOST_WORDS = 10
SHOWN_FROM = 3
SHOWN_DAYS = 90
KEPT_DAYS = 180
RARE_DAYS = 30  # what was not searched for often enough in this time is forgotten

_NUMBER = re.compile(r"\d[\d .\-/]{3,}\d")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # no database takes these
_ADDRESS = re.compile(r"@|://|www\.")


def countable(text: str) -> str:
    """The words under which a search is counted; empty when it is not counted at all."""
    words = " ".join(text.lower().split())
    if not words or len(words) > LONGEST or len(words.split()) > MOST_WORDS or not plain_words(words):
        return ""
    if _NUMBER.search(words) or _ADDRESS.search(words) or _UNWRITABLE.search(words):
        return ""
    return words


def count_search(text: str, *, found: int, day: date | None = None) -> None:
    """Once more on this day, with how many services it found."""
    words = countable(text)
    if words:
        _count(SearchCount, {"words": words, "day": day or timezone.localdate()}, "searches", found=found)


def count_click(text: str, code: str, *, day: date | None = None) -> None:
    """A public service, by its code, was opened from the results of this search. Unknown codes count nothing."""
    words = countable(text)
    service = Service.objects.filter(code=code, is_public=True).only("pk").first() if words else None
    if service is not None:
        _count(SearchClick, {"words": words, "day": day or timezone.localdate(), "service": service}, "clicks")


def _count(model: type[SearchCount] | type[SearchClick], key: dict[str, object], field: str, **also: int) -> None:
    change = {field: F(field) + 1, **also}
    if model._default_manager.filter(**key).update(**change):
        return
    try:
        with transaction.atomic():
            model._default_manager.create(**key, **{field: 1}, **also)
    except IntegrityError:  # somebody else was first
        model._default_manager.filter(**key).update(**change)


@dataclass(frozen=True)
class Missed:
    """A search that helped nobody: nothing was found, or nothing of what was found was opened."""

    words: str
    searches: int
    found: int


def missed_searches(limit: int = 100, *, today: date | None = None) -> list[Missed]:
    """Searches of the last days without a result or without a click, the most frequent first; not those for which somebody has
    proposed or decided a link since."""
    since = (today or timezone.localdate()) - timedelta(days=SHOWN_DAYS)
    clicked = SearchClick.objects.filter(day__gte=since).values("words")
    rows = (
        SearchCount.objects.filter(day__gte=since)
        .exclude(words__in=clicked)
        .order_by()
        .values("words")
        .annotate(times=Sum("searches"), most=Max("found"))
        .filter(times__gte=SHOWN_FROM)
        .order_by("-times", "words")
    )
    handled = set(WordLink.objects.filter(is_stock=False).values_list("words", flat=True))
    left = (row for row in rows if " ".join(plain_words(row["words"])) not in handled)
    return [Missed(row["words"], row["times"], row["most"]) for row in islice(left, limit)]


def forget(today: date | None = None) -> int:
    """Delete counts that are old, and those of words that too few people have searched for. Returns how many rows went."""
    now = today or timezone.localdate()
    gone = SearchClick.objects.filter(day__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]
    gone += SearchCount.objects.filter(day__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]
    rare = (
        SearchCount.objects.order_by()
        .values("words")
        .annotate(times=Sum("searches"), last=Max("day"))
        .filter(times__lt=SHOWN_FROM, last__lt=now - timedelta(days=RARE_DAYS))
    )
    words = [row["words"] for row in rare]
    for start in range(0, len(words), 400):
        some = words[start : start + 400]
        gone += (
            SearchClick.objects.filter(words__in=some).delete()[0] + SearchCount.objects.filter(words__in=some).delete()[0]
        )
    return gone
