"""Promise: an old app behind forward-auth has the same sign-in, consent, level, access log and sign-out as any other app."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from allauth.idp.oidc.models import Client as App
from django.test import Client
from django.utils import timezone

from accounts.models import AccessEntry, ClientProfile, ForwardSession, Grant, LinkedAccount, User
from accounts.sso import clients
from accounts.sso.endings import end_everything
from accounts.sso.linking import index_of
from tests.accounts.sso.conftest import Party, query_of

HOST = "https://lama.example.org"
KEY = base64.b64encode(b"lama:secret-of-the-old-app").decode()
PAGE = {"X-Original-URI": "/arsip?a=1&b=2", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def old(db: None) -> App:
    return register()


def register(**more: Any) -> App:
    facts: dict[str, Any] = {
        "secret": "secret-of-the-old-app",
        "redirect_uris": [f"{HOST}/_portal/kembali"],
        "post_logout_redirect_uris": [f"{HOST}/"],
        "scopes": ["openid", "profile", "email"],
        "purpose": "Menampilkan arsip Anda",
    }
    return clients.register("lama", "Arsip Lama", **(facts | more))[0]


class Visitor:
    """A browser: at the portal, and at the old app, whose nginx speaks for it."""

    def __init__(self, user: User | None) -> None:
        self.portal, self.app = Client(), Client()
        if user is not None:
            self.portal.force_login(user)

    def ask(self, door: str, key: str = KEY, **headers: str) -> Any:
        return self.app.get(f"/oidc/forward/{door}", headers={"Authorization": f"Basic {key}", **headers})

    def check(self) -> Any:
        return self.ask("check")

    def at_the_portal(self, answer: Any) -> Any:
        assert answer.status_code == 302 and answer["Location"].startswith("http://localhost:8000/oidc/authorize?")
        answer = self.portal.get(answer["Location"].removeprefix("http://localhost:8000"))
        if answer["Location"].startswith("/akun/izin/"):
            answer = self.portal.post(answer["Location"], {"jawaban": "izinkan"})
        return answer

    def back(self, answer: Any, **more: str) -> Any:
        assert answer["Location"].startswith(f"{HOST}/_portal/kembali?"), answer["Location"]
        return self.ask(f"callback?{urlsplit(answer['Location']).query}")

    def come_in(self) -> Any:
        return self.back(self.at_the_portal(self.ask("start", **PAGE)))


@pytest.fixture
def visitor(old: App, alice: User) -> Visitor:
    return Visitor(alice)


def test_a_person_comes_in_where_they_were_going_and_the_app_learns_what_they_allowed(visitor: Visitor, alice: User) -> None:
    assert visitor.check().status_code == 401
    answer = visitor.come_in()
    assert (answer.status_code, answer["Location"]) == (302, "/arsip?a=1&b=2")
    told = visitor.check()
    assert told.status_code == 204 and "no-store" in told["Cache-Control"]
    assert told["X-Portal-Name"] == "Alice Contoh" and told["X-Portal-Email"] == "alice@example.org"
    assert told["X-Portal-Level"] == "2" and len(told["X-Portal-Subject"]) > 20 and "X-Portal-NIK" not in told
    entry = AccessEntry.objects.get()
    assert (entry.subject, entry.actor, entry.action, entry.data) == (alice, "Arsip Lama", "sso.forward", "email, name")


def test_a_name_of_any_letters_fits_in_a_header(visitor: Visitor, alice: User) -> None:
    alice.name = "Siti Ñur\r\nSet-Cookie: x=1 %41"
    alice.save()
    visitor.come_in()
    sent = visitor.check()["X-Portal-Name"]
    assert sent.isascii() and "\n" not in sent and unquote(sent) == alice.name


@pytest.mark.parametrize(
    "key", ["", KEY[:-4] + "AAAA", base64.b64encode(b"lama:").decode(), base64.b64encode(b"x:y").decode()]
)
@pytest.mark.parametrize("door", ["check", "start", "callback", "leave"])
def test_only_the_app_s_own_nginx_may_ask(door: str, key: str, visitor: Visitor) -> None:
    answer = visitor.ask(door, key)
    assert answer.status_code == 403 and answer.json()["error"] == "invalid_client"


def test_an_app_without_the_callback_address_is_told_so(alice: User) -> None:
    register(redirect_uris=[f"{HOST}/cb"])
    answer = Visitor(alice).check()
    assert answer.status_code == 403 and "/_portal/kembali" in answer.json()["error_description"]


def test_the_session_is_worth_nothing_at_another_app_or_as_a_token(visitor: Visitor, party: Party) -> None:
    visitor.come_in()
    value = visitor.app.cookies["pintu"].value
    other = base64.b64encode(b"lain:secret-of-another").decode()
    clients.register(
        "lain", "Lain", secret="secret-of-another", redirect_uris=["https://lain.example.org/_portal/kembali"], purpose="x"
    )
    assert visitor.ask("check", other).status_code == 401 and visitor.check().status_code == 204
    assert party.userinfo(value).status_code == 401
    assert value not in str(list(ForwardSession.objects.values())), "only its digest is stored"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "arsip",
        "//evil.example/",
        "/\\evil.example",
        "https://evil.example/",
        "/a\r\nX: y",
        "/é",
        "/a b",
        "/_portal/keluar",
        "/" + "a" * 1501,
    ],
)
def test_nobody_is_led_to_a_foreign_or_broken_address(path: str, visitor: Visitor) -> None:
    visitor.app.defaults["HTTP_X_ORIGINAL_URI"] = path
    answer = visitor.back(visitor.at_the_portal(visitor.ask("start", **{"Sec-Fetch-Mode": "navigate"})))
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Original-Method": "POST", "Accept": "text/html"},
        {"Sec-Fetch-Mode": "cors", "Accept": "text/html"},
        {"Accept": "application/json"},
        {},
    ],
)
def test_a_script_or_a_form_is_not_led_away(headers: dict[str, str], visitor: Visitor) -> None:
    answer = visitor.ask("start", **headers)
    assert answer.status_code == 401 and answer.json()["error"] == "login_required"


def test_an_answer_that_was_not_asked_for_by_this_browser_is_refused(visitor: Visitor, alice: User) -> None:
    answer = visitor.at_the_portal(visitor.ask("start", **PAGE))
    other = Visitor(None)
    refused = other.back(answer)
    assert refused.status_code == 403 and "Coba lagi" in refused.content.decode()
    other.ask("start", **PAGE)
    assert other.back(answer).status_code == 403, "nor by one that asked for its own"
    assert visitor.back(answer).status_code == 302


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "x"),
        ("state", ""),
        ("iss", "https://evil.example"),
        ("iss", ""),
        ("code", "x"),
        ("code", ""),
        ("error", "access_denied"),
    ],
)
def test_an_altered_answer_is_refused_and_opens_nothing(name: str, value: str, visitor: Visitor) -> None:
    answer = visitor.at_the_portal(visitor.ask("start", **PAGE))
    given = {key: found[0] for key, found in query_of(answer["Location"]).items()} | {name: value}
    refused = visitor.app.get("/oidc/forward/callback", given, headers={"Authorization": f"Basic {KEY}"})
    assert refused.status_code == 403 and visitor.check().status_code == 401


def test_a_replayed_answer_ends_what_it_had_opened(visitor: Visitor) -> None:
    answer = visitor.at_the_portal(visitor.ask("start", **PAGE))
    assert visitor.back(answer).status_code == 302 and visitor.check().status_code == 204
    assert visitor.back(answer).status_code == 403 and visitor.check().status_code == 401


def test_a_code_of_the_app_s_own_request_is_not_taken_and_ours_is_worth_nothing_at_the_token_address(
    visitor: Visitor,
) -> None:
    answer = visitor.at_the_portal(visitor.ask("start", **PAGE))
    code = query_of(answer["Location"])["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{HOST}/_portal/kembali",
        "code_verifier": "v" * 43,
    }
    taken = Client().post(
        "/oidc/token", form, headers={"Authorization": f"Basic {KEY}"}, content_type="application/x-www-form-urlencoded"
    )
    assert taken.status_code == 400


def test_two_pages_that_were_opened_at_once_both_arrive(visitor: Visitor) -> None:
    first, second = visitor.ask("start", **PAGE), visitor.ask("start", **(PAGE | {"X-Original-URI": "/lain"}))
    answers = [visitor.at_the_portal(first), visitor.at_the_portal(second)]
    assert [visitor.back(answer)["Location"] for answer in answers] == ["/arsip?a=1&b=2", "/lain"]


@pytest.mark.parametrize("end", ["sign-out", "consent", "closed", "expired", "unapproved"])
def test_the_session_ends_with_what_it_stands_on(end: str, visitor: Visitor, alice: User) -> None:
    visitor.come_in()
    assert visitor.check().status_code == 204
    if end == "sign-out":
        visitor.portal.post("/akun/keluar/")
    elif end == "consent":
        visitor.portal.post("/akun/aplikasi/cabut/", {"aplikasi": "lama"})
    elif end == "closed":
        end_everything(alice)
    elif end == "expired":
        ForwardSession.objects.update(expires_at=timezone.now())
    else:
        register(approved=False)
    assert visitor.check().status_code == (403 if end == "unapproved" else 401)


def test_a_level_3_app_asks_again_after_a_quarter_of_an_hour(alice: User, visitor: Visitor) -> None:
    visitor.come_in()
    ClientProfile.objects.update(min_level=3)
    assert visitor.check().status_code == 204
    Grant.objects.update(auth_time=timezone.now() - timedelta(minutes=16))
    assert visitor.check().status_code == 401


def test_who_does_not_reach_the_level_or_refuses_reads_why(old: App) -> None:
    stranger = Visitor(User.objects.create_user("adi@example.org", "x", name="Adi"))
    asked = stranger.ask("start", **PAGE)
    answer = stranger.portal.get(asked["Location"].removeprefix("http://localhost:8000"))
    answer = stranger.portal.post(answer["Location"], {"jawaban": "tolak"})
    page = stranger.back(answer)
    assert (
        page.status_code == 403
        and "tidak mengizinkan" in page.content.decode()
        and "/arsip?a=1&amp;b=2" in page.content.decode()
    )
    register(min_level=2)
    page = stranger.back(stranger.at_the_portal(stranger.ask("start", **PAGE)))
    assert page.status_code == 403 and "NIK terverifikasi" in page.content.decode()


def test_leaving_leads_to_the_portal_s_sign_out(visitor: Visitor) -> None:
    answer = visitor.ask("leave")
    assert answer["Location"].startswith(
        "http://localhost:8000/oidc/logout?client_id=lama&post_logout_redirect_uri=https%3A%2F%2Flama"
    )


def test_the_app_is_told_the_older_account_of_whoever_linked_it(visitor: Visitor, old: App, alice: User) -> None:
    visitor.come_in()
    assert "X-Portal-Account" not in visitor.check()
    LinkedAccount.objects.create(user=alice, client=old, account="siti.lama", account_index=index_of(old, "siti.lama"))
    assert visitor.check()["X-Portal-Account"] == "siti.lama"


def test_asking_costs_few_statements_and_writes_nothing_but_when_it_was_used(
    visitor: Visitor, django_assert_max_num_queries: Any
) -> None:
    visitor.come_in()
    visitor.check()
    with django_assert_max_num_queries(5) as seen:
        visitor.check()
    assert not [one for one in seen.captured_queries if one["sql"].startswith(("INSERT", "UPDATE"))]
