"""The API says what the pages say: the catalogue to everybody, cases to their owner, refusals in words and never a 500."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User
from services.adapters.models import Connection
from services.cases.constants import DeliveryState
from services.cases.models import Case, Delivery
from services.catalogue.models import Service, ServiceText

pytestmark = pytest.mark.usefixtures("demo_city")

ANSWERS: dict[str, Any] = {
    "nik": "3576014507900001",
    "nama": "Alice Contoh",
    "telepon": "+6281200000001",
    "kelurahan": "kel-mentikan",
    "alamat": "Jl. Contoh 1",
    "keperluan": "Dahan menyentuh kabel",
    "setuju_data": True,
}
TREE = {"service": "perantingan-pohon", "answers": ANSWERS}


@pytest.fixture
def api() -> Client:
    """A consumer whose mistakes become answers, as they do in production, and who owes a CSRF token like everybody."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def key(alice: User) -> str:
    return create_api_key(alice, label="uji")


def read(client: Client, path: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.content
    if status >= 400:
        problem_of(answer, status)
    found: dict[str, Any] = json.loads(answer.content)
    return found


def problem_of(answer: Any, status: int, code: str = "") -> dict[str, Any]:
    """An answer that is a problem document (RFC 9457) of this status and code."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == status and found["title"] and found["detail"] and found["type"]
    assert not code or found["code"] == code, found
    return found


def send(client: Client, key: str, body: Any, number: str = "satu", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {key}"} if key else {}
    if number:
        given["Idempotency-Key"] = number
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return client.post("/api/v1/cases", data, content_type="application/json", headers={**given, **headers})


# --- the catalogue --------------------------------------------------------------------------------------------------


def test_everybody_reads_the_services_without_an_account_or_a_cookie(api: Client) -> None:
    answer = api.get("/api/v1/services")
    assert answer.status_code == 200 and not answer.cookies
    first = answer.json()
    assert set(first) == {"results", "next", "count"}
    assert first["count"] == 94 and len(first["results"]) == 50
    second = api.get(first["next"]).json()
    assert len(second["results"]) == 44 and second["next"] is None
    codes = [row["code"] for row in first["results"] + second["results"]]
    assert len(set(codes)) == 94
    row = next(row for row in first["results"] + second["results"] if row["code"] == "akta-kelahiran")
    assert row == {
        "code": "akta-kelahiran",
        "name": "Penerbitan Akta Kelahiran",
        "summary": row["summary"],
        "language": "id",
        "department": "dispendukcapil",
        "category": "kependudukan",
        "channel": "FORM",
        "availability": "AVAILABLE",
        "free": True,
        "fee_amount": None,
        "fee_note": "Tidak dipungut biaya",
        "time": {"value": 3, "unit": "hari_kerja"},
        "illustrative": True,
        "url": "/layanan/akta-kelahiran/",
        "updated_at": row["updated_at"],
        "withdrawn": False,
    }


@pytest.mark.parametrize("words", ["akte lair", "ktp ilang", "izin usaha", "pohon", "pajak", "kebakaran"])
def test_a_search_has_the_order_of_the_page(api: Client, words: str) -> None:
    hits = read(api, f"services?q={words}&page_size=200")
    html = api.get(f"/layanan/?q={words}").content.decode()
    shown = re.findall(r'<h3[^>]*><a[^>]* href="(/layanan/[a-z0-9-]+/)"', html)
    assert shown and shown == [row["url"] for row in hits["results"]][: len(shown)]
    assert len(shown) == min(20, hits["count"])


def test_a_search_too_long_is_cut_as_on_the_page(api: Client) -> None:
    words = "akta kelahiran" + " " * 190 + "pohon"
    assert read(api, f"services?q={words}")["results"] == read(api, "services?q=akta kelahiran")["results"]


def test_a_search_for_nothing_known_is_an_empty_list(api: Client) -> None:
    assert read(api, "services?q=zzxqw") == {"results": [], "next": None, "count": 0}


def test_filters_narrow_and_combine(api: Client) -> None:
    def codes(query: str) -> set[str]:
        return {row["code"] for row in read(api, f"services?page_size=200&{query}")["results"]}

    everything = read(api, "services?page_size=200")["results"]
    assert codes("department=dlh") == {row["code"] for row in everything if row["department"] == "dlh"} != set()
    assert codes("channel=FORM") == {row["code"] for row in everything if row["channel"] == "FORM"}
    assert len(codes("channel=FORM")) == 24
    assert codes("free=true") == {row["code"] for row in everything if row["free"]} == codes("free=1")
    assert codes("free=false") == {row["code"] for row in everything}
    both = codes("department=dlh&department=dispendukcapil")
    assert both == codes("department=dlh") | codes("department=dispendukcapil")
    assert codes("department=dlh&channel=FORM") == codes("department=dlh") & codes("channel=FORM") != set()
    event = Service.objects.get(code="akta-kelahiran").life_events.first()
    assert event is not None and "akta-kelahiran" in codes(f"life_event={event.slug}")
    assert "akta-kelahiran" in codes("category=kependudukan") and codes("category=tidak-ada") == set()
    assert codes("q=pohon&department=dlh") <= codes("department=dlh")


@pytest.mark.parametrize(
    "query", ["category=%00", "department=a%00b", "channel=%00", "life_event=%00", "need=%00", "q=%00", "page=%00"]
)
def test_a_nul_is_no_value(api: Client, query: str) -> None:
    """PostgreSQL refuses such a text with an exception; it must not get that far."""
    problem_of(api.get(f"/api/v1/services?{query}"), 400, "invalid_filter")


def test_a_page_has_at_most_two_hundred(api: Client) -> None:
    assert len(read(api, "services?page_size=100000000")["results"]) == 94
    assert len(read(api, "services?page_size=3&page=2")["results"]) == 3
    assert read(api, "services?page=3")["results"] == []
    from portal.lib.pagination import MAX_PAGE_SIZE

    assert MAX_PAGE_SIZE == 200


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "٣", "9999999999", "1e3"])
def test_a_bad_page_is_refused_in_words(api: Client, name: str, value: str) -> None:
    problem_of(api.get(f"/api/v1/services?{name}={value}"), 400, f"invalid_{name}")


def test_a_language_nobody_has_is_refused(api: Client) -> None:
    problem_of(api.get("/api/v1/services?lang=xx"), 400, "unknown_language")


def test_services_in_english_and_what_is_not_translated_in_indonesian(api: Client) -> None:
    code = "akta-kelahiran"
    found = {row["code"]: row for row in read(api, "services?lang=en&page_size=200")["results"]}
    assert len(found) == 94
    assert (found[code]["name"], found[code]["language"]) == ("Birth certificate", "en")
    assert found[code]["url"] == f"/en/layanan/{code}/"
    detail = read(api, f"services/{code}?lang=en")
    assert "requirements" in detail["untranslated"] and detail["content"]["requirements"]
    assert read(api, f"services/{code}")["untranslated"] == []
    ServiceText.objects.filter(language="en", service__code=code).delete()
    row = next(r for r in read(api, "services?lang=en&page_size=200")["results"] if r["code"] == code)
    assert (row["name"], row["language"]) == (found_in_indonesian(api, code)["name"], "id")


def found_in_indonesian(api: Client, code: str) -> dict[str, Any]:
    return next(row for row in read(api, "services?page_size=200")["results"] if row["code"] == code)


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("words", ["birth certificate", "akta lahir", "akte"])
def test_words_of_either_language_find_in_both(api: Client, words: str, lang: str) -> None:
    assert "akta-kelahiran" in [row["code"] for row in read(api, f"services?q={words}&lang={lang}")["results"][:3]]


def test_one_service_with_all_that_its_page_says(api: Client) -> None:
    found = read(api, "services/akta-kelahiran")
    assert found["name"] == "Penerbitan Akta Kelahiran"
    assert len(found["content"]["requirements"]) == 5 and found["content"]["product"]
    read(api, "services/tidak-ada", 404)


def test_the_form_of_an_online_service_is_json_schema(api: Client) -> None:
    from jsonschema import Draft202012Validator

    found = read(api, "services/perantingan-pohon/form")
    assert (found["service"], found["version"]) == ("perantingan-pohon", 1)
    Draft202012Validator.check_schema(found["schema"])
    Draft202012Validator(found["schema"]).validate(ANSWERS)
    assert found["ui"]["parts"][0]["key"] == "pemohon"
    offline = Service.objects.exclude(channel="FORM").first()
    assert offline is not None
    read(api, f"services/{offline.code}/form", 404)
    read(api, "services/tidak-ada/form", 404)


@pytest.mark.parametrize(
    ("path", "code", "more"),
    [
        ("departments", "dispendukcapil", {"short_name", "kind", "parent", "illustrative"}),
        ("categories", "kependudukan", set()),
        ("life-events", "", set()),
    ],
)
def test_the_short_lists(api: Client, path: str, code: str, more: set[str]) -> None:
    found = read(api, path)
    assert found["next"] is None and found["count"] == len(found["results"]) > 5
    assert all(set(row) == {"code", "name", "name_en"} | more for row in found["results"])
    assert not code or code in {row["code"] for row in found["results"]}


def test_what_is_not_there_is_a_problem_document(api: Client) -> None:
    read(api, "tidak/ada", 404)
    problem_of(api.post("/api/v1/services"), 405)


# --- cases ----------------------------------------------------------------------------------------------------------


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
    second = send(api, create_api_key(adi, label="uji"), TREE).json()["reference"]
    assert first != second and Case.objects.count() == 2


@pytest.mark.parametrize("number", ["", "a b", "x" * 101, "kunci\té"])
def test_a_case_needs_an_idempotency_key(api: Client, key: str, number: str) -> None:
    problem_of(send(api, key, TREE, number), 400, "idempotency_key_missing")
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


def test_without_credentials_it_says_how_to_bring_some(api: Client) -> None:
    for answer in (send(api, "", TREE), api.get("/api/v1/cases"), api.get("/api/v1/cases/MJK-2611-AAAA-A")):
        problem_of(answer, 401)
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("wrong", ["lk_00000000_x", "lk_", "lk", "x", "lk_a_b_c", "é", "lk_00000000_" + "x" * 5000])
def test_a_wrong_api_key_is_refused(api: Client, key: str, wrong: str) -> None:
    answer = send(api, wrong, TREE)
    problem_of(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer") and not Case.objects.exists()


def test_the_right_prefix_with_another_secret_is_refused(api: Client, key: str) -> None:
    problem_of(send(api, key[:-1] + ("a" if key[-1] != "a" else "b"), TREE), 401)


def test_a_revoked_key_and_a_closed_account_are_refused(api: Client, key: str, alice: User) -> None:
    alice.is_active = False
    alice.save()
    problem_of(send(api, key, TREE), 401)
    alice.is_active = True
    alice.save()
    ApiKey.objects.update(revoked_at=timezone.now())
    problem_of(send(api, key, TREE), 401)
    assert not Case.objects.exists()


def test_a_session_without_the_token_is_refused_and_with_it_applies(api: Client, alice: User) -> None:
    api.force_login(alice)
    problem_of(send(api, "", TREE), 403)
    assert not Case.objects.exists()
    api.get("/akun/keluar/")
    assert send(api, "", TREE, **{"X-CSRFToken": api.cookies["csrftoken"].value}).status_code == 201


def test_another_persons_case_is_not_there(api: Client, key: str, adi: User) -> None:
    reference = send(api, key, TREE).json()["reference"]
    other = {"Authorization": f"Bearer {create_api_key(adi, label='uji')}"}
    hidden = problem_of(api.get(f"/api/v1/cases/{reference}", headers=other), 404, "not_found")
    absent = problem_of(api.get("/api/v1/cases/MJK-2611-ZZZZ-Z", headers=other), 404, "not_found")
    assert hidden == absent
    assert api.get("/api/v1/cases", headers=other).json()["results"] == []


# --- health ---------------------------------------------------------------------------------------------------------


def test_the_process_answers(api: Client) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}


def test_ready_says_what_was_looked_at(api: Client) -> None:
    answer = api.get("/readyz")
    body = answer.json()
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and body["status"] == "ok"
    assert set(body["checks"]) == {"database", "cache", "deliveries"} and all(c["ok"] for c in body["checks"].values())
    assert body["connections"]["inbox"]["state"] == "ok"


def test_a_department_that_is_down_is_shown_and_not_fatal(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    Connection.objects.filter(code="inbox").update(failures=5, down_since=timezone.now())
    Delivery.objects.update(next_try=timezone.now() - timedelta(hours=5))
    answer = api.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["connections"]["inbox"]["state"] == "down" and answer.json()["connections"]["inbox"]["since"]


def test_an_old_delivery_that_nobody_takes_is_fatal(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    Delivery.objects.update(next_try=timezone.now() - timedelta(seconds=100))
    assert api.get("/readyz").status_code == 200
    Delivery.objects.update(next_try=timezone.now() - timedelta(seconds=130))
    answer = api.get("/readyz")
    body = answer.json()
    assert answer.status_code == 503 and body["status"] == "unavailable"
    assert body["checks"]["deliveries"]["ok"] is False and body["checks"]["deliveries"]["oldest_due_seconds"] >= 130
    Delivery.objects.update(state=DeliveryState.NEEDS_ATTENTION)
    body = api.get("/readyz").json()
    assert body["status"] == "ok" and body["checks"]["deliveries"]["attention"] == 1


def test_an_expired_lease_of_a_dead_worker_is_fatal(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    Delivery.objects.update(state=DeliveryState.SENDING, lease_until=timezone.now() - timedelta(minutes=10))
    assert api.get("/readyz").status_code == 503


def test_a_cache_that_is_gone_is_fatal(api: Client, settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    answer = api.get("/readyz")
    assert answer.status_code == 503 and answer.json()["checks"]["cache"]["ok"] is False


def test_the_api_speaks_problem_json_also_where_no_view_is(client: Client) -> None:
    for answer in (client.get("/api/v1/tidak-ada"), Client(enforce_csrf_checks=True).post("/api/v1/tidak-ada")):
        assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"


def test_the_api_document_can_be_read_in_a_browser(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200 and b"<script>" not in page.content.replace(b"<script></script>", b"")
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "unsafe-inline" not in client.get("/api/v1/services")["Content-Security-Policy"]
