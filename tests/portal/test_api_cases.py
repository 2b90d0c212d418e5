"""Cases by the API: to their owner alone, once by their key, and a refusal says what to correct."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from services.cases.models import Case, Delivery
from tests.portal.api_calls import ANSWERS, TREE, problem_of, send
from tests.tokens import access_token_for

pytestmark = pytest.mark.usefixtures("demo_city")


def test_alice_applies_and_a_retry_is_the_same_case(api: Client, key: str, alice: User) -> None:
    answer = send(api, key, TREE)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    case = Case.objects.get()
    assert case.resident == alice and case.answers["keperluan"] == "Dahan menyentuh kabel"
    moments = {"city": made["receipts"].pop("city"), "due": made.pop("due_at")}
    assert (
        datetime.fromisoformat(moments["city"]) == case.created_at and datetime.fromisoformat(moments["due"]) == case.due_at
    )
    assert made == {
        "reference": case.reference,
        "service": "perantingan-pohon",
        "department": "dlh",
        "status": "SUBMITTED",
        "phase": "open",
        "receipts": {"department": None},
        "acts": [],
        "url": f"/permohonan/{case.reference}/",
    }
    assert re.fullmatch(r"MJK-\d{4}-[0-9A-Z]{4,}-[0-9A-Z*~$=]", case.reference), case.reference
    again = send(
        api, key, json.dumps({"answers": dict(reversed(ANSWERS.items())), "service": "perantingan-pohon"}, indent=2)
    )
    assert again.status_code == 201 and again.content == answer.content
    assert Case.objects.count() == 1 and Delivery.objects.count() == 1
    headers = {"Authorization": f"Bearer {key}"}
    assert api.get(f"/api/v1/cases/{case.reference}", headers=headers).json()["reference"] == case.reference
    assert [row["reference"] for row in api.get("/api/v1/cases", headers=headers).json()["results"]] == [case.reference]


def test_the_key_with_another_body_is_refused(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    other = {**TREE, "answers": {**ANSWERS, "alamat": "Jl. Contoh 2"}}
    problem_of(send(api, key, other), 422, "key_reused")
    assert Case.objects.count() == 1
    assert send(api, key, other, "dua").status_code == 201 and Case.objects.count() == 2


def test_a_number_belongs_to_its_consumer(api: Client, key: str, adi: User) -> None:
    first = send(api, key, TREE).json()["reference"]
    second = send(api, access_token_for(adi), TREE).json()["reference"]
    assert first != second and Case.objects.count() == 2


@pytest.mark.parametrize("number", ["", "a b", "x" * 101, "kunci\té"])
def test_a_case_needs_an_idempotency_key(api: Client, key: str, number: str) -> None:
    code = "idempotency_key_invalid" if number else "idempotency_key_missing"
    problem_of(send(api, key, TREE, number), 400, code)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        [],
        "teks",
        7,
        None,
        {},
        {"service": "perantingan-pohon"},
        {"service": "perantingan-pohon", "answers": []},
        {"service": "perantingan-pohon", "answers": ANSWERS, "status": "COMPLETED"},
        {"service": ["perantingan-pohon"], "answers": ANSWERS},
        {"service": 7, "answers": ANSWERS},
        {"answers": ANSWERS},
    ],
)
def test_a_body_of_another_shape_is_refused(api: Client, key: str, body: Any) -> None:
    answer = send(api, key, json.dumps(body))
    problem_of(answer, 400, "invalid")
    assert not Case.objects.exists()


@pytest.mark.parametrize("code", ["tidak-ada", "", "../x", "x" * 5000])
def test_a_service_nobody_has_is_refused(api: Client, key: str, code: str) -> None:
    problem_of(send(api, key, {"service": code, "answers": ANSWERS}), 404, "service_not_found")


def test_an_unknown_answer_is_named_by_its_pointer(api: Client, key: str) -> None:
    answers = {**ANSWERS, "status": "COMPLETED", "a/b~c": 1}
    problem = problem_of(send(api, key, {**TREE, "answers": answers}), 422, "invalid_answers")
    assert {(e["code"], e["pointer"]) for e in problem["errors"]} == {("unknown", "/status"), ("unknown", "/a~1b~0c")}
    assert not Case.objects.exists()


def test_bad_answers_are_told_in_the_words_of_the_page(api: Client, key: str, alice: User) -> None:
    wrong = {
        **ANSWERS,
        "nik": "357601450790000",
        "telepon": "12",
        "nama": "",
        "kelurahan": "kel-tidak-ada",
        "alamat": "x" * 201,
    }
    problem = problem_of(send(api, key, {**TREE, "answers": wrong}), 422, "invalid_answers")
    said = {e["pointer"]: e["detail"] for e in problem["errors"]}
    assert set(said) == {"/nik", "/telepon", "/nama", "/kelurahan", "/alamat"}

    page = Client()
    page.force_login(alice)
    draft = page.get("/layanan/perantingan-pohon/ajukan/")["Location"]
    typed = {f"f.{name}": wrong[name] for name in ("nik", "telepon", "nama", "kelurahan", "alamat")}
    after = page.post(f"{draft}pemohon/", {**typed, "aksi": "lanjut"}, follow=True)
    html = after.content.decode()
    for sentence in said.values():
        assert html.count(f">{sentence}<") >= 1, (sentence, re.findall(r"k-errors.*?</ul>", html, re.DOTALL))


@pytest.mark.parametrize("value", [None, [], {}, 7, True, 1.5, [["x"]], {"a": "b"}, "\u202e", "a\u0007b", "x" * 100_000])
@pytest.mark.parametrize("name", ["nik", "nama", "kelurahan", "keperluan", "lampiran", "setuju_data"])
def test_an_answer_of_any_kind_is_judged_and_never_breaks(api: Client, key: str, name: str, value: Any) -> None:
    answer = send(api, key, {**TREE, "answers": {**ANSWERS, name: value}})
    if answer.status_code == 201:
        kept = value.replace("\u0007", " ") if isinstance(value, str) else value
        assert Case.objects.get().answers.get(name) in (kept, None)
    else:
        problem = problem_of(answer, 422, "invalid_answers")
        assert all(e["pointer"].startswith(f"/{name}") for e in problem["errors"]), problem
        assert not Case.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"service": "a", "service": "b", "answers": {}}',
        b'{"service": "perantingan-pohon", "answers": {"nik": NaN}}',
        b'{"service": "perantingan-pohon", "answers": {"nik": Infinity}}',
        b'{"service": "perantingan-pohon", "answers": {"nik": 1e999}}',
        b'{"service": "perantingan-pohon", "answers": {"nik": 123456789012345678901234567890}}',
        b'{"service": "perantingan-pohon", "answers": {"nik": "\\u0000"}}',
        b'{"service": "perantingan-pohon", "answers": {"nik": "\\ud800"}}',
        b'{"answers": ' + b"[" * 65 + b"]" * 65 + b"}",
        b"[" * 90_000,
        b"[" * 300_000,
        b'{"a":' * 90_000,
    ],
    ids=range(15),
)
def test_json_that_is_none_is_refused_and_never_breaks(api: Client, key: str, body: bytes) -> None:
    problem_of(send(api, key, body), 400, "parse_error")


def test_another_kind_of_body_is_refused(api: Client, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "satu"}
    problem_of(api.post("/api/v1/cases", "<a/>", content_type="application/xml", headers=headers), 415)
    problem_of(api.post("/api/v1/cases", {"service": "x"}, headers=headers), 415)


# --- who is asking --------------------------------------------------------------------------------------------------


def test_a_session_without_the_token_is_refused_and_with_it_applies(api: Client, alice: User) -> None:
    api.force_login(alice)
    problem_of(send(api, "", TREE), 403)
    assert not Case.objects.exists()
    api.get("/akun/keluar/")
    assert send(api, "", TREE, **{"X-CSRFToken": api.cookies["csrftoken"].value}).status_code == 201


def test_another_persons_case_is_not_there(api: Client, key: str, adi: User) -> None:
    reference = send(api, key, TREE).json()["reference"]
    other = {"Authorization": f"Bearer {access_token_for(adi)}"}
    hidden = problem_of(api.get(f"/api/v1/cases/{reference}", headers=other), 404, "not_found")
    absent = problem_of(api.get("/api/v1/cases/MJK-2611-ZZZZ-Z", headers=other), 404, "not_found")
    assert hidden == absent
    assert api.get("/api/v1/cases", headers=other).json()["results"] == []
