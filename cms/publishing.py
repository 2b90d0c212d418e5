"""From pages to the catalogue: project the state of the live pages, whatever act brought them there.

`sync` is idempotent and is also what `manage.py rebuild_catalogue` runs over everything, so a catalogue that was kept
by editorial acts equals one made from nothing. It is only *woken* by saves, deletions and moves; it never looks at what
happened. It runs inside the transaction of the save: page and catalogue commit together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils.html import strip_tags
from wagtail.models import Page
from wagtail.signals import post_page_move

from cms import journeys, rows, scope
from cms.blocks import legal_words
from cms.models import CatalogueCheck, ContentPage, DepartmentPage, JourneyPage, ServicePage
from portal.lib import editions
from services.catalogue import actions, indexing, queries
from services.catalogue.models import Department, Service
from services.catalogue.records import RareCase, ServiceRecord, Step

_state = threading.local()
# A save of these alone changes nothing that the public sees.
_BOOKKEEPING = {
    "latest_revision",
    "latest_revision_created_at",
    "live_revision",
    "locked",
    "locked_at",
    "locked_by",
    "numchild",
}
_BOOKKEEPING |= {"draft_title", "has_unpublished_changes", "go_live_at", "first_published_at", "last_published_at"}


def record_of(page: ServicePage, department: str) -> ServiceRecord:
    """The page as the catalogue keeps it."""

    requirements, regulations = rows.requirements(page), rows.regulations(page)
    return ServiceRecord(
        code=page.code,
        department=department,
        slug=page.slug,
        name=page.title,
        language=page.locale.language_code,
        summary=page.summary,
        kind=page.kind,
        channel=page.channel,
        app=page.app,
        url=rows.web(page.app_url),
        hotline=page.hotline,
        hours=page.hours,
        place=page.place,
        queue=page.queue,
        category=page.category.slug if page.category else "",
        dimension=page.dimension.slug if page.dimension else "",
        life_events=tuple(sorted(page.life_events)),
        free=page.fee_free,
        fee_amount=page.fee_amount,
        fee_note=page.fee_note,
        time_value=page.time_value,
        time_unit=page.time_unit,
        fill_minutes=page.fill_minutes,
        fees=rows.fees(page),
        who=rows.items(page.who),
        requirements=tuple(r.text for r in requirements),
        requirement_details=requirements,
        exceptions=tuple(RareCase(b.value["question"], b.value["answer"]) for b in page.exceptions),
        steps=tuple(Step(b.value["title"], b.value["text"] or "") for b in page.steps),
        product=page.product,
        late=page.late,
        other_ways=page.other_ways,
        ways=rows.ways(page),
        places=rows.places(page),
        contacts=rows.contacts(page),
        complaint_category=page.complaint_category,
        complaint_channels=tuple(c.strip() for c in page.complaint_channels.split(",") if c.strip()),
        legal=tuple(legal_words(asdict(r)) for r in regulations),
        legal_details=regulations,
        decree_number=page.decree_number,
        decree_date=page.decree_date,
        pledge=page.pledge,
        reviewed=page.reviewed,
        next_review=page.next_review,
        confidential=page.confidential,
        min_level=page.min_level,
        illustrative=page.illustrative,
        sources=tuple(page.sources.split()),
        synonyms=tuple(s.strip() for s in page.synonyms.splitlines() if s.strip()),
    )


def department_of(page: Page, by_path: dict[str, str] | None = None) -> str:
    """The code of the nearest department page above; empty when there is none."""
    if by_path is None:
        by_path = dict(DepartmentPage.objects.values_list("path", "department"))
    path = page.path
    while path := path[: -Page.steplen]:
        if path in by_path:
            return by_path[path]
    return ""


@transaction.atomic
def sync(codes: Iterable[str]) -> None:
    """Make the catalogue's rows of these codes equal to their live pages: publish, withdraw, or just keep the identity.

    A live translation adds the text of its language; without a live Indonesian page there is no service.
    """
    codes = set(codes)
    if not codes:
        return
    by_path = dict(DepartmentPage.objects.values_list("path", "department"))
    departments = set(Department.objects.filter(code__in=by_path.values()).values_list("code", flat=True))
    pages = (
        ServicePage.objects.filter(code__in=codes, alias_of__isnull=True)
        .select_related("category", "dimension", "locale")
        .order_by("-live", "pk")
    )
    records: dict[str, ServiceRecord] = {}
    translations: dict[tuple[str, str], ServiceRecord] = {}
    drafts: dict[str, str] = {}
    for page in pages:
        if page.is_translation:
            if page.live:
                translations.setdefault((page.code, page.locale.language_code), record_of(page, ""))
            continue
        owner = department_of(page, by_path)
        if page.code in records or owner not in departments:
            continue
        if page.live:
            records[page.code] = record_of(page, owner)
        else:
            drafts.setdefault(page.code, owner)
    translated = [t.only_translated(records[code]) for (code, _), t in translations.items() if code in records]
    actions.publish_services([*records.values(), *translated])
    for code, owner in drafts.items():
        if code not in records:
            actions.ensure_service(code, owner)
    actions.withdraw_services(codes - records.keys())


def sync_departments(pages: Iterable[DepartmentPage]) -> None:
    for page in pages:
        if not page.alias_of_id:
            actions.describe_department(page.department, page.about if page.live else "", page.locale.language_code)


def index_content(but: ContentPage | None = None) -> None:
    """The portal's own pages as search finds them, as they are live now; `but` is being deleted."""
    live = ContentPage.objects.live().filter(alias_of=None).select_related("locale")
    indexing.index_pages(
        indexing.PageText(
            page.flat_path(), page.locale.language_code, title=page.title, summary=page.lead, text=strip_tags(page.body)
        )
        for page in live
        if but is None or page.pk != but.pk
    )


