"""What is read of life events and their journeys, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from portal.lib.languages import DEFAULT
from services.catalogue.models import Channel, Journey, JourneyStep, LifeEvent, Service, ServiceText
from services.catalogue.queries import public_texts


@dataclass(frozen=True)
class Said:
    """Words and the language they are in: what is not translated stays Indonesian and is marked so."""

    text: str
    language: str
    foreign: frozenset[str] = frozenset()  # as of a `ServiceText`, so that the tag `spoken` takes both

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


def said(text: Mapping[str, str], language: str) -> Said:
    own = str(text.get(language) or "").strip()
    return Said(own, language) if own else Said(str(text.get(DEFAULT) or "").strip(), DEFAULT)


@dataclass(frozen=True)
class StepView:
    """A step as people read it. `text`: the public text of its service, None when the service is not public now."""

    row: JourneyStep
    number: int
    service: Service
    text: ServiceText | None
    name: Said
    why: Said
    how: Said
    after: tuple[StepView, ...]
    gives: tuple[Said, ...]

    @property
    def key(self) -> str:
        return self.row.key


@dataclass(frozen=True)
class Paper:
    """Something to have at hand, once, with the numbers of the steps that ask for it."""

    name: str
    language: str
    steps: tuple[int, ...]
    foreign: frozenset[str] = frozenset()


@dataclass(frozen=True)
class JourneyView:
    journey: Journey
    life_event: LifeEvent
    title: Said
    intro: Said
    steps: tuple[StepView, ...]

    @property
    def departments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.service.department.short_name for step in self.steps))

    @property
    def all_free(self) -> bool:
        return all(step.service.is_free for step in self.steps)

    @property
    def online(self) -> int:
        """How many steps are done here, without going anywhere."""
        return sum(step.service.channel == Channel.FORM for step in self.steps)

    def step(self, key: str) -> StepView | None:
        return next((step for step in self.steps if step.key == key), None)

    def papers(self) -> tuple[Paper, ...]:
        """The requirements of all steps together: what two steps ask for in the same words is one paper."""
        found: dict[str, tuple[str, str, list[int]]] = {}
        for step in self.steps:
            text = step.text
            for item in (text.content.get("requirements") or ()) if text else ():
                language = DEFAULT if text and "requirements" in text.foreign else (text.language if text else DEFAULT)
                found.setdefault(" ".join(item.split()).casefold(), (item, language, []))[2].append(step.number)
        return tuple(Paper(name, language, tuple(steps)) for name, language, steps in found.values())


def life_events(language: str = DEFAULT) -> list[tuple[LifeEvent, int, bool]]:
    """Every life event with how many public services it has, and whether its steps are in order."""
    counted = LifeEvent.objects.annotate(n=Count("services", filter=Q(services__is_public=True))).order_by("order", "slug")
    ordered = set(Journey.objects.filter(is_public=True).values_list("life_event_id", flat=True))
    return [(event, event.n, event.pk in ordered) for event in counted if event.n or event.pk in ordered]


def public_journey(slug: str, language: str = DEFAULT) -> JourneyView | None:
    journey = Journey.objects.filter(life_event__slug=slug, is_public=True).select_related("life_event").first()
    return journey_view(journey, language) if journey else None


def journey_view(journey: Journey, language: str = DEFAULT) -> JourneyView:
    """The journey with its steps in order, public or not: somebody may be on their way."""
    rows = list(journey.steps.select_related("service__department", "service__form").order_by("position"))
    texts = _texts([row.service_id for row in rows], language)
    made: dict[str, StepView] = {}
    for number, row in enumerate(rows, 1):
        text = texts.get(row.service_id)
        made[row.key] = StepView(
            row,
            number,
            row.service,
            text if row.service.is_public else None,
            Said(text.name, text.language) if text else Said(row.service.code, DEFAULT),
            said(row.why, language),
            said(row.how, language),
            tuple(made[key] for key in row.after if key in made),
            tuple(said(gift["label"], language) for gift in row.gives),
        )
    return JourneyView(
        journey, journey.life_event, said(journey.title, language), said(journey.intro, language), tuple(made.values())
    )


def _texts(services: Iterable[int], language: str) -> dict[int, ServiceText]:
    """The text of each service in this language, else the Indonesian one; requirements that are not translated are filled in."""
    found: dict[int, ServiceText] = {}
    originals: dict[int, ServiceText] = {}
    for text in ServiceText.objects.filter(service_id__in=list(services), language__in={language, DEFAULT}):
        if text.language == DEFAULT:
            originals[text.service_id] = text
        if text.language == language:
            found[text.service_id] = text
    for service, original in originals.items():
        text = found.setdefault(service, original)
        if text is not original and not text.content.get("requirements"):
            text.content = {**text.content, "requirements": original.content.get("requirements")}
            text.foreign = {"requirements"}
        elif text is original and language != DEFAULT:
            text.foreign = {"requirements"}
    return found


def other_services(slug: str, view: JourneyView | None, language: str = DEFAULT) -> list[ServiceText]:
    """Public services of the life event that are no step of its journey."""
    steps = [step.row.service_id for step in view.steps] if view else []
    rows = public_texts(language).filter(service__life_events__slug=slug)
    return list(rows.exclude(service_id__in=steps))


@dataclass(frozen=True)
class Belonging:
    """A public journey that a service is a step of."""

    slug: str
    title: Said


def journeys_of(services: Sequence[int], language: str = DEFAULT) -> list[Belonging]:
    """The public journeys that any of these services belongs to."""
    rows = Journey.objects.filter(is_public=True, steps__service_id__in=list(services)).distinct()
    return _named(rows.select_related("life_event"), language)


def public_journeys(language: str = DEFAULT) -> list[Belonging]:
    return _named(Journey.objects.filter(is_public=True).select_related("life_event"), language)


def journeys_about(language: str = DEFAULT, *, events: Sequence[str] = (), needs: Sequence[str] = ()) -> list[Belonging]:
    """The public journeys of these life events and of the life events of these needs; none when neither is named."""
    if not events and not needs:
        return []
    rows = Journey.objects.filter(Q(life_event__slug__in=events) | Q(life_event__need__slug__in=needs), is_public=True)
    return _named(rows.distinct().select_related("life_event"), language)


def _named(rows: Any, language: str) -> list[Belonging]:
    ordered = rows.order_by("life_event__order", "life_event__slug")
    return [Belonging(row.life_event.slug, said(row.title, language)) for row in ordered]


def gifts_of(service: Service) -> dict[str, dict[str, str]]:
    """What the department names at the end of this service, as any public journey says: name -> label."""
    found: dict[str, dict[str, str]] = {}
    steps = JourneyStep.objects.filter(service=service, journey__is_public=True).order_by("journey", "position")
    for gives in steps.values_list("gives", flat=True):
        for gift in gives:
            found.setdefault(gift["name"], gift["label"])
    return found


def snapshot() -> dict[str, dict[str, Any]]:
    """All that the projection writes of public journeys, by `peristiwa/<slug>`."""
    found: dict[str, dict[str, Any]] = {}
    names = [f.attname for f in JourneyStep._meta.local_fields if f.attname not in ("id", "journey_id")]
    for journey in Journey.objects.filter(is_public=True).select_related("life_event").prefetch_related("steps"):
        found[f"peristiwa/{journey.life_event.slug}"] = {
            "title": journey.title,
            "intro": journey.intro,
            "shared": journey.shared,
            "illustrative": journey.illustrative,
            "steps": [{name: getattr(step, name) for name in names} for step in journey.steps.all()],
        }
    return found
