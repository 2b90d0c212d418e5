"""Promise: whoever has a passkey and no authenticator app is led to the passkey, and never asked for a code they do not have."""

from __future__ import annotations

import hashlib

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import RequestFactory
from fido2.cose import ES256
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)

from accounts.assurance import step_up
from accounts.factors.rules import proof_page
from tests.accounts.factors.conftest import Person, person

CODE_FIELD, PASSKEY, CODE_PAGE, PASSKEY_PAGE = (
    'name="code"',
    'data-kunci="pakai"',
    "/akun/masuk/ulang/kode/",
    "/akun/masuk/ulang/kunci/",
)


def credential() -> dict[str, object]:
    """What a browser hands over when a passkey is made."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    data = AuthenticatorData.create(
        hashlib.sha256(b"localhost").digest(),
        AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT,
        0,
        AttestedCredentialData.create(b"\0" * 16, b"passkey-of-ani", key),
    )
    client = CollectedClientData.create("webauthn.create", b"challenge", "https://localhost")
    made = RegistrationResponse.from_dict(
        {
            "id": "cGFzc2tleS1vZi1hbmk",
            "rawId": "cGFzc2tleS1vZi1hbmk",
            "type": "public-key",
            "response": {
                "clientDataJSON": client.b64,
                "attestationObject": _b64(AttestationObject.create("none", data, {})),
            },
        }
    )
    return dict(made)


def _b64(data: bytes) -> str:
    from fido2.utils import websafe_encode

    return websafe_encode(data)


def with_passkey(*, codes: bool = False, app: bool = False) -> Person:
    """Staff, signed in by password as far as that goes."""
    somebody = person("ani@example.org", staff=True, app=app)
    Authenticator.objects.create(user=somebody.user, type="webauthn", data={"name": "HP", "credential": credential()})
    if codes:
        RecoveryCodes.activate(somebody.user)
    somebody.sign_in()
    return somebody


def signed_in_long_ago(somebody: Person) -> None:
    somebody.browser.force_login(somebody.user)
    session = somebody.browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": 1.0}]
    session.save()


def test_with_a_passkey_alone_no_code_is_asked_for() -> None:
    page = with_passkey().browser.get("/akun/masuk/kode/").content.decode()
    assert PASSKEY in page and CODE_FIELD not in page
    assert "Kunci sandi memerlukan JavaScript" in page and "aplikasi autentikator" not in page


def test_with_recovery_codes_the_passkey_comes_first_and_the_field_says_which_code() -> None:
    page = with_passkey(codes=True).browser.get("/akun/masuk/kode/").content.decode()
    assert page.index(PASSKEY) < page.index(CODE_FIELD)
    assert "Satu kode cadangan" in page and "aplikasi autentikator" not in page


def test_a_recovery_code_still_signs_in_without_the_passkey() -> None:
    ani = with_passkey(codes=True)
    wrong = ani.write("00000000")
    assert wrong.status_code == 200 and "Kode tidak cocok" in wrong.content.decode()
    codes = Authenticator.objects.get(user=ani.user, type="recovery_codes").wrap().get_unused_codes()
    assert ani.write(codes[0]).status_code == 302 and ani.is_in


def test_with_an_app_its_code_comes_first_and_the_passkey_after_it() -> None:
    page = with_passkey(app=True).browser.get("/akun/masuk/kode/").content.decode()
    assert page.index(CODE_FIELD) < page.index(PASSKEY) and "Buka aplikasi autentikator" in page


def test_without_a_passkey_none_is_offered() -> None:
    sri = person("sri@example.org", staff=True, app=True)
    sri.sign_in()
    page = sri.browser.get("/akun/masuk/kode/").content.decode()
    assert CODE_FIELD in page and PASSKEY not in page


@pytest.mark.parametrize("codes", [False, True])
def test_signing_in_again_leads_to_the_passkey(codes: bool) -> None:
    ani = with_passkey(codes=codes)
    signed_in_long_ago(ani)
    for path in ("/petugas/sistem/", "/akun/langkah-kedua/kunci/tambah/", "/akun/masuk/ulang/"):
        answer = ani.browser.get(path)
        assert answer.status_code == 302 and answer["Location"].startswith(PASSKEY_PAGE), (path, answer["Location"])
    page = ani.browser.get(PASSKEY_PAGE).content.decode()
    assert PASSKEY in page and (CODE_PAGE in page) is codes and "aplikasi autentikator" not in page


def test_a_recovery_code_is_asked_for_as_such_when_signing_in_again() -> None:
    ani = with_passkey(codes=True)
    signed_in_long_ago(ani)
    page = ani.browser.get(CODE_PAGE).content.decode()
    assert "Tulis satu kode cadangan" in page and "aplikasi autentikator" not in page and PASSKEY_PAGE in page


def test_without_any_code_the_code_page_leads_to_the_passkey() -> None:
    ani = with_passkey()
    signed_in_long_ago(ani)
    assert ani.browser.get(CODE_PAGE)["Location"].startswith(PASSKEY_PAGE)


@pytest.mark.parametrize(("app", "page"), [(False, PASSKEY_PAGE), (True, CODE_PAGE)])
def test_a_step_up_leads_to_what_the_person_uses(app: bool, page: str) -> None:
    ani = with_passkey(app=app, codes=True)
    request = RequestFactory().get("/")
    request.session, request.user = ani.browser.session, ani.user
    assert (step_up(request, ani.user, "/akun/", level=3) or "").startswith(page)


def test_recovery_codes_alone_are_no_second_factor(resident: Person) -> None:
    RecoveryCodes.activate(resident.user)
    assert proof_page(resident.user) == ""
