"""Versions that were published before this release: they are read, judged, shown and derived as on their first day.

The files are never written anew: a change of the document's language that makes one of these fail breaks running drafts.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string

from services.cases.applying import check_page, part_page, task_page
from services.cases.trial import Papers, Trial, sample_file
from services.catalogue.models import Department, Service
from services.forms.documents import digest_of, load
from services.forms.engine import walk
from services.forms.lint import errors_of
from services.forms.models import FormDefinition, FormVersion
from services.forms.question_types import Context
from services.forms.samples import sample_answers
from services.forms.schemas import derive

FROZEN = {path.stem: path for path in sorted((Path(__file__).parent / "frozen").glob("*.json"))}
SOURCES = {"kelurahan": [("kel-wates", "Wates")]}
TODAY = date(2026, 11, 25)


class Addresses:
    def __getattr__(self, name: str) -> str:
        return f"/{name}/"

    def part(self, key: str) -> str:
        return f"/{key}/"


@pytest.fixture(params=sorted(FROZEN))
def frozen(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FROZEN[request.param].read_text(encoding="utf-8"))
    return found


def test_it_has_no_errors_and_its_digest_and_schemas_are_what_they_were(frozen: dict[str, Any]) -> None:
    document = frozen["document"]
    assert errors_of(document) == []
    assert digest_of(document) == frozen["digest"]
    assert derive(document) == (frozen["schema"], frozen["ui"])


def test_it_takes_the_same_answers(frozen: dict[str, Any]) -> None:
    form = load(frozen["document"])
    sample = sample_answers(form, today=TODAY, sources=SOURCES)
    assert sample.missing == ()
    assert walk(form, sample.answers, Context(TODAY, SOURCES, sample.files)).problems == ()
    assert walk(form, {}, Context(TODAY, SOURCES)).problems


def test_every_page_of_it_is_shown_in_both_languages(frozen: dict[str, Any], db: None) -> None:
    form = load(frozen["document"])
    sample = sample_answers(form, today=TODAY, sources=SOURCES)
    trial = Trial(
        service=Service(pk=0, code="uji", department=Department(code="uji", name="Uji", short_name="Uji")),
        version=FormVersion(definition=FormDefinition(code="uji"), number=1, document=frozen["document"]),
        addresses=Addresses(),
        answers={key: value for key, value in sample.answers.items() if key not in sample.files.values()},
        seen=[part.key for part in form.parts],
        attachments=Papers([sample_file(ref, key) for ref, key in sample.files.items()]),
    )
    assert "k-tasks" in render_to_string("cases/tasks.html", task_page(trial))
    assert "k-summary" in render_to_string("cases/check.html", check_page(trial, changed=False, undeclared=False))
    shown = [page for part in form.parts if (page := part_page(trial, part.key, judged=True)) is not None]
    assert len(shown) == len(form.parts)
    for page in shown:
        assert "Simpan dan lanjut" in render_to_string("cases/part.html", page)
