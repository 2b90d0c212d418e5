"""The derived JSON Schema and the walk judge alike, and the pair leads back to the document."""

from __future__ import annotations

import datetime
import hashlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from services.forms import engine
from services.forms.documents import Document, Form, Question, canonical, load
from services.forms.lint import lint
from services.forms.question_types import Context
from services.forms.schemas import NotOurPairError, derive, document_from
from tests.services.forms.forms_of_the_city import DOCUMENTS

TODAY = datetime.date(2026, 11, 24)
# What JSON Schema cannot say: rules between questions, kept lists, whose file it is, limits that move with the day.
UNSAYABLE = {"before", "same", "not_a_file", "too_early", "too_late"}
GOOD: dict[str, list[Any]] = {
    "nik": ["3576014507900001", "3576014507900002", "3576015211850003"],
    "kk_number": ["3576010101010001"],
    "phone": ["+6281200000001"],
    "email": ["siti@contoh.id"],
    "text": ["Siti Rahmawati", "Jalan Majapahit 12", "02", "S 1234 AB", "0001234567890"],
    "textarea": ["Untuk sekolah\nanak"],
    "integer": [1, 2, 2020],
    "money": [0, 1_500_000],
    "date": ["2026-11-24", "2026-12-01", "2020-02-29"],
    "time": ["09:05"],
    "kelurahan": ["kel-wates"],
    "checkbox": [True, False],
    "yesno": [True, False],
    "consent": [True],
    "geo_point": [{"lat": -7.4726, "lng": 112.4381}],
}
BAD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**15,
    "",
    "x",
    "3576",
    "2026-02-30",
    "1800-01-01",
    [],
    ["x"],
    [1],
    {},
    {"lat": 1},
    "9" * 3000,
]


def file_of(question: Question) -> str:
    return hashlib.sha256(question.key.encode()).hexdigest()[:32]


def good_answer(question: Question, draw: random.Random) -> Any:
    if question.type in ("select", "choices"):
        picked = draw.choice(question.options).value
        return picked if question.type == "select" else [picked]
    if question.type == "group":
        return [{inner.key: good_answer(inner, draw) for inner in question.questions} for _ in range(draw.randint(1, 3))]
    if question.type == "file":
        return [file_of(question)]
    return draw.choice(GOOD[question.type])


def context_of(form: Form) -> Context:
    files = {file_of(question): question.key for question in form.questions() if question.type == "file"}
    return Context(today=TODAY, sources={"kelurahan": [("kel-wates", "Wates")]}, files=files)


HARD: Document = {
    "profile": "kota-form/1",
    "title": {"id": "Sulit", "en": "Hard"},
    "parts": [
        {
            "key": "satu",
            "title": {"id": "Satu"},
            "intro": {"id": "Isi semua."},
            "questions": [
                {"key": "catatan", "type": "note", "label": {"id": "Baca dulu"}},
                {"key": "status", "type": "select", "label": {"id": "Status", "en": "Status"}, "required": True,
                 "options": [{"value": v, "label": {"id": v.title()}} for v in ("kawin", "belum", "cerai")]},
                {"key": "jumlah", "type": "integer", "label": {"id": "Jumlah anak"}, "min": 0, "max": 20},
                {"key": "kembar", "type": "yesno", "label": {"id": "Kembar"}, "required": True,
                 "show_if": {"field": "jumlah", "at_least": 2}},
                {"key": "setuju", "type": "checkbox", "label": {"id": "Ada wali"}},
            ],
        },
        {
            "key": "dua",
            "title": {"id": "Dua"},
            "questions": [
                {"key": "wali", "type": "text", "label": {"id": "Nama wali"}, "required": True, "preset": "person_name",
                 "show_if": {"field": "setuju", "equals": True}},
                {"key": "tanpa_wali", "type": "text", "label": {"id": "Alasan"}, "min_length": 3, "max_length": 20,
                 "show_if": {"field": "setuju", "equals": False}},
                {"key": "bahasa", "type": "choices", "label": {"id": "Bahasa"},
                 "options": [{"value": v, "label": {"id": v.upper()}} for v in ("id", "jv")]},
                {"key": "anak", "type": "group", "label": {"id": "Anak"}, "min_rows": 1, "max_rows": 3,
                 "show_if": {"all": [{"field": "jumlah", "filled": True},
                                     {"any": [{"field": "status", "in": ["kawin", "cerai"]}, {"field": "kembar", "filled": True}]}]},
                 "questions": [{"key": "nama_anak", "type": "text", "label": {"id": "Nama anak"}, "required": True},
                               {"key": "lahir", "type": "date", "label": {"id": "Tanggal lahir"}}]},
            ],
        },
    ],
}  # fmt: skip
ALL = {**DOCUMENTS, "sulit": HARD}


@pytest.mark.parametrize("code", sorted(ALL))
def test_every_form_can_be_published_and_comes_back_from_its_pair(code: str) -> None:
    document = canonical(ALL[code])
    assert [finding for finding in lint(document) if finding.level == "error"] == []
    schema, ui = derive(document)
    Draft202012Validator.check_schema(schema)
    assert document_from(schema, ui) == document


def test_schemas_that_are_not_a_pair_are_refused() -> None:
    schema, ui = derive(HARD)
    for wrong in ({}, {**ui, "profile": "lain"}, {**ui, "parts": 1}):
        with pytest.raises(NotOurPairError):
            document_from(schema, wrong)


@settings(max_examples=400, deadline=None)
@given(code=st.sampled_from(sorted(ALL)), seed=st.integers(0, 2**32), odd=st.integers(0, 3))
def test_schema_and_walk_agree_on_what_counts(code: str, seed: int, odd: int) -> None:
    form, draw = load(ALL[code]), random.Random(seed)
    asked = [question for question in form.questions() if question.type != "note"]
    raw = {q.key: good_answer(q, draw) for q in asked if draw.random() < 0.95}
    for question in draw.sample(asked, min(odd, len(asked))):
        raw[question.key] = draw.choice(BAD)
    walk = engine.walk(form, raw, context_of(form))
    schema, _ui = derive(ALL[code])
    complaints = list(Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(walk.answers))
    if not walk.problems:
        assert complaints == [], "the schema takes what the walk takes"
    elif {problem.code for problem in walk.problems} - UNSAYABLE and not _only_unsayable(form, walk):
        assert complaints, [problem.code for problem in walk.problems]


def _only_unsayable(form: Form, walk: engine.Walk) -> bool:
    """Kept lists and limits that move with the year are left to the walk."""

    def left_out(problem: engine.Problem) -> bool:
        question = form.question(problem.key)
        moving = question is not None and any(isinstance(bound, str) for bound in (question.min, question.max))
        kept = question is not None and bool(question.source) and isinstance(walk.answers.get(problem.key), str)
        return (
            problem.code in UNSAYABLE
            or (kept and problem.code == "not_an_option")
            or (moving and problem.code in ("too_small", "too_large"))
        )

    return all(left_out(problem) for problem in walk.problems)
