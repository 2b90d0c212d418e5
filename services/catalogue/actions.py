"""The only writers of the public catalogue. Each is idempotent; a service is withdrawn, never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.lib import editions, languages
from portal.lib.languages import DEFAULT
from services.catalogue import indexing, wishes
from services.catalogue.models import (
    Availability,
    Category,
    Department,
    Dimension,
    LifeEvent,
    OldAddress,
    Service,
    ServiceText,
)
from services.catalogue.records import ServiceRecord
from services.forms.models import FormDefinition

_SERVICE_FIELDS = [
    "department",
    "kind",
    "channel",
    "category",
    "dimension",
    "is_public",
    "is_free",
    "fee_amount",
    "time_value",
    "time_unit",
    "url",
    "confidential",
    "min_level",
    "illustrative",
    "published_at",
    "updated_at",
]
_TEXT_FIELDS = ["slug", "name", "summary", "fee_note", "content", "synonyms"]


def ensure_service(code: str, department: str) -> Service:
    """The row of a service that is not public yet, so that a form and a binding can be attached to it."""
    owner = Department.objects.get(code=department)
    service, made = Service.objects.get_or_create(code=code, defaults={"department": owner})
    if not made and service.department_id != owner.pk:
        service.department = owner
        service.save(update_fields=["department", "updated_at"])
    return service


def attach_form(code: str, form: FormDefinition) -> None:
    """The form that people fill in for this service; nothing when it is attached already."""
    Service.objects.filter(code=code).exclude(form=form).update(form=form, updated_at=timezone.now())


def publish_service(record: ServiceRecord) -> Service:
    """Make the catalogue say exactly what the record says. Raises `Department.DoesNotExist` for an unknown owner."""
    publish_services([record])
    return Service.objects.get(code=record.code)


@transaction.atomic
def publish_services(records: Sequence[ServiceRecord]) -> None:
    """The same for many at once, in a fixed number of statements per batch.

    The Indonesian record of a service says its facts; records in other languages are texts only. A language that is not
    among the records of a service is taken away from it.
    """
    services = _publish([r for r in records if r.language == DEFAULT])
    for language in languages.CODES:
        texts = [r for r in records if r.language == language and r.code in services]
        _set_texts(texts, services, language)
        gone = {s.pk for s in services.values()} - {services[r.code].pk for r in texts}
        ServiceText.objects.filter(language=language, service_id__in=gone).delete()
    indexing.index_services(services.values())
    editions.announce()


def _publish(records: Sequence[ServiceRecord]) -> dict[str, Service]:
    now = timezone.now()
    departments = {d.code: d for d in Department.objects.filter(code__in={r.department for r in records})}
    missing = {r.department for r in records} - departments.keys()
    if missing:
        raise Department.DoesNotExist(f"No department has the code {', '.join(sorted(missing))}: make it first.")
    categories = {c.slug: c for c in Category.objects.all()}
    dimensions = {d.slug: d for d in Dimension.objects.all()}
    codes = [r.code for r in records]

    known = {s.code: s for s in Service.objects.select_for_update().filter(code__in=codes)}
    services = {code: known.get(code) or Service(code=code) for code in codes}
    for record in records:
        service = services[record.code]
        service.department = departments[record.department]
        service.kind = record.kind
        service.channel = record.channel
        service.category = categories.get(record.category)
        service.dimension = dimensions.get(record.dimension)
        service.is_free = record.free
        service.fee_amount = record.fee_amount
        service.time_value = record.time_value
        service.time_unit = record.time_unit
        service.url = record.url
        service.confidential = record.confidential
        service.min_level = record.min_level
        service.illustrative = record.illustrative
        service.published_at = service.published_at or now
        service.is_public = True
        service.updated_at = now
    Service.objects.bulk_create([s for code, s in services.items() if code not in known], batch_size=100)
    Service.objects.bulk_update(known.values(), _SERVICE_FIELDS, batch_size=50)
    _set_life_events(records, services)
    return services


def _set_life_events(records: Sequence[ServiceRecord], services: dict[str, Service]) -> None:
    events = {e.slug: e.pk for e in LifeEvent.objects.all()}
    through = Service.life_events.through
    ids = [s.pk for s in services.values()]
    have = set(through._default_manager.filter(service_id__in=ids).values_list("service_id", "lifeevent_id"))
    want = {(services[r.code].pk, events[slug]) for r in records for slug in r.life_events if slug in events}
    for service_id, event_id in have - want:
        through._default_manager.filter(service_id=service_id, lifeevent_id=event_id).delete()
    through._default_manager.bulk_create(
        [through(service_id=s, lifeevent_id=e) for s, e in sorted(want - have)], batch_size=200
    )


def _set_texts(records: Sequence[ServiceRecord], services: dict[str, Service], language: str) -> None:
    ids = [services[r.code].pk for r in records]
    texts = {t.service_id: t for t in ServiceText.objects.filter(service_id__in=ids, language=language)}
    slugs = [r.slug for r in records]
    moved = [t for r in records if (t := texts.get(services[r.code].pk)) and t.slug != r.slug]
    OldAddress.objects.filter(language=language, slug__in=slugs).delete()
    for text in moved:  # free the address first: two services may exchange theirs in one batch
        if text.slug not in slugs:
            OldAddress.objects.update_or_create(language=language, slug=text.slug, defaults={"service_id": text.service_id})
        ServiceText.objects.filter(pk=text.pk).update(slug=f"{text.slug[:100]}--{text.pk}")
    # A withdrawn service keeps its text for the cases that point to it, but not its address.
    for loser in ServiceText.objects.filter(language=language, slug__in=slugs, service__is_public=False):
        if loser.service_id not in ids:
            loser.slug = f"{loser.slug[:100]}--{loser.pk}"
            loser.save(update_fields=["slug"])
    new: list[ServiceText] = []
    old: list[ServiceText] = []
    for record in records:
        service_id = services[record.code].pk
        known = texts.get(service_id)
        text = known or ServiceText(service_id=service_id, language=language)
        text.slug, text.name, text.summary = record.slug, record.name, record.summary
        text.fee_note, text.content, text.synonyms = record.fee_note, record.content(), list(record.synonyms)
        (old if known else new).append(text)
    ServiceText.objects.bulk_create(new, batch_size=50)
    ServiceText.objects.bulk_update(old, _TEXT_FIELDS, batch_size=50)


def withdraw_service(code: str) -> None:
    """Take a service out of the public catalogue. Unknown codes are none of our business."""
    withdraw_services([code])


@transaction.atomic
def withdraw_services(codes: Iterable[str]) -> None:
    gone = Service.objects.filter(code__in=list(codes), is_public=True)
    ids = list(gone.values_list("pk", flat=True))
    if ids:
        indexing.drop_services(ids)
        Service.objects.filter(pk__in=ids).update(is_public=False, updated_at=timezone.now())
        editions.announce()


def describe_department(code: str, about: str, language: str = DEFAULT) -> None:
    """What the department's own published page in that language says of it; empty when that page is not live."""
    field = "about" if language == DEFAULT else f"about_{language}"
    if Department.objects.filter(code=code).exclude(**{field: about}).update(**{field: about}):
        editions.announce()


def set_availability(services: str | Iterable[int], availability: Availability | str, since: datetime | None = None) -> int:
    """How a service (its code) or several (their ids) stand now, and since when. Returns how many rows changed."""
    chosen = Q(code=services) if isinstance(services, str) else Q(pk__in=list(services))
    now = timezone.now()
    changed = Service.objects.filter(chosen).exclude(availability=availability)
    count = changed.update(availability=availability, availability_since=since or now, updated_at=now)
    if count:
        editions.announce()
        if availability != Availability.PAUSED:
            wishes.tell(Service.objects.filter(chosen).values_list("pk", flat=True))
    return count
