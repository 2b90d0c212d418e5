"""One sign-on: a departmental app, in its own process with its own client library, and the person's browser between them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import pytest

from tests.journeys.conftest import ROOT, City, until
from tests.journeys.test_applying import NEXT, fill_sign_in, sign_in

ADI_NIK = "3576011203880002"  # a well-formed sample number of nobody
pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def who(page: Any, city: City) -> str:
    page.goto(f"{city.queue}/")
    return str(page.inner_text("#siapa"))


def forget(page: Any, city: City) -> None:
    """As if nothing had been allowed before."""
    page.goto(f"{city.base}/akun/aplikasi/")
    while page.locator("button:has-text('Cabut izin')").count():
        page.click("button:has-text('Cabut izin')")


def test_one_sign_in_opens_the_departments_app_and_everything_is_taken_back(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    forget(page, city)
    page.goto(f"{city.base}/layanan/antrean-mpp/")
    page.click("main a.k-btn:has-text('Buka Antrean MPP')")
    assert "Izinkan Antrean MPP" in page.inner_text("h1") and page.url.startswith(f"{city.base}/akun/izin/")
    assert "alamat email Anda" in page.inner_text("main") and "NIK" not in page.inner_text("main ul")
    page.click("button[value=izinkan]")
    page.wait_for_url(f"{city.queue}/")
    assert page.inner_text("#siapa") == "Halo, Alice Contoh", "no second password"

    page.goto(f"{city.base}/layanan/antrean-mpp/")
    page.click("main a.k-btn:has-text('Buka Antrean MPP')")
    page.wait_for_url(f"{city.queue}/")
    page.goto(f"{city.queue}/segarkan")
    assert page.inner_text("#siapa") == "Halo, Alice Contoh", "and a refresh token that works"

    page.goto(f"{city.base}/akun/aplikasi/")
    assert "Antrean MPP" in page.inner_text("main")
    page.click("button:has-text('Cabut izin')")
    assert "tidak bisa lagi mengambil data Anda" in page.inner_text("main")
    page.goto(f"{city.queue}/segarkan")
    assert "invalid_grant" in page.inner_text("#galat")


def test_signing_out_of_the_portal_ends_the_app_s_session(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    page.goto(f"{city.queue}/masuk")
    if "/akun/izin/" in page.url:
        page.click("button[value=izinkan]")
    assert who(page, city) == "Halo, Alice Contoh"
    page.goto(f"{city.base}/akun/keluar/")
    page.click("main form button.k-btn")
    until(lambda: who(page, city) == "Belum masuk", 15)


def test_signing_out_of_the_app_signs_out_of_the_portal_without_a_question(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    page.goto(f"{city.queue}/masuk")
    if "/akun/izin/" in page.url:
        page.click("button[value=izinkan]")
    page.goto(f"{city.queue}/keluar")
    assert page.url == f"{city.queue}/?state=selesai" and page.inner_text("#siapa") == "Belum masuk"
    page.goto(f"{city.base}/akun/")
    assert "/akun/masuk/" in page.url


def test_whoever_is_not_signed_in_signs_in_on_the_way_under_the_real_policy(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    forget(page, city)
    page.context.clear_cookies()
    page.goto(f"{city.queue}/masuk")
    assert page.url.startswith(f"{city.base}/akun/masuk/")
    fill_sign_in(page, "alice")
    assert page.url.startswith(f"{city.base}/akun/izin/")
    page.click("button[value=izinkan]")
    page.wait_for_url(f"{city.queue}/")
    assert page.inner_text("#siapa") == "Halo, Alice Contoh"
    page.goto(f"{city.queue}/masuk?prompt=login")
    assert page.url.startswith(f"{city.base}/akun/masuk/ulang/")
    page.fill("[name=password]", "mojokerto-demo")
    page.click("main form button.k-btn")
    page.wait_for_url(f"{city.queue}/")


def test_silence_and_refusal_are_told_to_the_app(page: Any, city: City) -> None:
    page.context.clear_cookies()
    page.goto(f"{city.queue}/masuk?prompt=none")
    assert "login_required" in page.inner_text("#galat")
    sign_in(page, city, "alice")
    forget(page, city)
    page.goto(f"{city.queue}/masuk")
    page.click("button[value=tolak]")
    assert "access_denied" in page.inner_text("#galat")
    page.goto(f"{city.queue}/masuk?acr_values=urn:layanan-kota:level:3")
    assert "unmet_authentication_requirements" in page.inner_text("#galat")


def fill_all(page: Any, answers: dict[str, str]) -> None:
    for key, value in answers.items():
        page.fill(f"#f-{key}", value)


def never_verified(city: City) -> None:
    """Adi as he was made."""
    code = (
        "from accounts.models import User; from allauth.socialaccount.models import SocialAccount; SocialAccount.objects.all().delete();"
        "User.objects.filter(email='adi@example.org').update(nik='', nik_index=None, assurance_level=1)"
    )
    environment = {**city.environment, "DJANGO_SETTINGS_MODULE": "portal.settings.dev"}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True
    )


def test_a_resident_is_stepped_up_at_signing_and_every_answer_is_there(page: Any, city: City) -> None:
    """Adi's NIK is not verified. The service asks only when he wants to send; its own provider is a process of its own."""
    never_verified(city)
    sign_in(page, city, "adi")
    page.goto(f"{city.base}/layanan/surat-pindah-keluar/ajukan/")
    draft = page.url
    page.goto(f"{draft}pemohon/")
    fill_all(page, {"nik": ADI_NIK, "nama": "Adi Contoh", "telepon": "081200000002", "no_kk": "3576010101010001"})
    page.click(NEXT)
    if page.locator("#f-alasan-0").count():
        page.check("#f-alasan-0")
    else:
        page.select_option("#f-alasan", index=1)
    day = date.today() + timedelta(days=10)
    fill_all(page, {"tanggal_pindah-d": str(day.day), "tanggal_pindah-m": str(day.month), "tanggal_pindah-y": str(day.year)})
    fill_all(page, {"alamat_tujuan": "Jl. Baru 2, Surabaya", "kode_wilayah_tujuan": "3578010001", "jumlah_ikut": "0"})
    page.click(NEXT)
    assert page.url == f"{draft}periksa/"
    shown = page.locator("main dl").all_inner_texts()
    page.check("#setuju")
    page.click("main form button.k-btn")
    assert page.inner_text("h1") == "Verifikasi NIK" and "Isian Anda tersimpan" in page.inner_text("main")
    page.click("main a.k-btn")
    assert "Siapa Anda?" in page.inner_text("body"), page.url
    page.click("#n-adi")
    page.wait_for_url(f"{draft}periksa/")
    assert page.locator("main dl").all_inner_texts() == shown and "Jl. Baru 2, Surabaya" in "".join(shown)
    page.check("#setuju")
    page.click("main form button.k-btn")
    assert "/terkirim/" in page.url and "Permohonan terkirim" in page.inner_text("h1")
    page.goto(f"{city.base}/akun/")
    assert "NIK Anda belum diverifikasi" not in page.inner_text("main")
