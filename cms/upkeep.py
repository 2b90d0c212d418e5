"""What is wrong with which page: everything a department can mend, in one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.models import Page

from cms import checks, feedback, links, reminders, scope
from cms.models import PageUpkeep, ServicePage
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
    page: ServicePage
    lines: tuple[Line, ...]


def pages_of(user: Any, department: str = "") -> list[ServicePage]:
    """The services' Indonesian pages that this person has a part in, by title; translations belong to them."""
    own = scope.own_pages(user)
    pages = ServicePage.objects.filter(pk__in=own.values("pk"), alias_of__isnull=True, locale__language_code=DEFAULT)
    if department:
        corners = Page.objects.filter(departmentpage__department=department).values_list("path", flat=True)
        pages = pages.filter(path__startswith=next(iter(corners), "-"))
    return list(pages.select_related("locale", "category", "dimension").order_by("title"))


def states(pages: Sequence[ServicePage], today: date | None = None) -> list[PageState]:
    """What is wrong with each of these pages, those with nothing wrong left out."""
    today = today or timezone.localdate()
    kept = {row.page_id: row for row in PageUpkeep.objects.filter(page__in=[page.pk for page in pages])}
    english = {
        (page.translation_key): page.pk
        for page in ServicePage.objects.live()
        .filter(translation_key__in=[page.translation_key for page in pages])
        .exclude(locale__language_code=DEFAULT)
    }
    votes = feedback.votes_of([page.code for page in pages], today - timedelta(days=VOTE_DAYS - 1))
    found = []
    for page in pages:
        lines = _lines(page, kept.get(page.pk), english=page.translation_key in english, today=today)
        lines += _unhelpful(*votes.get(page.code, (0, 0))) if page.live else []
        if lines:
            found.append(PageState(page, tuple(lines)))
    return found


def _lines(page: ServicePage, kept: PageUpkeep | None, *, english: bool, today: date) -> list[Line]:
    latest = page.get_latest_revision_as_object() if page.has_unpublished_changes else page
    lines = [Line("missing", problem.text, problem.field) for problem in checks.problems(latest)]
    if not page.live:
        return lines
    if not english:
        lines.append(Line("english", _("Belum ada dalam bahasa Inggris.")))
    for row in links.broken(kept):
        text = _("Tautan %(url)s: %(cause)s.") % {"url": row["url"], "cause": CAUSES[row["cause"]]}
        lines.append(Line("link", text, row["field"]))
    if (day := reminders.due_on(page)) and day <= today:
        lines.append(Line("old", _("Sudah lama tidak diperiksa. Baca lagi, lalu isi “diperiksa terakhir”."), "reviewed"))
    return lines


def _unhelpful(bad: int, said: int) -> list[Line]:
    if bad < FEWEST_VOTES or bad * SHARE < said:
        return []
    text = ngettext(
        "Tidak membantu bagi %(bad)d dari %(n)d orang yang menilai dalam 90 hari.",
        "Tidak membantu bagi %(bad)d dari %(n)d orang yang menilai dalam 90 hari.",
        said,
    )
    return [Line("unhelpful", text % {"bad": bad, "n": said})]
