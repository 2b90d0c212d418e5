"""What must not work: addresses that look alike, doubled parameters, weaker proofs, other people's answers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client

from accounts.models import Grant, User
from accounts.sso import clients
from tests.accounts.sso.conftest import CALLBACK, SECRET, Party, error_of

ADDRESSES = [
    "",
    "https://app.example.org",
    "https://app.example.org/",
    f"{CALLBACK}/",
    f"{CALLBACK}?x=1",
    f"{CALLBACK}#x",
    f"{CALLBACK}%2f",
    f"{CALLBACK} ",
    f" {CALLBACK}",
    f"{CALLBACK}\n",
    f"{CALLBACK}\x00",
    "https://app.example.org//cb",
    "https://app.example.org/./cb",
    "https://app.example.org/x/../cb",
    "https://app.example.org/CB",
    "https://APP.example.org/cb",
    "HTTPS://app.example.org/cb",
    "http://app.example.org/cb",
    "https://app.example.org:443/cb",
    "https://app.example.org:444/cb",
    "https://app.example.org.evil.example/cb",
    "https://app.example.org@evil.example/cb",
    "https://evil.example/https://app.example.org/cb",
    "https://evil.example\\@app.example.org/cb",
    "https://xn--pp-9ka.example.org/cb",
    "https://аpp.example.org/cb",  # a Cyrillic a
    "//app.example.org/cb",
    "/cb",
    "javascript:alert(1)//app.example.org/cb",
    "data:text/html,x",
    "https://*.example.org/cb",
    quote(CALLBACK, safe=""),
]


DOUBLED = "client_id redirect_uri response_type scope state nonce code_challenge prompt max_age acr_values".split()
WISHES: list[tuple[dict[str, Any], str]] = [
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": "=" * 43}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unauthorized_client"),
    ({"response_type": "none"}, "unauthorized_client"),
    ({"response_type": None}, "invalid_request"),
    ({"scope": "openid connections:write"}, "invalid_scope"),
    ({"scope": "openid everything"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "cases:write openid"}, "invalid_scope"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"claims": '{"id_token": {"nik": null}}'}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
]


@pytest.mark.parametrize("uri", ADDRESSES)
def test_only_the_registered_address_letter_for_letter(party: Party, uri: str) -> None:
    answer = party.ask(redirect_uri=uri)
    assert answer.status_code == 400 and "Location" not in answer.headers, answer.headers
    assert "Aplikasi ini tidak bisa masuk lewat portal" in answer.content.decode() and not Grant.objects.exists()


@pytest.mark.parametrize("name", DOUBLED)
def test_a_doubled_parameter_is_refused(party: Party, name: str) -> None:
    query = party.query(prompt="login", max_age=10, acr_values="x")
    for extra in (query[name], "evil"):
        answer = party.browser.get(f"/oidc/authorize?{urlencode(query)}&{urlencode({name: extra})}")
        assert answer.status_code == 400 and "Location" not in answer.headers
    assert not Grant.objects.exists()


@pytest.mark.parametrize(("change", "error"), WISHES)
def test_a_wrong_wish_is_told_to_the_app_with_state_and_issuer(party: Party, change: dict[str, Any], error: str) -> None:
    told = party.told(party.ask(**change))
    assert (told["error"], told["state"]) == (error, "st-1"), told
    assert not Grant.objects.exists()


@pytest.mark.parametrize("client_id", ["", "nobody", "app\x00", "a" * 5000, "APP", "app ", None])
def test_an_unknown_app_is_not_led_anywhere(party: Party, client_id: str | None) -> None:
    answer = party.ask(client_id=client_id)
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_an_app_that_is_not_approved_does_not_exist(party: Party) -> None:
    code = party.code()
    party.app.profile.is_approved = False
    party.app.profile.save()
    assert party.ask().status_code == 400
    assert error_of(party.redeem(code), 401) == "invalid_client"


def test_a_request_from_a_form_of_another_site_becomes_a_question(party: Party) -> None:
    answer = party.browser.post("/oidc/authorize", party.query())
    assert answer.status_code == 302 and answer["Location"].startswith("/oidc/authorize?")
    for door in ("authorize", "logout"):
        refused = party.browser.post(f"/oidc/{door}", {**party.query(), "state": "x" * 100_000})
        assert refused.status_code == 400 and "Location" not in refused.headers, "no address of a hundred thousand letters"


def test_silence_is_kept(party: Party, app: Any) -> None:
    stranger = Party(app, Client())
    assert stranger.told(stranger.ask(prompt="none"))["error"] == "login_required"
    assert party.told(party.ask(prompt="none"))["error"] == "consent_required"
    party.tokens()
    assert "code" in party.told(party.ask(prompt="none"))
    assert party.told(party.ask(prompt="none", acr_values="urn:layanan-kota:level:3"))["error"] == "login_required"
    assert party.told(party.ask(prompt="none", id_token_hint="x"))["error"] == "login_required"


def test_a_hint_must_be_of_this_person_and_this_app(party: Party, app: Any) -> None:
    hint = party.tokens()["id_token"]
    assert "code" in party.told(party.ask(prompt="none", id_token_hint=hint))
    adi = Client()
    adi.force_login(User.objects.create_user("adi@example.org", "x", name="Adi"))
    told = Party(app, adi).told(Party(app, adi).ask(id_token_hint=hint))
    assert told["error"] == "login_required"


def test_an_app_below_its_own_level_never_gets_a_code(app: Any) -> None:
    adi = Client()
    adi.force_login(User.objects.create_user("adi@example.org", "x", name="Adi"))
    party = Party(app, adi)
    assert party.told(party.ask(acr_values="urn:layanan-kota:level:2"))["error"] == "unmet_authentication_requirements"
    app.profile.min_level = 2
    app.profile.save()
    assert party.told(party.ask())["error"] == "unmet_authentication_requirements"
    from urllib.parse import urlencode as encode

    answer = adi.post(f"/akun/izin/?{encode(party.query())}", {"jawaban": "izinkan"})
    assert party.told(answer)["error"] == "unmet_authentication_requirements" and not Grant.objects.exists()


# --- the app's own proof --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "header"),
    [
        ({}, ""),
        ({}, "Basic !!!"),
        ({}, "Basic YXBw"),
        ({}, "Bearer x"),
        ({"client_id": "app"}, ""),
        ({"client_id": "app", "client_secret": "wrong"}, ""),
        ({"client_id": "app", "client_secret": ""}, ""),
        ({"client_id": "nobody", "client_secret": SECRET}, ""),
        ({"client_id": "app", "client_secret": SECRET}, "right"),  # two proofs at once
        ({"client_id": "other"}, "right"),
        ({"client_assertion": "x", "client_id": "app"}, ""),
    ],
)
def test_an_app_that_does_not_prove_itself_gets_nothing(party: Party, form: dict[str, str], header: str) -> None:
    import base64

    pair = base64.b64encode(f"app:{SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}" if header == "right" else header} if header else {}
    wanted = {"grant_type": "authorization_code", "code": party.code(), "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    answer = party.door.post(
        "/oidc/token", urlencode({**wanted, **form}), content_type="application/x-www-form-urlencoded", headers=headers
    )
    assert error_of(answer, 401) == "invalid_client" and answer["WWW-Authenticate"].startswith("Basic")


def test_both_halves_of_basic_are_decoded(party: Party) -> None:
    clients.register("app", "Aplikasi Uji", secret="a+b/c %ü-~", redirect_uris=[CALLBACK], scopes=["openid"], purpose="Uji")
    party.secret = f"{quote('a+b/c %ü-~', safe='')}"
    assert party.redeem(party.code(scope="openid")).status_code == 200


def test_a_public_app_names_itself_and_proves_by_pkce(alice: User) -> None:
    mobile = clients.register(
        "hp", "Aplikasi HP", public=True, redirect_uris=["org.example.hp:/cb"], scopes=["openid"], purpose="Uji"
    )[0]
    browser = Client()
    browser.force_login(alice)
    party = Party(mobile, browser, secret="", callback="org.example.hp:/cb")
    answer = party.redeem(party.code(scope="openid"), client_id="hp")
    assert answer.status_code == 200
    assert error_of(party.redeem(party.code(scope="openid"), client_id="hp", code_verifier="w" * 43)) == "invalid_grant"
    assert error_of(party.redeem(party.code(scope="openid"), client_id="hp", client_secret="x"), 401) == "invalid_client"
    assert error_of(party.post("introspect", {"token": "x" * 40, "client_id": "hp"}), 401) == "invalid_client"


@pytest.mark.parametrize(
    ("uri", "asks"), [("org.example.hp:/cb", True), ("http://127.0.0.1:9/cb", True), ("https://hp.example.org/cb", False)]
)
def test_an_app_that_anybody_may_pretend_to_be_asks_the_person_each_time(uri: str, asks: bool, alice: User) -> None:
    mobile = clients.register("hp", "Aplikasi HP", public=True, redirect_uris=[uri], scopes=["openid"], purpose="Uji")[0]
    browser = Client()
    browser.force_login(alice)
    party = Party(mobile, browser, secret="", callback=uri)
    assert party.code(scope="openid"), "agreed once"
    again = party.ask(scope="openid")
    assert again["Location"].startswith("/akun/izin/?") is asks
    silent = party.told(party.ask(scope="openid", prompt="none"))
    assert (silent.get("error") == "consent_required") is asks


def test_client_credentials_know_no_person(party: Party) -> None:
    bot = clients.register(
        "bot", "Program", secret="b" * 30, grants=["client_credentials"], scopes=["connections:read"], purpose="Uji"
    )[0]
    one = Party(bot, Client(), secret="b" * 30)
    given = one.post("token", {"grant_type": "client_credentials"}).json()
    assert given["scope"] == "connections:read" and "refresh_token" not in given and "id_token" not in given
    answer = one.userinfo(given["access_token"])
    assert answer.status_code == 403 and 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert error_of(one.post("token", {"grant_type": "client_credentials", "scope": "openid"})) == "invalid_scope"
    assert error_of(party.post("token", {"grant_type": "client_credentials"})) == "unauthorized_client"


HOSTILE = [
    "\x00",
    "%00",
    "é",
    "'; DROP TABLE x; --",
    "{{7*7}}",
    "\u202e",
    "A" * 3999,
    "<script>",
    "\r\nSet-Cookie: a=b",
    "𝕏",
    "%ff%fe",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("door", ["token", "revoke", "introspect"])
def test_no_body_breaks_a_door_for_programs(party: Party, door: str, value: str) -> None:
    names = "grant_type code refresh_token redirect_uri code_verifier client_id client_secret client_assertion token scope"
    for name in names.split():
        form = {"grant_type": "authorization_code", "token": "x" * 40, "code": "y" * 40, name: value}
        answer = party.post(door, form)
        assert answer.status_code < 500 and answer["Content-Type"] == "application/json"
        assert "\n" not in str(answer.headers.get("WWW-Authenticate", ""))


@pytest.mark.parametrize("value", HOSTILE)
def test_no_parameter_breaks_the_question(party: Party, value: str) -> None:
    for name in [*party.query(), "prompt", "max_age", "acr_values", "ui_locales", "id_token_hint", "login_hint", value]:
        answer = party.ask(**{name: value})
        assert answer.status_code in (302, 400), (name, answer.status_code)
        location = answer.headers.get("Location", "")
        assert re.match(r"(https://app\.example\.org/cb\?|/akun/|$)", location) and "\n" not in location, (name, location)


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "patch", "options"])
@pytest.mark.parametrize("door", ["token", "revoke", "introspect"])
def test_doors_for_programs_take_post_alone(db: None, door: str, method: str) -> None:
    assert getattr(Client(), method)(f"/oidc/{door}").status_code == 405


def test_parameters_of_a_door_come_in_the_body_once(party: Party) -> None:
    body = urlencode({"token": "x" * 40})
    form = "application/x-www-form-urlencoded"
    for path, data, kind in (
        ("/oidc/revoke?client_id=app", body, form),
        ("/oidc/revoke", f"{body}&token=y", form),
        ("/oidc/revoke", '{"token": "x"}', "application/json"),
    ):
        assert error_of(party.door.post(path, data, content_type=kind)) == "invalid_request"


def test_discovery_names_what_exists_and_nothing_else(client: Client, db: None) -> None:
    told = client.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == "http://localhost:8000" and told["code_challenge_methods_supported"] == ["S256"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
    assert told["response_types_supported"] == ["code"] and told["authorization_response_iss_parameter_supported"]
    for name, address in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert client.get(address.removeprefix("http://localhost:8000")).status_code != 404, name
    assert "registration_endpoint" not in told and "device_authorization_endpoint" not in told
    for path in ("/identity/o/authorize", "/identity/o/api/token", "/oidc/device", "/oidc/register", "/oidc/par"):
        assert client.get(path).status_code == 404
