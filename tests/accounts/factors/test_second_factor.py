"""Promise: a password alone never opens a staff door; what proves a second factor is worth one use and is kept encrypted."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.factors import totp
from portal.demo import codes
from tests.accounts.factors.conftest import Person, person

DOORS = ["/petugas/sistem/", "/petugas/", "/kelola/", "/en/petugas/sistem/", "/petugas/sistem/katalog/"]
INDEX = "/akun/langkah-kedua/"


def set_up(one: Person) -> tuple[HttpResponse, str]:
    """Scan, write the code."""
    page = one.browser.get(f"{INDEX}aplikasi/pasang/").content.decode()
    seed = re.search(r'<code class="k-break">([A-Z2-7]{32})</code>', page)
    assert seed, page
    code = totp.code_at(seed[1], totp.counter_now())
    return one.browser.post(f"{INDEX}aplikasi/pasang/", {"code": code}), seed[1]


@pytest.mark.parametrize("door", DOORS)
def test_staff_without_a_second_factor_are_led_to_set_one_up(door: str, newcomer: Person, bare_staff: None) -> None:
    newcomer.sign_in()
    answer = newcomer.browser.get(door)
    assert answer.status_code == 302 and answer["Location"].endswith(INDEX), answer
    assert "Pasang langkah kedua dulu" in newcomer.browser.get(INDEX).content.decode()


def test_residents_pages_stay_open_to_staff_without_one(newcomer: Person) -> None:
    newcomer.sign_in()
    for path in ("/akun/", "/", "/akun/email/", "/lacak/"):
        assert newcomer.browser.get(path).status_code == 200, path


def test_a_posted_form_does_not_pass_the_door_either(newcomer: Person) -> None:
    newcomer.sign_in()
    answer = newcomer.browser.post("/petugas/sistem/katalog/")
    assert answer.status_code == 302 and answer["Location"] == INDEX


def test_after_setting_up_the_staff_page_that_waited_is_one_step_away(newcomer: Person) -> None:
    newcomer.sign_in()
    newcomer.browser.get("/petugas/sistem/")
    answer, _seed = set_up(newcomer)
    assert answer["Location"] == f"{INDEX}cadangan/"
    assert 'href="/petugas/sistem/"' in newcomer.browser.get(answer["Location"]).content.decode()
    assert newcomer.browser.get("/petugas/sistem/").status_code == 200


def test_staff_with_an_app_sign_in_with_its_code(sri: Person) -> None:
    assert sri.sign_in()["Location"] == "/akun/masuk/kode/" and not sri.is_in
    assert sri.write("000000").status_code == 200 and not sri.is_in
    assert sri.write(sri.code()).status_code == 302 and sri.is_in
    assert sri.browser.get("/petugas/sistem/").status_code == 200


@pytest.mark.parametrize("away", [-1, 0, 1])
def test_a_code_of_a_clock_that_is_30_seconds_off_is_right_once(away: int, sri: Person) -> None:
    sri.sign_in()
    code = sri.code(away)
    sri.write(code)
    assert sri.is_in
    again = Person(sri.user)
    again.sign_in()
    assert again.write(code).status_code == 200 and not again.is_in


def test_after_a_later_code_an_earlier_one_is_worthless(sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code(1))
    again = Person(sri.user)
    again.sign_in()
    assert again.write(sri.code(0)).status_code == 200 and not again.is_in


@pytest.mark.parametrize("away", [-3, -2, 2, 3, 2880])
def test_a_code_of_another_time_is_wrong(away: int, sri: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    now = totp.counter_now()
    monkeypatch.setattr(
        totp, "counter_now", lambda: now
    )  # else a code of the time after next may come into its own meanwhile
    sri.sign_in()
    sri.write(sri.code(away))
    assert not sri.is_in


def test_codes_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}.items():
        assert totp.code_at(secret, seconds // 30) == code


def test_seeds_are_encrypted_in_the_database_and_in_the_session(newcomer: Person) -> None:
    newcomer.sign_in()
    newcomer.browser.get(f"{INDEX}aplikasi/pasang/")
    waiting = json.dumps(dict(newcomer.browser.session.items()))
    _answer, seed = set_up(newcomer)
    rows = json.dumps(list(Authenticator.objects.filter(user=newcomer.user).values_list("data", flat=True)))
    assert "t2." in waiting and seed not in waiting
    assert seed not in rows and rows.count("t2.") == 2  # the app's seed and that of the recovery codes
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        assert seed not in str(cursor.fetchall())


def test_recovery_codes_are_shown_once_and_kept_as_a_file(newcomer: Person) -> None:
    newcomer.sign_in()
    set_up(newcomer)
    first = re.findall(r"<code>(\d{8})</code>", newcomer.browser.get(f"{INDEX}cadangan/").content.decode())
    assert len(first) == 10
    file = newcomer.browser.get(f"{INDEX}cadangan/unduh/")
    assert (
        file["Content-Disposition"].startswith("attachment")
        and re.findall(r"^(\d{8})$", file.content.decode(), re.M) == first
    )
    assert not re.findall(r"\d{8}", newcomer.browser.get(f"{INDEX}cadangan/").content.decode())
    later = newcomer.browser.session
    later["recovery_codes_shown"] -= 1000
    later.save()
    assert newcomer.browser.get(f"{INDEX}cadangan/unduh/").status_code == 404


def test_a_recovery_code_signs_in_once(newcomer: Person) -> None:
    newcomer.sign_in()
    set_up(newcomer)
    code = re.findall(r"<code>(\d{8})</code>", newcomer.browser.get(f"{INDEX}cadangan/").content.decode())[3]
    for expected in (True, False):
        other = Person(newcomer.user)
        other.sign_in()
        other.write(f"{code[:4]} {code[4:]}")
        assert other.is_in is expected


def test_staff_cannot_take_away_their_only_second_factor(sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code())
    page = sri.browser.post(f"{INDEX}aplikasi/cabut/")
    assert page.status_code == 200 and "Petugas harus punya langkah kedua" in page.content.decode()
    assert Authenticator.objects.filter(user=sri.user, type="totp").exists()


def test_a_resident_may_set_one_up_and_take_it_away(resident: Person) -> None:
    resident.sign_in()
    set_up(resident)
    assert Authenticator.objects.filter(user=resident.user).count() == 2
    assert resident.browser.post(f"{INDEX}aplikasi/cabut/")["Location"] == INDEX
    assert not Authenticator.objects.filter(user=resident.user).exists()


def test_after_a_while_changes_need_the_second_factor_again_and_the_password_does_not_do(sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code())
    session = sri.browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    answer = sri.browser.get(f"{INDEX}kunci/tambah/")
    assert answer.status_code == 302 and answer["Location"].startswith("/akun/masuk/ulang/kode/?next=")
    assert sri.browser.get("/akun/masuk/ulang/")["Location"].startswith("/akun/masuk/ulang/kode/")


def test_a_session_from_before_the_app_was_set_up_is_asked_for_its_code(sri: Person, bare_staff: None) -> None:
    sri.browser.force_login(sri.user)
    answer = sri.browser.get("/petugas/sistem/?a=1")
    assert answer["Location"] == "/akun/masuk/ulang/kode/?next=%2Fpetugas%2Fsistem%2F%3Fa%3D1"
    back = sri.browser.post("/akun/masuk/ulang/kode/", {"code": sri.code(), "next": "/petugas/sistem/?a=1"})
    assert back["Location"] == "/petugas/sistem/?a=1" and sri.browser.get("/petugas/sistem/").status_code == 200


@pytest.mark.parametrize(
    ("idle", "age", "stays"), [(29 * 60, 60, True), (31 * 60, 60, False), (0, 11, True), (0, 13, False)]
)
def test_a_staff_session_ends_after_30_idle_minutes_and_12_hours(idle: int, age: int, stays: bool, sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code())
    session = sri.browser.session
    began, seen = session["staff"]
    session["staff"] = [began - (idle + age if idle else age * 3600), seen - idle]
    session.save()
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=idle))
    answer = sri.browser.get("/petugas/sistem/")
    assert (answer.status_code == 200) is stays and sri.is_in is stays
    if not stays:
        assert answer["Location"] == "/akun/masuk/?next=/petugas/sistem/"


def test_work_in_an_app_of_the_same_sign_on_is_no_idle_time(sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code())
    session = sri.browser.session
    began, seen = session["staff"]
    session["staff"] = [began - 3600, seen - 3600]
    session.save()
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    assert sri.browser.get("/petugas/sistem/").status_code == 200


def test_a_residents_session_has_no_such_limit(resident: Person) -> None:
    resident.sign_in()
    assert "staff" not in resident.browser.session
    days = (resident.browser.session.get_expiry_date() - timezone.now()).total_seconds() / 86400
    assert 13.9 < days <= 14


@pytest.mark.parametrize(
    "path", [INDEX, f"{INDEX}aplikasi/pasang/", f"{INDEX}kunci/", f"{INDEX}cadangan/", "/akun/masuk/ulang/kode/"]
)
def test_nobody_sees_these_pages_without_signing_in(path: str, db: None) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302 and answer["Location"].startswith("/akun/masuk/?next="), answer


def test_another_persons_passkey_is_as_absent_as_none(sri: Person) -> None:
    other = person("lain@example.org")
    theirs = Authenticator.objects.create(user=other.user, type="webauthn", data={"name": "milik lain", "credential": {}})
    sri.sign_in()
    sri.write(sri.code())
    for verb in ("hapus", "nama"):
        assert sri.browser.get(f"{INDEX}kunci/{theirs.pk}/{verb}/").status_code == 404
        assert sri.browser.post(f"{INDEX}kunci/{theirs.pk}/{verb}/", {"name": "x"}).status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", "7", '"x"', '{"id": 7}', '{"response": {"userHandle": "AAAA"}}', "\x00"]
)
def test_no_forged_passkey_signs_anybody_in_or_breaks_anything(credential: str, db: None) -> None:
    browser = Client()
    assert "challenge" in browser.get("/akun/masuk/kunci/", headers={"Accept": "application/json"}).content.decode()
    answer = browser.post("/akun/masuk/kunci/", {"credential": credential})
    assert answer.status_code == 302 and answer["Location"] == "/akun/masuk/"
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("name", codes.STAFF)
def test_the_demo_shows_the_code_of_each_member_of_staff(name: str, demo_city: None) -> None:
    browser = Client()
    found = re.search(rf'data-demo-code="{name}@example.org">(\d{{6}})<', browser.get("/akun/masuk/").content.decode())
    assert found
    for _again in range(2):  # in the demo two people may use the same account at once
        browser = Client()
        browser.post("/akun/masuk/", {"login": f"{name}@example.org", "password": "mojokerto-demo"})
        assert browser.post("/akun/masuk/kode/", {"code": found[1]}).status_code == 302
        assert "_auth_user_id" in browser.session


def test_without_the_demo_no_code_is_shown_and_each_works_once(demo_city: None, settings: Any) -> None:
    settings.DEMO = False
    assert "data-demo-code" not in Client().get("/akun/masuk/").content.decode()
    code, signed_in = codes.code("bob"), 0
    for _again in range(2):
        browser = Client()
        browser.post("/akun/masuk/", {"login": "bob@example.org", "password": "mojokerto-demo"})
        browser.post("/akun/masuk/kode/", {"code": code})
        signed_in += "_auth_user_id" in browser.session
    assert signed_in == 1
