"""Sample answers: every form of the demo city accepts its own, and what is proposed from a document too."""

from datetime import date

import pytest

from services.forms.documents import load
from services.forms.engine import walk
from services.forms.question_types import Context
from services.forms.samples import sample_answers
from tests.services.forms.forms_of_the_city import DOCUMENTS

TODAY = date(2026, 11, 25)
SOURCES = {"kelurahan": [("gunung-gedangan", "Gunung Gedangan")]}


@pytest.mark.parametrize("code", sorted(DOCUMENTS))
@pytest.mark.parametrize("full", [True, False])
def test_a_form_of_the_city_accepts_its_sample(code, full):
    form = load(DOCUMENTS[code])
    sample = sample_answers(form, today=TODAY, sources=SOURCES, full=full)
    assert sample.missing == ()
    found = walk(form, sample.answers, Context(TODAY, SOURCES, sample.files))
    assert found.problems == ()
    assert found.answers == sample.answers


def _form(*questions):
    part = {"key": "a", "title": {"id": "A"}, "questions": list(questions)}
    return load({"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]})


def test_a_hint_is_taken_where_it_fits_and_left_where_it_does_not():
    form = _form(
        {"key": "kota", "type": "text", "label": {"id": "Kota"}},
        {"key": "nik", "type": "nik", "label": {"id": "NIK"}, "required": True},
        {"key": "sejak", "type": "date", "label": {"id": "Sejak"}, "max": "today"},
    )
    sample = sample_answers(form, today=TODAY, hints={"kota": "Surabaya", "nik": "contoh", "sejak": "2024-02-29"})
    assert sample.answers["kota"] == "Surabaya"
    assert sample.answers["nik"] != "contoh"
    assert sample.answers["sejak"] == "2024-02-29"


def test_a_question_that_nothing_fits_is_named():
    form = _form({"key": "a", "type": "date", "label": {"id": "A"}, "required": True, "min": "today+1y", "max": "today-1y"})
    assert sample_answers(form, today=TODAY).missing == ("a",)
