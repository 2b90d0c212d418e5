"""The API speaks English to developers, and to the resident behind a consumer in the language that was asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from services.forms.models import FormDefinition
from services.forms.queries import current_version
from services.forms.schemas import document_from
from tests.portal.api_calls import ANSWERS, TREE, problem_of, send

pytestmark = pytest.mark.usefixtures("demo_city")


def bearer(key: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Idempotency-Key": "satu", **more}


@pytest.mark.parametrize("lang", ["", "?lang=id", "?lang=en"])
def test_what_the_framework_refuses_is_english_whoever_asks(api: Client, key: str, lang: str) -> None:
    said = [
        problem_of(api.get(f"/api/v1/cases{lang}"), 401)["detail"],
        problem_of(api.put(f"/api/v1/cases{lang}", headers=bearer(key)), 405)["detail"],
        problem_of(api.post(f"/api/v1/cases{lang}", "<a/>", "application/xml", headers=bearer(key)), 415)["detail"],
    ]
    assert said == [
        "Authentication credentials were not provided.",
        'Method "PUT" not allowed.',
        'Unsupported media type "application/xml" in request.',
    ]


@pytest.mark.parametrize(
    ("lang", "wanted"), [("", "Isi nama lengkap"), ("?lang=id", "Isi nama lengkap"), ("?lang=en", "Enter full name")]
)
def test_a_wrong_answer_is_told_in_the_language_of_the_reader(api: Client, key: str, lang: str, wanted: str) -> None:
    body = json.dumps({**TREE, "answers": {**ANSWERS, "nama": ""}})
    answer = api.post(f"/api/v1/cases{lang}", body, "application/json", headers=bearer(key))
    problem = problem_of(answer, 422, "invalid_answers")
    assert problem["detail"] == "Some answers are not acceptable."
    assert len(problem["errors"]) == 1 and problem["errors"][0]["detail"].startswith(wanted), problem


@pytest.mark.parametrize(("lang", "wanted"), [("", "tidak bisa"), ("?lang=en", "cannot")])
def test_why_a_file_is_refused_too(api: Client, key: str, lang: str, wanted: str) -> None:
    body = {"question": "lampiran", "file": SimpleUploadedFile("surat.exe", b"MZ")}
    problem = problem_of(api.post(f"/api/v1/attachments{lang}", body, headers=bearer(key)), 422, "file_refused")
    assert wanted in problem["detail"].lower(), problem


def test_why_a_later_act_is_not_possible_too(api: Client, key: str) -> None:
    case = send(api, key, TREE).json()["reference"]
    said = {}
    for lang in ("id", "en"):
        address = f"/api/v1/cases/{case}/answer?lang={lang}"
        answer = api.post(address, json.dumps({"text": "x"}), "application/json", headers=bearer(key))
        said[lang] = problem_of(answer, 409, "conflict")["detail"]
    assert said == {
        "id": "Permohonan ini tidak sedang menunggu jawaban Anda.",
        "en": "This application is not waiting for your answer.",
    }


def test_a_form_is_described_in_either_language(api: Client) -> None:
    told: dict[str, Any] = {
        lang: api.get(f"/api/v1/services/perantingan-pohon/form?lang={lang}").json() for lang in ("id", "en")
    }
    titles = {lang: form["schema"]["properties"]["nama"]["title"] for lang, form in told.items()}
    assert titles == {"id": "Nama lengkap sesuai KTP", "en": "Full name as on ID"}
    assert told["id"]["ui"] == told["en"]["ui"]
    assert api.get("/api/v1/services/perantingan-pohon/form").json() == told["id"]
    for one in ("properties", "required"):
        assert set(told["id"]["schema"][one]) == set(told["en"]["schema"][one])
    version = current_version(FormDefinition.objects.get(services__code="perantingan-pohon"))
    assert document_from(told["id"]["schema"], told["id"]["ui"]) == version.document


def test_a_language_that_nobody_speaks_is_refused_and_nothing_is_stored(api: Client, key: str) -> None:
    answer = api.post("/api/v1/cases?lang=jv", json.dumps(TREE), "application/json", headers=bearer(key))
    assert "id or en" in problem_of(answer, 400, "unknown_language")["detail"]
    for lang in ("lang=jv", "lang=", "lang=en&lang=id", "lang=id&lang=id"):
        problem_of(api.get(f"/api/v1/services/perantingan-pohon/form?{lang}"), 400, "unknown_language")
        problem_of(api.get(f"/api/v1/services?{lang}"), 400, "unknown_language")
    assert api.get("/api/v1/cases", headers=bearer(key)).json()["count"] == 0


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "*/*", "x"])
def test_what_there_is_comes_whatever_is_accepted(api: Client, accept: str) -> None:
    answer = api.get("/api/v1/services?page_size=7", headers={"Accept": accept})
    assert answer.status_code == 200 and len(answer.json()["results"]) == 7
    problem_of(api.get("/api/v1/services/tidak-ada", headers={"Accept": accept}), 404, "not_found")
