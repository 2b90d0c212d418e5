"""A published version never changes, a broken document is never published."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from services.forms.actions import FormNotPublishableError, publish_form
from services.forms.lint import lint
from services.forms.models import FormVersion
from services.forms.queries import current_version
from tests.services.forms.forms_of_the_city import DOCUMENTS, SERVICES

BIRTH = DOCUMENTS["akta-kelahiran"]


def test_the_city_has_twenty_four_forms_with_files_last_and_conditional_files_required() -> None:
    assert len(DOCUMENTS) == 24
    for slug, document in DOCUMENTS.items():
        questions = [question for part in document["parts"] for question in part["questions"]]
        asked = SERVICES[slug].get("form_fields")
        assert asked is None or {field["key"] for field in asked} == {question["key"] for question in questions}
        files = [question for question in questions if question["type"] == "file"]
        assert all(question in document["parts"][-1]["questions"] for question in files)
        assert all(question["required"] for question in files if "show_if" in question)
        assert document["parts"][0]["title"]["id"] in ("Pemohon", "Pelapor")


def test_publishing_the_same_document_again_makes_no_new_version(db: None) -> None:
    first = publish_form("akta", BIRTH)
    assert publish_form("akta", copy.deepcopy(BIRTH)) == first
    changed = copy.deepcopy(BIRTH)
    changed["parts"][0]["title"]["id"] = "Siapa yang mengajukan"
    second = publish_form("akta", changed, note="Judul bagian")
    assert (second.number, current_version(second.definition)) == (2, second)
    assert first.digest != second.digest


@pytest.mark.parametrize("change", [{"document": {}}, {"schema": {}}, {"ui": {}}, {"digest": "x"}, {"number": 9}])
def test_the_database_refuses_to_change_a_published_version(db: None, change: dict[str, Any]) -> None:
    version = publish_form("akta", BIRTH)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        FormVersion.objects.filter(pk=version.pk).update(**change)
    FormVersion.objects.filter(pk=version.pk).update(replaces_drafts=True)  # how it is used may be decided later


def _with(**members: Any) -> dict[str, Any]:
    question = {"key": "b", "type": "text", "label": {"id": "B"}, **members}
    first = {"key": "a", "type": "select", "label": {"id": "A"}, "options": [{"value": "x", "label": {"id": "X"}}]}
    part = {"key": "satu", "title": {"id": "Satu"}, "questions": [first, question]}
    return {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]}


@pytest.mark.parametrize(
    "document",
    [
        None, [], {}, {"profile": "kota-form/1"}, {"profile": "kota-form/1", "title": {"id": "x"}, "parts": [1]},
        _with(key="a"), _with(type="sihir"), _with(type=["text"]), _with(label="B"), _with(harga=1), _with(preset="(a+)+b"),
        _with(type="select"), _with(min="besok"), _with(not_before="c"),
        _with(show_if={"field": "b", "filled": True}), _with(show_if={"field": "a", "equals": "y"}),
        _with(show_if={"field": "a"}), _with(show_if="a"), _with(show_if={"all": [{"any": [{"all": []}]}]}),
        _with(type="group", questions=[]), _with(type="group", questions=[{"key": "c", "type": "file", "label": {"id": "C"}}]),
    ],
)  # fmt: skip
def test_a_broken_document_is_refused_with_a_reason(db: None, document: Any) -> None:
    assert all(finding.text for finding in lint(document))
    with pytest.raises(FormNotPublishableError):
        publish_form("rusak", document)
    assert not FormVersion.objects.exists()
