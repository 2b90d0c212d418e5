"""The demo city's journeys, as the city's desk would write them: pages under its own page, in both languages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from cms.models import DepartmentPage, JourneyPage

DATA = Path(__file__).parent / "journeys.yaml"
Words = Callable[[Any], str]


def ensure() -> int:
    """Make the pages that are not there; how many were made. The services have to be public before."""
    made = 0
    desks = {p.locale.language_code: p for p in DepartmentPage.objects.filter(department=settings.CITY_DESK)}
    for row in yaml.safe_load(DATA.read_text("utf-8"))["journeys"] if "id" in desks else ():
        if JourneyPage.objects.filter(life_event=row["life_event"]).exists():
            continue
        key = uuid.uuid4()
        for language, desk in sorted(desks.items()):  # English first: the shared questions are published once, in both
            page = page_of(row, language)
            page.translation_key, page.locale = key, desk.locale
            _publish(desk, page)
        made += 1
    return made


def page_of(row: dict[str, Any], language: str) -> JourneyPage:
    """The page of one journey of the data, in one language."""

    def word(text: Any) -> str:
        return str((text or {}).get(language) or "")

    return JourneyPage(
        title=word(row["title"]),
        slug=f"peristiwa-{row['life_event']}",
        life_event=row["life_event"],
        intro=word(row["intro"]),
        steps=[("step", _step(step, word)) for step in row["steps"]],
        shared=[("part", _part(part, word)) for part in row["parts"]],
        illustrative=True,
    )


def _step(step: dict[str, Any], word: Words) -> dict[str, Any]:
    return {
        "key": step["key"],
        "service": step["service"],
        "why": word(step["why"]),
        "how": word(step.get("how")),
        "after": ", ".join(step.get("after", ())),
        "opens_on": step.get("opens_on", "COMPLETED"),
        "optional": step.get("optional", False),
        "may_have": step.get("may_have", False),
        "presets": "\n".join(f"{key} = {value}" for key, value in step.get("presets", {}).items()),
        "gives": [
            {"name": gift["name"], "label": word(gift["label"]), "to": "\n".join(gift["to"])}
            for gift in step.get("gives", ())
        ],
    }


def _part(part: dict[str, Any], word: Words) -> dict[str, Any]:
    questions = [{"key": "", "to": "\n".join(places)} for places in part["questions"]]
    return {"key": part["key"], "title": word(part["title"]), "questions": questions}


def _publish(parent: DepartmentPage, page: JourneyPage) -> None:
    DepartmentPage.objects.get(pk=parent.pk).add_child(instance=page)
    page.save_revision().publish()
