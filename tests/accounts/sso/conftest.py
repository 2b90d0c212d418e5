"""An app of a department and what it does at the provider."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Client as App
from django.test import Client

from accounts.models import User
from accounts.sso import clients

SECRET = "a-secret-of-the-test"
CALLBACK = "https://app.example.org/cb"
VERIFIER = "v" * 43


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class Party:
    """A relying party with a browser: `browser` is the person's, `door` the app's own connection to us."""

    def __init__(self, app: App, browser: Client, secret: str = SECRET, callback: str = CALLBACK) -> None:
        self.app, self.browser, self.door, self.secret, self.callback = app, browser, Client(), secret, callback
        self.issuer = "http://localhost:8000"

    def query(self, **more: Any) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": self.app.pk,
            "redirect_uri": self.callback,
            "scope": "openid profile email",
            "state": "st-1",
            "nonce": "n-1",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **more,
        }
        return {name: str(value) for name, value in asked.items() if value is not None}

    def ask(self, **more: Any) -> Any:
        return self.browser.get(f"/oidc/authorize?{urlencode(self.query(**more))}")

    def told(self, answer: Any) -> dict[str, str]:
        """What the redirect to the app says."""
        assert answer.status_code == 302 and answer["Location"].startswith(self.callback + "?"), (
            answer.status_code,
            answer.headers.get("Location"),
        )
        assert answer["Cache-Control"].startswith("no-store") or "no-store" in answer["Cache-Control"]
        found = dict(parse_qsl(urlsplit(answer["Location"]).query, keep_blank_values=True))
        assert found["iss"] == self.issuer
        return found

    def consent(self, answer: Any, reply: str = "izinkan") -> Any:
        assert answer.status_code == 302 and answer["Location"].startswith("/akun/izin/?"), answer.headers.get("Location")
        return self.browser.post(answer["Location"], {"jawaban": reply})

    def code(self, **more: Any) -> str:
        answer = self.ask(**more)
        if answer.headers.get("Location", "").startswith("/akun/izin/"):
            answer = self.consent(answer)
        told = self.told(answer)
        assert told["state"] == "st-1", told
        return told["code"]

    def post(self, door: str, form: dict[str, Any], **headers: str) -> Any:
        if "Authorization" not in headers and self.secret and "client_assertion" not in form and "client_secret" not in form:
            pair = base64.b64encode(f"{self.app.pk}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        body = urlencode({name: value for name, value in form.items() if value is not None})
        return self.door.post(f"/oidc/{door}", body, content_type="application/x-www-form-urlencoded", headers=headers)

    def redeem(self, code: str, /, **more: Any) -> Any:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback, "code_verifier": VERIFIER}
        return self.post("token", {**form, **more})

    def refresh(self, value: str, /, **more: Any) -> Any:
        return self.post("token", {"grant_type": "refresh_token", "refresh_token": value, **more})

    def tokens(self, **more: Any) -> dict[str, Any]:
        answer = self.redeem(self.code(**more))
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def userinfo(self, access: str) -> Any:
        return self.door.get("/oidc/userinfo", headers={"Authorization": f"Bearer {access}"})


def error_of(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert "no-store" in answer["Cache-Control"]
    return str(json.loads(answer.content)["error"])


def claims_of(token: str, app: App) -> dict[str, Any]:
    """An id_token as a careful app reads it: signature by the published key, issuer, audience."""
    published = Client().get("/oidc/jwks.json").json()
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(jwt.PyJWK.from_dict(row) for row in published["keys"] if row["kid"] == kid)
    found: dict[str, Any] = jwt.decode(token, key, ["RS256"], audience=app.pk, issuer="http://localhost:8000")
    return found


@pytest.fixture
def app(db: None) -> App:
    return clients.register(
        "app",
        "Aplikasi Uji",
        secret=SECRET,
        redirect_uris=[CALLBACK],
        post_logout_redirect_uris=["https://app.example.org/bye"],
        scopes=["openid", "profile", "email", "phone", "nik", "cases:read"],
        department="dispendukcapil",
        purpose="Mengisi formulir uji",
        purpose_en="Filling in a test form",
        backchannel_logout_uri="https://app.example.org/logout",
    )[0]


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user(
        "alice@example.org", "mojokerto-demo", name="Alice Contoh", nik="3576014507900001", assurance_level=2
    )


@pytest.fixture
def party(app: App, alice: User) -> Party:
    browser = Client()
    browser.force_login(alice)
    return Party(app, browser)


def query_of(location: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(location).query)


def new_verifier() -> str:
    return secrets.token_urlsafe(40)