@transaction.atomic
def rebuild() -> None:
    """The whole catalogue from the pages: everything a page or a row has a code for."""
    codes = set(ServicePage.objects.values_list("code", flat=True)) | set(Service.objects.values_list("code", flat=True))
    sync(codes)
    indexing.count_terms_anew()
    sync_departments(DepartmentPage.objects.select_related("locale"))
    journeys.rebuild()
    index_content()
    indexing.index_notices()


def drift() -> list[str]:
    """The codes whose catalogue rows differ from what a rebuild would write. Changes nothing."""
    with transaction.atomic():
        before = queries.snapshot() | journeys.queries.snapshot()
        rebuild()
        after = queries.snapshot() | journeys.queries.snapshot()
        transaction.set_rollback(True)
    return sorted(code for code in before.keys() | after.keys() if before.get(code) != after.get(code))


def note_drift() -> list[str]:
    """`drift`, with the result kept for the operator."""
    differing = drift()
    with transaction.atomic():
        kept = CatalogueCheck.objects.create(differing=differing)
        CatalogueCheck.objects.exclude(pk=kept.pk).delete()
    return differing


@contextmanager
def muted() -> Iterator[None]:
    """For a loader that calls `sync` once at its end."""
    _state.muted = True
    try:
        yield
    finally:
        _state.muted = False


def _under(page: Page) -> list[str]:
    return list(ServicePage.objects.filter(path__startswith=page.path).values_list("code", flat=True))


def _on_save(
    sender: type, instance: Any, created: bool = False, raw: bool = False, update_fields: Any = None, **_: Any
) -> None:
    if raw or getattr(_state, "muted", False) or not isinstance(instance, Page):
        return
    if update_fields and set(update_fields) <= _BOOKKEEPING:
        return
    editions.announce()
    if isinstance(instance, ServicePage):
        sync([instance.code])
    elif isinstance(instance, JourneyPage):
        journeys.rebuild()  # its life event may be another one now
    elif isinstance(instance, DepartmentPage):
        sync_departments([instance])
        sync(_under(instance))
        if created:
            scope.keep([instance.department])
    elif isinstance(instance, ContentPage):
        index_content()
    elif type(instance) is Page:
        sync(_under(instance))


def _on_delete(sender: type, instance: Any, **_: Any) -> None:
    editions.announce()
    if isinstance(instance, ContentPage):
        index_content(but=instance)
        return
    if isinstance(instance, ServicePage) and not getattr(_state, "muted", False):
        sync([instance.code])
    if isinstance(instance, JourneyPage) and not getattr(_state, "muted", False):
        journeys.rebuild()


def _on_move(sender: type, instance: Page, **_: Any) -> None:
    editions.announce()
    sync(_under(instance))


def listen() -> None:
    """Called once, when the app is ready."""
    post_save.connect(_on_save, dispatch_uid="cms.publishing")
    post_delete.connect(_on_delete, sender=ServicePage, dispatch_uid="cms.publishing")
    post_delete.connect(_on_delete, sender=JourneyPage, dispatch_uid="cms.publishing.journeys")
    post_delete.connect(_on_delete, sender=ContentPage, dispatch_uid="cms.publishing")
    post_page_move.connect(_on_move, dispatch_uid="cms.publishing")
