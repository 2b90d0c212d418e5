"""Silent sign-on, step-up with a passkey, and revocation, for two client libraries of other people: Authlib and mod_auth_openidc."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.factors import totp
from tests.journeys.conftest import City
from tests.journeys.relying import run_in
from tests.journeys.test_applying import sign_in
from tests.journeys.test_second_client import MODULES, apache, enter, info  # noqa: F401  (a fixture)
from tests.journeys.test_sign_on import forget
from tests.journeys.test_signing_in import SET_UP, desk  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]
needs_apache = pytest.mark.skipif(
    not (MODULES / "mod_auth_openidc.so").exists(),
    reason="second client: no mod_auth_openidc found (apt-get install apache2 libapache2-mod-auth-openidc)",
)
STRONG = "urn:layanan-kota:level:3"


@pytest.fixture
def alice_with_a_passkey(desk: Any, city: City) -> Iterator[Any]:  # noqa: F811
    """Alice, signed in by her password, and then with an app and a passkey on this device."""
    sign_in(desk, city, "alice")
    desk.wait_for_url(f"{city.base}/akun/")
    forget(desk, city)
    try:
        desk.goto(f"{city.base}{SET_UP}aplikasi/pasang/")
        if "/masuk/ulang/" in desk.url:
            desk.fill("[name=password]", "mojokerto-demo")
            desk.click("main form button.k-btn")
        desk.fill("[name=code]", totp.code_at(desk.inner_text("code.k-break"), totp.counter_now()))
        desk.click("main form button.k-btn")
        desk.wait_for_url(f"{city.base}{SET_UP}cadangan/")
        desk.goto(f"{city.base}{SET_UP}kunci/tambah/")
        desk.fill("[name=name]", "HP saya")
        desk.click("main form button.k-btn")
        desk.wait_for_url(f"{city.base}{SET_UP}")
        yield desk
    finally:
        run_in(
            city,
            "from django.core.management import call_command; call_command('second_factor', 'reset', 'alice@example.org')",
        )


def prove_by_passkey(page: Any) -> None:
    assert "/akun/masuk/ulang/" in page.url, page.url
    if "/kunci/" not in page.url:
        page.click("a:has-text('kunci sandi')")
    page.click("main form button.k-btn")


def test_authlib_is_signed_on_silently_and_stepped_up_by_a_passkey(alice_with_a_passkey: Any, city: City) -> None:
    page = alice_with_a_passkey
    page.goto(f"{city.queue}/masuk")
    page.click("button[value=izinkan]")
    page.wait_for_url(f"{city.queue}/")
    page.goto(f"{city.queue}/masuk?prompt=none")
    page.wait_for_url(f"{city.queue}/")
    page.goto(f"{city.queue}/masuk?acr_values={STRONG}&prompt=login")
    prove_by_passkey(page)
    page.wait_for_url(f"{city.queue}/")
    assert page.inner_text("#tingkat") == STRONG and page.inner_text("#siapa") == "Halo, Alice Contoh"


@needs_apache
def test_apache_is_signed_on_silently_and_stepped_up_by_a_passkey(
    alice_with_a_passkey: Any,
    city: City,
    apache: str,  # noqa: F811
) -> None:
    page = alice_with_a_passkey
    enter(page, apache)
    page.context.clear_cookies(domain="127.0.0.1")  # the app forgets; the portal does not
    page.goto(f"{apache}/diam/")
    assert page.inner_text("h1") == "Di dalam diam", page.url
    page.goto(f"{apache}/kuat/")
    if "/akun/masuk/ulang/" in page.url:
        prove_by_passkey(page)
        page.wait_for_url(f"{apache}/kuat/")
    assert page.inner_text("h1") == "Di dalam kuat" and info(page, apache)["id_token"]["acr"] == STRONG


def test_authlib_revokes_and_its_refresh_fails(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    page.goto(f"{city.queue}/masuk")
    if "/akun/izin/" in page.url:
        page.click("button[value=izinkan]")
    page.goto(f"{city.queue}/lepas")
    assert page.inner_text("#keadaan") == "200"
    page.goto(f"{city.queue}/segarkan")
    assert "invalid_grant" in page.inner_text("#galat")


@needs_apache
def test_apache_revokes_its_tokens_when_it_signs_out(page: Any, city: City, apache: str) -> None:  # noqa: F811
    sign_in(page, city, "alice")
    enter(page, apache)
    access = info(page, apache)["access_token"]
    userinfo, headers = f"{city.base}/oidc/userinfo", {"Authorization": f"Bearer {access}"}
    assert page.request.get(userinfo, headers=headers).status == 200
    page.goto(f"{apache}/cb?logout={apache}/bye.html")
    assert page.request.get(userinfo, headers=headers).status == 401
