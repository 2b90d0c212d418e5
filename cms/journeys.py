"""From journey pages to the catalogue: what a page says, its publication gate, its projection, its preview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from cms import life_events
from cms.checks import Problem
from cms.models import JourneyPage
from portal.lib import languages
from portal.lib.languages import DEFAULT
from services.catalogue.journeys import actions, lint, queries
from services.catalogue.journeys.records import (
    Gift,
    JourneyRecord,
    JourneyStepRecord,
    Place,
    SharedPart,
    SharedQuestion,
)
from services.catalogue.models import Journey, LifeEvent


def _places(text: str) -> tuple[Place, ...]:
    """`langkah.pertanyaan`, one a line."""
    pairs = (line.strip().partition(".") for line in (text or "").splitlines() if line.strip())
    return tuple((step.strip(), key.strip()) for step, _dot, key in pairs)


def _presets(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in (text or "").splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _sign, value in pairs}


def _by_key(stream: Any) -> dict[str, Any]:
    return {str(block.value.get("key") or "").strip(): block.value for block in stream}


def record_of(page: JourneyPage, translations: Iterable[JourneyPage] = ()) -> JourneyRecord:
    """The page as the catalogue keeps it, with the words of its translations. Total: half a page gives half a journey."""
    others = [(p.locale.language_code, p, _by_key(p.steps), _by_key(p.shared)) for p in translations]

    def words(own: Any, **other: Any) -> dict[str, str]:
        spoken = {DEFAULT: str(own or "").strip(), **{language: str(text or "").strip() for language, text in other.items()}}
        return {language: text for language, text in spoken.items() if text}

    def step_words(key: str, name: str, own: Any) -> dict[str, str]:
        return words(own, **{code: steps.get(key, {}).get(name) for code, _page, steps, _parts in others})

    def gift_words(key: str, gift: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for code, _page, steps, _parts in others:
            twins = {str(g.get("name") or "").strip(): g for g in steps.get(key, {}).get("gives") or ()}
            found[code] = twins.get(str(gift.get("name") or "").strip(), {}).get("label")
        return words(gift.get("label"), **found)

    def step(key: str, value: Mapping[str, Any]) -> JourneyStepRecord:
        return JourneyStepRecord(
            key=key,
            service=value.get("service") or "",
            why=step_words(key, "why", value.get("why")),
            how=step_words(key, "how", value.get("how")),
            after=tuple(k.strip() for k in (value.get("after") or "").split(",") if k.strip()),
            opens_on=value.get("opens_on") or "COMPLETED",
            optional=bool(value.get("optional")),
            may_have=bool(value.get("may_have")),
            presets=_presets(value.get("presets") or ""),
            gives=tuple(
                Gift(str(gift.get("name") or "").strip(), gift_words(key, gift), _places(gift.get("to") or ""))
                for gift in value.get("gives") or ()
            ),
        )

    def part(key: str, value: Mapping[str, Any]) -> SharedPart:
        questions = []
        for row in value.get("questions") or ():
            to = _places(row.get("to") or "")
            own = str(row.get("key") or "").strip()
            questions.append(SharedQuestion(own or (to[0][1] if to else ""), to))
        titles = {code: parts.get(key, {}).get("title") for code, _page, _steps, parts in others}
        return SharedPart(key, words(value.get("title"), **titles), tuple(questions))

    return JourneyRecord(
        life_event=page.life_event,
        title=words(page.title, **{code: p.title for code, p, _steps, _parts in others}),
        intro=words(page.intro, **{code: p.intro for code, p, _steps, _parts in others}),
        steps=tuple(step(str(b.value.get("key") or "").strip(), b.value) for b in page.steps),
        parts=tuple(part(str(b.value.get("key") or "").strip(), b.value) for b in page.shared),
        illustrative=page.illustrative,
    )


def problems(page: JourneyPage) -> list[Problem]:
    """What is missing for publication; a translation needs its title alone, the rest is shown in Indonesian until it is there."""
    if page.is_translation:
        return []
    found = [Problem(found.place, found.text) for found in lint.errors_of(record_of(page))]
    if not LifeEvent.objects.filter(slug=page.life_event).exists():
        found.insert(0, Problem("life_event", _("Pilih peristiwa hidupnya.")))
    return found


def refuse_incomplete(page: JourneyPage) -> None:
    """Raise `ValidationError` with every problem at its field."""
    by_field: dict[str, list[str]] = {}
    for problem in problems(page):
        by_field.setdefault(problem.field, []).append(problem.text)
    if by_field:
        raise ValidationError(by_field)


def warnings(page: JourneyPage) -> list[str]:
    """What the author should look at again: a question that two steps ask and nobody shares."""
    record = record_of(page)
    return [found.text for found in lint.findings(record) if found.level == "warning"]


@transaction.atomic
def sync(events: Iterable[str]) -> None:
    """Make the catalogue's journeys of these life events equal to their live pages."""
    wanted = {event for event in events if event}
    pages = JourneyPage.objects.filter(life_event__in=wanted, live=True, alias_of__isnull=True).select_related("locale")
    originals = {page.life_event: page for page in pages if not page.is_translation}
    for event in sorted(wanted):
        page = originals.get(event)
        if page is None:
            actions.withdraw_journey(event)
        else:
            twins = [p for p in pages if p.is_translation and p.translation_key == page.translation_key]
            actions.publish_journey(record_of(page, twins))


def rebuild() -> None:
    known = set(JourneyPage.objects.values_list("life_event", flat=True))
    sync(known | set(Journey.objects.values_list("life_event__slug", flat=True)))


def preview(request: HttpRequest, page: JourneyPage) -> HttpResponse:
    """The unpublished page in the public template: published in a transaction that is taken back."""
    twins = JourneyPage.objects.filter(translation_key=page.translation_key).exclude(pk=page.pk).select_related("locale")
    original = next((p for p in twins if not p.is_translation), None) if page.is_translation else page
    event = LifeEvent.objects.filter(slug=page.life_event).first()
    with translation.override(page.locale.language_code), transaction.atomic():
        view = None
        if original is not None and event is not None:
            others = [page] if page.is_translation else [p for p in twins if p.live]
            actions.publish_journey(record_of(original, others))
            view = queries.public_journey(event.slug, languages.active())
        response = life_events.show(request, event or LifeEvent(slug="x", name=page.title), view, preview=True)
        transaction.set_rollback(True)
    return response
