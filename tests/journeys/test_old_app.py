"""An old app that cannot speak OpenID Connect, behind its own nginx: the worked example of docs/how-to/protect-an-old-app.md."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.conftest import ON_FULL_STACK, City, until
from tests.journeys.test_applying import sign_in
from tests.journeys.test_pages import problems_of, sideways

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not ON_FULL_STACK, reason="full stack: run by `make test-full`"),
]


def home(city: City) -> str:
    return f"https://127.0.0.1:{city.environment['FULL_OLD_APP_PORT']}"


def forget(page: Any, city: City) -> None:
    """As if nothing had been allowed or linked before."""
    page.goto(f"{city.base}/akun/aplikasi/")
    for words in ("Cabut izin", "Lepas tautan"):
        while page.locator(f"button:has-text('{words}')").count():
            page.click(f"button:has-text('{words}')")


def fits(page: Any, scripts: bool) -> None:
    """The portal's page that is open can be used by everybody. (axe waits for ever where scripts are off.)"""
    assert not sideways(page), page.url
    assert not scripts or not problems_of(page), page.url


def test_one_sign_in_opens_the_old_app_links_an_older_account_and_ends_it(
    page: Any, city: City, request: pytest.FixtureRequest
) -> None:
    scripts = request.node.callspec.params["page"][1]
    sign_in(page, city, "alice")
    forget(page, city)
    page.goto(f"{home(city)}/arsip?tahun=2009&hal=1")
    assert "Izinkan Arsip lama" in page.inner_text("h1")
    page.click("button[value=izinkan]")
    page.wait_for_url(f"{home(city)}/arsip?tahun=2009&hal=1")
    assert page.inner_text("#siapa") == "Alice Contoh" and "Belum ditautkan" in page.inner_text("#akun")

    page.click("text=Tautkan akun lama di portal")
    fits(page, scripts)
    page.click("a:has-text('Tautkan')")
    fits(page, scripts)
    page.click("a:has-text('Lanjut')")
    page.fill("[name=nama]", "siti.lama")
    page.fill("[name=sandi]", "salah")
    page.click("button")
    assert "salah" in page.inner_text("#galat")
    page.fill("[name=nama]", "siti.lama")
    page.fill("[name=sandi]", "arsip-2009")
    page.click("button")
    assert "siti.lama" in page.inner_text("main") and page.url.startswith(f"{city.base}/akun/aplikasi/tautkan/selesai/")
    fits(page, scripts)
    page.click("button[value=tautkan]")
    fits(page, scripts)
    assert "sudah ditautkan" in page.inner_text("main")
    page.goto(f"{home(city)}/")
    assert "Surat izin 2009" in page.inner_text("main")

    page.goto(f"{home(city)}/_portal/keluar")
    page.click("main form button.k-btn")
    page.wait_for_url(f"{city.base}/")
    until(lambda: "/akun/masuk/" in _at(page, f"{home(city)}/"), 10)


def test_refusing_is_no_dead_end(browser: Any, city: City) -> None:
    page = browser.new_context(
        viewport={"width": 360, "height": 800}
    ).new_page()  # not `page`: Chromium logs a 403 as an error
    sign_in(page, city, "adi")
    forget(page, city)
    page.goto(f"{home(city)}/arsip")
    with page.expect_response(lambda answer: "/_portal/kembali" in answer.url) as seen:
        page.click("button[value=tolak]")
    assert seen.value.status == 403 and "tidak mengizinkan Arsip lama" in page.inner_text("main")
    assert page.locator("a:has-text('Coba lagi')").get_attribute("href") == "/arsip"


def _at(page: Any, address: str) -> str:
    page.goto(address)
    return str(page.url)


def fetch(city: City, path: str, **headers: str) -> tuple[int, str]:
    parts = urlsplit(home(city))
    context = ssl.create_default_context(cafile=str(city.var / "tls" / "ca.crt"))
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=10, context=context)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_nobody_tells_the_app_who_they_are(city: City) -> None:
    spoken = {"X-Portal-Subject": "admin", "X_Portal_Subject": "admin", "X-Portal-Account": "budi.lama"}
    assert fetch(city, "/terlihat", **spoken)[0] == 401
    assert fetch(city, "/terlihat", Cookie="__Host-pintu=" + "a" * 43, **spoken)[0] == 401
    assert fetch(city, "/_portal/periksa")[0] == 404 and fetch(city, "/_portal/lain")[0] == 404
    assert fetch(city, "/_portal/kembali?code=x&state=y")[0] == 403
    assert fetch(city, "/tautkan", **spoken)[0] == 200


def test_what_the_app_sees_is_what_the_portal_said_and_never_the_session(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    page.goto(f"{home(city)}/terlihat")
    if "/akun/izin/" in page.url:
        page.click("button[value=izinkan]")
        page.wait_for_url(f"{home(city)}/terlihat")
    page.context.add_cookies(
        [{"name": "lama", "value": "1", "url": home(city)}, {"name": "zz", "value": "2", "url": home(city)}]
    )
    page.set_extra_http_headers({"X-Portal-NIK": "3576019999990009", "X-Portal-Name": "Orang lain"})
    page.goto(f"{home(city)}/terlihat")
    seen = {name.lower(): value for name, value in json.loads(page.inner_text("body")).items()}
    assert seen["x-portal-name"] == "Alice Contoh" and "x-portal-nik" not in seen
    assert "lama=1" in seen["cookie"] and "zz=2" in seen["cookie"] and "pintu=" not in seen["cookie"]
    page.set_extra_http_headers({})


def test_while_the_portal_is_away_the_app_says_so_and_lets_nobody_in(city: City) -> None:
    held = city.var / "held" / "web"
    held.touch()
    try:
        until(lambda: fetch(city, "/", Accept="text/html")[0] == 503, 20)
        assert "sedang tidak menjawab" in fetch(city, "/", Accept="text/html")[1]
    finally:
        held.unlink()
    until(lambda: fetch(city, "/", Accept="text/html")[0] == 302, 30)
