"""An app that proves itself with its own key (private_key_jwt, RFC 7523)."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.test import Client

from accounts.models import User
from accounts.sso import clients
from accounts.sso.clients import ASSERTION_TYPE, RegistrationError
from tests.accounts.sso.conftest import CALLBACK, SECRET, Party, error_of

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
TOKEN = "http://localhost:8000/oidc/token"


def public(key: Any, kid: str) -> dict[str, Any]:
    kind = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    found = kind.to_jwk(key.public_key())
    return {**(json.loads(found) if isinstance(found, str) else found), "kid": kid}


@pytest.fixture
def signing(alice: User) -> Party:
    keys = {"keys": [public(EC_KEY, "e1"), public(RSA_KEY, "r1")]}
    app = clients.register("tanda", "Bertanda", redirect_uris=[CALLBACK], scopes=["openid"], purpose="Uji", jwks=keys)[0]
    browser = Client()
    browser.force_login(alice)
    return Party(app, browser, secret="")


def assertion(key: Any = EC_KEY, alg: str = "ES256", kid: str | None = "e1", **change: Any) -> str:
    now = int(time.time())
    claims = {"iss": "tanda", "sub": "tanda", "aud": TOKEN, "iat": now, "exp": now + 60, "jti": f"j{time.perf_counter_ns()}"}
    claims = {name: value for name, value in {**claims, **change}.items() if value is not None}
    return jwt.encode(claims, key, alg, headers={"kid": kid} if kid else {})


def proof(value: str, **more: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": value, **more}


@pytest.mark.parametrize(
    "good",
    [
        lambda: assertion(),
        lambda: assertion(aud="http://localhost:8000"),
        lambda: assertion(aud=["https://else.example", TOKEN]),
        lambda: assertion(RSA_KEY, "RS256", "r1"),
        lambda: assertion(RSA_KEY, "PS256", "r1"),
        lambda: assertion(kid=None),
    ],
)
def test_an_assertion_is_a_proof(signing: Party, good: Any) -> None:
    assert signing.redeem(signing.code(scope="openid"), **proof(good())).status_code == 200


@pytest.mark.parametrize(
    "bad",
    [
        lambda: assertion(aud="https://else.example"),
        lambda: assertion(exp=int(time.time()) - 60),
        lambda: assertion(exp=int(time.time()) + 3600),
        lambda: assertion(exp=10**20),
        lambda: assertion(exp=10**400),
        lambda: assertion(exp=1e300),
        lambda: assertion(jti="\ud800"),
        lambda: assertion(exp=None),
        lambda: assertion(iat=None),
        lambda: assertion(jti=None),
        lambda: assertion(jti=""),
        lambda: assertion(jti="x" * 500),
        lambda: assertion(sub="app"),
        lambda: assertion(iss="app"),
        lambda: assertion(ec.generate_private_key(ec.SECP256R1())),
        lambda: assertion(kid="r1"),
        lambda: assertion(kid="unknown"),
        lambda: jwt.encode({"sub": "tanda", "iss": "tanda"}, "", "none"),
        lambda: jwt.encode({"sub": "tanda", "iss": "tanda", "aud": TOKEN}, json.dumps(public(EC_KEY, "e1")) * 2, "HS256"),
        lambda: "x.y.z",
        lambda: "a" * 3900,
        lambda: assertion() + "x",
    ],
)
def test_what_looks_like_an_assertion_is_none(signing: Party, bad: Any) -> None:
    answer = signing.redeem(signing.code(scope="openid"), **proof(bad()))
    assert error_of(answer, 401) == "invalid_client"


def test_an_assertion_is_worth_one_use(signing: Party) -> None:
    once = assertion()
    assert signing.redeem(signing.code(scope="openid"), **proof(once)).status_code == 200
    assert error_of(signing.redeem(signing.code(scope="openid"), **proof(once)), 401) == "invalid_client"


def test_an_app_with_keys_has_no_secret(signing: Party) -> None:
    for form in (
        {"client_id": "tanda", "client_secret": "x"},
        {"client_id": "tanda", "client_secret": ""},
        {"client_id": "tanda"},
    ):
        answer = signing.redeem(signing.code(scope="openid"), **form)
        assert error_of(answer, 401) == "invalid_client"
    assert (
        error_of(signing.redeem(signing.code(scope="openid"), **proof(assertion(), client_id="app")), 401)
        == "invalid_client"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uris": ["http://app.example.org/cb"]},
        {"redirect_uris": ["https://*.example.org/cb"]},
        {"redirect_uris": ["https://app.example.org/cb#x"]},
        {"redirect_uris": ["https://user@app.example.org/cb"]},
        {"redirect_uris": ["myapp:/cb"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": []},
        {"scopes": ["openid", "root"]},
        {"grants": ["implicit"]},
        {"purpose": ""},
        {"public": True, "grants": ["client_credentials"]},
        {"jwks": {"keys": [{"kty": "oct", "k": "x"}]}},
        {"jwks": {"keys": [{**public(EC_KEY, "e"), "d": "secret"}]}},
        {"post_logout_redirect_uris": ["ftp://x"]},
        {"backchannel_logout_uri": "http://app.example.org/out"},
    ],
)
def test_a_careless_registration_is_refused_in_words(db: None, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"redirect_uris": [CALLBACK], "secret": SECRET, "purpose": "Uji"}
    with pytest.raises(RegistrationError, match=r"\w{3}"):
        clients.register("baru", "Baru", **{**good, **change})


def test_changing_an_app_keeps_its_secret(db: None) -> None:
    _app, made = clients.register("baru", "Baru", redirect_uris=[CALLBACK], purpose="Uji")
    assert len(made) >= 40
    app, again = clients.register("baru", "Lain", redirect_uris=[CALLBACK], purpose="Uji")
    assert again == "" and app.secret == clients.stored_secret(made) and made not in app.secret
