"""What is wrong with which page: everything a department can mend, in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.models import Page

from cms import checks, feedback, journeys, links, reminders, scope
from cms.models import ContentPage, DepartmentPage, HomePage, JourneyPage, PageUpkeep, ServicePage
from portal.lib.languages import DEFAULT

CAUSES = {
    "gone": gettext_lazy("halaman itu tidak ada lagi"),
    "address": gettext_lazy("alamatnya salah tulis"),
    "dns": gettext_lazy("nama situsnya tidak dikenal"),
    "forbidden": gettext_lazy("bukan alamat umum di internet; warga tidak bisa membukanya"),
    "refused": gettext_lazy("situsnya menolak sambungan"),
    "silent": gettext_lazy("situsnya tidak menjawab"),
    "ill": gettext_lazy("situsnya sedang rusak"),
}

# Of the last quarter. Fewer than so many may be a mood; from a third on the page itself is at fault.
VOTE_DAYS, FEWEST_VOTES, SHARE = 90, 5, 3


@dataclass(frozen=True)
class Line:
    """kind: missing, english, link, old, unhelpful. `field` leads to the field of the editor where there is one."""

    kind: str
    text: str
    field: str = ""


@dataclass(frozen=True)
class PageState:
    page: Any
    lines: tuple[Line, ...]


_KINDS: tuple[type[Page], ...] = (ServicePage, ContentPage, DepartmentPage, HomePage, JourneyPage)


def pages_of(user: Any, department: str = "") -> list[Any]:
    """The Indonesian pages that this person has a part in, services first, by title; translations belong to them."""
    own = scope.own_pages(user)
    corner = "-"
    if department:
        corners = Page.objects.filter(departmentpage__department=department).values_list("path", flat=True)
        corner = next(iter(corners), "-")
    found: list[Any] = []
    for kind in _KINDS:
        pages = links.rows_of(kind).filter(pk__in=own.values("pk"), alias_of__isnull=True, locale__language_code=DEFAULT)
        if department:
            pages = pages.filter(path__startswith=corner)
        more = ("category", "dimension") if kind is ServicePage else ()
        found += pages.select_related("locale", *more).order_by("title")
    return found


def states(pages: Sequence[Any], today: date | None = None) -> list[PageState]:
    """What is wrong with each of these pages, those with nothing wrong left out."""
    today = today or timezone.localdate()
    others = Page.objects.live().filter(translation_key__in=[page.translation_key for page in pages], alias_of__isnull=True)
    english = dict(others.exclude(locale__language_code=DEFAULT).values_list("translation_key", "pk"))
    kept = {
        row.page_id: row for row in PageUpkeep.objects.filter(page__in=[*(page.pk for page in pages), *english.values()])
    }
    votes = feedback.votes_of([page.code for page in pages if isinstance(page, ServicePage)], _since(today))
    found = []
    for page in pages:
        in_english = english.get(page.translation_key)
        if isinstance(page, ServicePage):
            lines = _lines(page, english=in_english is not None)
        else:
            lines = _missing(page, journeys.problems) if isinstance(page, JourneyPage) else []
        if page.live:
            lines += _links(kept.get(page.pk))
            lines += _links(kept.get(in_english), english=True) if in_english else []
        if isinstance(page, ServicePage):
            lines += _look_again(page, today)
            lines += _unhelpful(*votes.get(page.code, (0, 0))) if page.live else []
        if lines:
            found.append(PageState(page, tuple(lines)))
    return found


def _since(today: date) -> date:
    return today - timedelta(days=VOTE_DAYS - 1)


def _missing(page: Any, problems: Callable[[Any], Iterable[Any]]) -> list[Line]:
    latest = page.get_latest_revision_as_object() if page.has_unpublished_changes else page
    return [Line("missing", problem.text, problem.field) for problem in problems(latest)]


def _lines(page: ServicePage, *, english: bool) -> list[Line]:
    lines = _missing(page, checks.problems)
    if page.live and not english:
        lines.append(Line("english", _("Belum ada dalam bahasa Inggris.")))
    return lines


def _links(kept: PageUpkeep | None, *, english: bool = False) -> list[Line]:
    """Of the English page they are told without a way to the field, which is on another page."""
    text = _("Tautan %(url)s di halaman Inggris: %(cause)s.") if english else _("Tautan %(url)s: %(cause)s.")
    return [
        Line("link", text % {"url": row["url"], "cause": CAUSES[row["cause"]]}, "" if english else row["field"])
        for row in links.broken(kept)
    ]


def _look_again(page: ServicePage, today: date) -> list[Line]:
    if page.live and (day := reminders.due_on(page)) and day <= today:
        return [Line("old", _("Sudah lama tidak diperiksa. Baca lagi, lalu isi “diperiksa terakhir”."), "reviewed")]
    return []


def _unhelpful(bad: int, said: int) -> list[Line]:
    if bad < FEWEST_VOTES or bad * SHARE < said:
        return []
    text = ngettext(
        "Tidak membantu bagi %(bad)d dari %(n)d orang yang menilai dalam 90 hari.",
        "Tidak membantu bagi %(bad)d dari %(n)d orang yang menilai dalam 90 hari.",
        said,
    )
    return [Line("unhelpful", text % {"bad": bad, "n": said})]
