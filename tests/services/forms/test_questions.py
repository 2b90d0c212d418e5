"""What people type is understood or answered with a sentence, whatever it is."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest

from services.forms import engine
from services.forms.documents import Form, load
from services.forms.question_types import Context, question_types, type_of

TODAY = datetime.date(2026, 11, 24)
CONTEXT = Context(today=TODAY, sources={"kelurahan": [("kel-wates", "Wates")]}, files={"a" * 32: "q"})
ODD = [
    None, True, False, 0, 1, -7, 10**18, 1.5, 1e300, "", " ", "x", "é" * 300, "\x00\x1f\x7f", "\u202e\u200b", "９" * 16, "٠١٢" * 6,
    "👍🏽", "a" + "\u0301" * 500, [], [1], ["x"], [[]], [None], {}, {"a": 1}, {"d": 1}, {"lat": "x", "lng": None}, {"d": None, "m": [], "y": {}},
]  # fmt: skip


def form_of(kind: str, **members: Any) -> Form:
    question: dict[str, Any] = {"key": "q", "type": kind, "label": {"id": "Jawaban"}, "required": True, **members}
    if kind in ("select", "choices"):
        question["options"] = [{"value": "a", "label": {"id": "A"}}, {"value": "b", "label": {"id": "B"}}]
    if kind == "kelurahan":
        question["source"] = "kelurahan"
    if kind == "group":
        question["questions"] = [{"key": "isi", "type": "text", "label": {"id": "Isi"}, "required": True}]
    part = {"key": "satu", "title": {"id": "Satu"}, "questions": [question]}
    return load({"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]})


def judged(kind: str, typed: str | dict[str, list[str]], **members: Any) -> tuple[Any, str]:
    """(value, sentence or "") of what somebody typed."""
    form = form_of(kind, **members)
    question = form.parts[0].questions[0]
    sent = typed if isinstance(typed, dict) else {"": [typed]}
    found = engine.walk(form, {"q": type_of(question).parse(question, sent)}, CONTEXT)
    return found.answers.get("q"), found.problems[0].text if found.problems else ""


@pytest.mark.parametrize("value", ODD, ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("kind", sorted(question_types))
def test_any_json_value_is_an_answer_or_a_sentence(kind: str, value: Any) -> None:
    form = form_of(kind)
    answers, problems = engine.read_api(form, {"q": value}, CONTEXT)
    assert all(problem["detail"] and "%" not in problem["detail"] for problem in problems)
    again = engine.walk(form, answers, CONTEXT)
    assert again.answers == answers, "reading twice changes nothing"
    assert engine.summary(form, answers, CONTEXT) is not None
    question = form.parts[0].questions[0]
    assert all(isinstance(text, str) for text in type_of(question).raw(question, value).values())


@pytest.mark.parametrize("kind", sorted(question_types))
def test_a_megabyte_is_answered_quickly(kind: str) -> None:
    form = form_of(kind)
    question = form.parts[0].questions[0]
    flood = "a\u0301\u202e9" * 262_144
    before = time.process_time()
    suffixes = type_of(question).suffixes
    value = type_of(question).parse(question, {suffix: [flood] for suffix in suffixes})
    problems = engine.walk(form, {"q": value}, CONTEXT).problems
    engine.walk(form, {"q": flood}, CONTEXT)
    assert time.process_time() - before < 0.2
    assert problems or kind in ("checkbox", "consent", "note"), "too long is said"


@pytest.mark.parametrize("kind", sorted(set(question_types) - {"note"}))
def test_a_missing_answer_is_asked_for_in_words(kind: str) -> None:
    problem = engine.walk(form_of(kind), {}, CONTEXT).problems[0]
    assert problem.code == "missing"
    assert problem.text.split()[0] in {"Isi", "Pilih", "Unggah", "Centang"}


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("nik", "3576 0145 0790 0001", "3576014507900001"),
        ("nik", "３５７６０１４５０７９００００１", "3576014507900001"),
        ("nik", "٣٥٧٦٠١٤٥٠٧٩٠٠٠٠١", "3576014507900001"),
        ("kk_number", "3576.0101-0101 0001", "3576010101010001"),
        ("phone", "0812-3456-7890", "+6281234567890"),
        ("phone", "+62 812 3456 7890", "+6281234567890"),
        ("phone", "62 81234567890", "+6281234567890"),
        ("phone", "(0321) 321-777", "+62321321777"),
        ("money", "Rp 1.500.000,00", 1_500_000),
        ("money", "0", 0),
        ("integer", "1.200", 1200),
        ("integer", "٣", 3),
        ("time", "9.05", "09:05"),
        ("time", "pukul 21:30 WIB", "21:30"),
        ("text", "  Siti\t Rahmawati\u200b ", "Siti Rahmawati"),
        ("textarea", "satu\r\ndua", "satu\ndua"),
        ("email", " siti@contoh.id ", "siti@contoh.id"),
    ],
)
def test_usual_spellings_are_understood(kind: str, typed: str, value: Any) -> None:
    assert judged(kind, typed) == (value, "")


@pytest.mark.parametrize("month", ["8", "08", "agu", "Agustus", "ags.", "８"])
def test_a_month_may_be_a_word(month: str) -> None:
    assert judged("date", {"d": ["17"], "m": [month], "y": ["2026"]}) == ("2026-08-17", "")


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("nik", "357601450790000", "Jawaban harus 16 angka. Yang Anda isi baru 15 angka"),
        ("nik", "35760145079000012", "Jawaban harus 16 angka. Yang Anda isi sampai 17 angka"),
        ("nik", "3576013507900001", "Jawaban tidak mungkin"),
        ("nik", "3576010713900001", "Jawaban tidak mungkin"),
        ("nik", "35760145O7900001", "Jawaban hanya boleh berisi angka"),
        ("phone", "12", "Jawaban harus nomor telepon"),
        ("money", "1,5 juta", "Jawaban harus angka rupiah"),
        ("money", "-5", "Jawaban paling sedikit Rp0"),
        ("integer", "tiga", "Jawaban harus angka bulat"),
        ("integer", "1.5", "Jawaban harus angka bulat"),
        ("time", "25.00", "Jawaban harus jam dan menit"),
        ("email", "siti@", "Jawaban harus alamat email"),
        ("select", "c", "Pilih jawaban dari daftar"),
        ("kelurahan", "kel-lain", "Pilih jawaban dari daftar"),
        ("yesno", "mungkin", "Pilih Ya atau Tidak"),
    ],
)
def test_a_mistake_gets_a_sentence_that_says_what_to_do(kind: str, typed: str, sentence: str) -> None:
    assert judged(kind, typed)[1].startswith(sentence)


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        (("25", "11", "2026"), "Jawaban harus hari ini atau sebelumnya"),
        (("31", "2", "2026"), "Jawaban harus tanggal yang ada. Periksa hari, bulan, dan tahunnya"),
        (("1", "", "2026"), "Jawaban belum lengkap. Isi bulan"),
        (("1", "1", "26"), "Tahun pada jawaban harus 4 angka, misalnya 2026"),
    ],
)
def test_a_date_says_which_piece_is_wrong(pieces: tuple[str, str, str], sentence: str) -> None:
    typed = {name: [piece] for name, piece in zip("dmy", pieces, strict=True)}
    assert judged("date", typed, max="today")[1] == sentence


def test_the_error_link_of_a_date_leads_to_its_empty_piece() -> None:
    found = engine.walk(form_of("date"), {"q": {"d": "1", "m": "", "y": "2026"}}, CONTEXT)
    assert found.problems[0].anchor == "f-q-m"


def test_a_childs_name_needs_two_words_without_title_signs() -> None:
    assert judged("text", "Arjuna", preset="child_name")[1] == "Jawaban paling sedikit dua kata, hanya huruf, tanpa gelar"
    assert judged("text", "Nur 'Aini", preset="child_name") == ("Nur 'Aini", "")


def test_a_file_of_another_question_or_draft_is_not_taken() -> None:
    form = form_of("file")
    assert not engine.walk(form, {"q": ["a" * 32]}, CONTEXT).problems
    assert engine.walk(form, {"q": ["b" * 32]}, CONTEXT).problems[0].code == "not_a_file"
    other = Context(today=TODAY, files={"a" * 32: "lain"})
    assert engine.walk(form, {"q": ["a" * 32]}, other).problems[0].code == "not_a_file"


def test_rows_are_numbered_in_sentences() -> None:
    problem = engine.walk(form_of("group"), {"q": [{"isi": "a"}, {}]}, CONTEXT).problems[0]
    assert (problem.text, problem.pointer) == ("Isi isi ke-2", "/q/1/isi")


def test_an_unknown_key_and_an_answer_that_does_not_apply_are_refused_by_the_api() -> None:
    questions = [
        {"key": "a", "type": "yesno", "label": {"id": "A"}, "required": True},
        {"key": "b", "type": "text", "label": {"id": "B"}, "show_if": {"field": "a", "equals": True}},
        {"key": "c", "type": "text", "label": {"id": "C"}, "show_if": {"field": "b", "filled": True}},
    ]
    part = {"key": "satu", "title": {"id": "Satu"}, "questions": questions}
    form = load({"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]})
    answers, problems = engine.read_api(form, {"a": False, "b": "x", "c": "y", "owner/~\x00": 1}, CONTEXT)
    assert answers == {"a": False}
    assert {(p["code"], p["pointer"]) for p in problems} == {
        ("not_applicable", "/b"), ("not_applicable", "/c"), ("unknown", "/owner~1~0"),
    }  # fmt: skip
    assert engine.effective(form, {"a": True, "b": "x", "c": "y"}, CONTEXT) == {"a": True, "b": "x", "c": "y"}
