"""What people say of a page: the one writer, and what its owner reads. Nothing is kept that leads to a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from accounts.models import User
from accounts.permissions import is_operator
from cms.models import ContentPage, PageRemark, PageVote
from portal.lib.clocks import today
from portal.lib.languages import DEFAULT, language_of, path_in
from portal.lib.redaction import redact_text
from services.catalogue import guides, queries
from services.catalogue.journeys.queries import life_events
from services.catalogue.models import Department, DepartmentRole, Service

MAX_REMARK = 500
_SERVICE = re.compile(r"/layanan/([-a-z0-9_]+)/")
_DEPARTMENT = re.compile(r"/dinas/([-a-z0-9_]+)/")
_CONTENT = re.compile(r"/([-a-z0-9_]+)/")
_EVENT = re.compile(r"/peristiwa/([-a-z0-9_]+)/")
_GUIDE = re.compile(r"/pandu/([-a-z0-9_]+)/")
_LISTS = frozenset({"/", "/layanan/", "/dinas/", "/status/", "/peristiwa/", "/pandu/"})


@dataclass(frozen=True)
class Subject:
    """A public page that there is: its Indonesian path, the language it was read in, and whose it is (None: the city's)."""

    path: str
    language: str
    title: str
    service: Service | None = None
    department: Department | None = None


def subject_of(path: str) -> Subject | None:
    """The public page at this path, or None: nobody says anything of a page that there is not."""
    language = language_of(path)
    plain = path_in(DEFAULT, path)
    if plain in _LISTS:
        return Subject(plain, language, plain)
    if found := _SERVICE.fullmatch(plain):
        text = queries.service_by_slug(found[1], language)
        return Subject(plain, language, text.name, text.service, text.service.department) if text else None
    if found := _DEPARTMENT.fullmatch(plain):
        department = Department.objects.filter(code=found[1], merged_into=None).first()
        return Subject(plain, language, department.label, None, department) if department else None
    if found := _EVENT.fullmatch(plain):
        event = next((event for event, _n, _ordered in life_events(language) if event.slug == found[1]), None)
        return Subject(plain, language, event.label) if event else None
    if found := _GUIDE.fullmatch(plain):
        guide = guides.guide_of(found[1])
        return Subject(plain, language, guide[0].label) if guide else None
    if found := _CONTENT.fullmatch(plain):
        page = ContentPage.objects.live().filter(slug=found[1]).first()
        return Subject(plain, language, page.title) if page else None
    return None


@transaction.atomic
def vote(subject: Subject, *, helpful: bool) -> None:
    """One more on today's row."""
    row, _made = PageVote.objects.get_or_create(
        path=subject.path,
        language=subject.language,
        day=today(),
        defaults={"service": subject.service, "department": subject.department},
    )
    name = "helpful" if helpful else "not_helpful"
    PageVote.objects.filter(pk=row.pk).update(**{name: F(name) + 1})


def remark(subject: Subject, text: str) -> bool:
    """Keep what somebody missed. False: there is nothing to read in it."""
    cleaned = "".join(sign for sign in unicodedata.normalize("NFC", text) if sign.isprintable() or sign in "\n ")
    cleaned = redact_text(" ".join(cleaned.split()), limit=MAX_REMARK)
    if not any(sign.isalnum() for sign in cleaned):
        return False
    PageRemark.objects.create(
        path=subject.path,
        language=subject.language,
        text=cleaned,
        day=today(),
        service=subject.service,
        department=subject.department,
    )
    return True


def owned_departments(user: User) -> QuerySet[Department]:
    """Whose pages this person answers for: a department's editors, reviewers and managers."""
    roles = (DepartmentRole.EDITOR, DepartmentRole.REVIEWER, DepartmentRole.MANAGER)
    return Department.objects.filter(pk__in=user.memberships.filter(role__in=roles).values("department"))


def reads_feedback(user: Any) -> bool:
    return isinstance(user, User) and (is_operator(user) or owned_departments(user).exists())


def _own(user: User) -> Q:
    """The rows of the pages this person answers for; a service that has changed hands is judged by its present owner, what was
    said of a department that was merged is read by its heir."""
    if is_operator(user):
        return Q()
    mine = owned_departments(user)
    inherited = Q(department__in=mine) | Q(department__merged_into__in=mine)
    return Q(service__department__in=mine) | (Q(service=None) & inherited)


@dataclass(frozen=True)
class PageVoice:
    """What was said of one page in a span of days."""

    path: str
    helpful: int
    not_helpful: int

    @property
    def share(self) -> int:
        """Of a hundred people who said something, how many it did not help."""
        return round(100 * self.not_helpful / (self.helpful + self.not_helpful))


def voices(user: User, *, days: int = 90, limit: int = 200) -> list[PageVoice]:
    """The pages that most people found unhelpful first; both languages of a page together."""
    rows = PageVote.objects.filter(_own(user), day__gt=today() - timedelta(days=days)).values("path").order_by()
    counted = rows.annotate(good=Sum("helpful"), bad=Sum("not_helpful")).order_by("-bad", "good", "path")[:limit]
    return [PageVoice(row["path"], row["good"], row["bad"]) for row in counted]


def votes_of(services: Sequence[str], since: date) -> dict[str, tuple[int, int]]:
    """By code of the service: how many people its page did not help since that day, of how many that said so or the contrary."""
    rows = PageVote.objects.filter(service__code__in=services, day__gte=since).values_list("service__code").order_by()
    counted = rows.annotate(good=Sum("helpful"), bad=Sum("not_helpful"))
    return {code: (bad, good + bad) for code, good, bad in counted.values_list("service__code", "good", "bad")}


def remarks(user: User) -> QuerySet[PageRemark]:
    return PageRemark.objects.filter(_own(user)).select_related("department", "service", "done_by")


def settle(user: User, pk: int) -> bool:
    """Somebody has seen to it. False: no such open remark on a page of theirs."""
    open_ones = remarks(user).filter(pk=pk, state=PageRemark.State.OPEN)
    return bool(PageRemark.objects.filter(pk__in=open_ones.values("pk")).update(state=PageRemark.State.DONE, done_by=user))
