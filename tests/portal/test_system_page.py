"""The operator sees how the portal runs and may pause a connection; nobody else may, and no case is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

import portal
from accounts.models import User
from accounts.permissions import OPERATOR
from cms import publishing
from cms.models import CatalogueCheck
from cms.timetable import check_catalogue
from services.adapters.models import Connection
from services.cases.models import Case, Delivery
from services.catalogue.models import Availability, ServiceText

PAGE = "/petugas/sistem/"


@pytest.fixture
def oper(db: None) -> User:
    from django.contrib.auth.models import Group

    user = User.objects.create_user("oper@example.org", "x", name="Oper Contoh")
    user.groups.add(Group.objects.get_or_create(name=OPERATOR)[0])
    return user


@pytest.fixture
def oper_at_work(client: Client, oper: User) -> Client:
    client.force_login(oper)
    return client


def test_a_stranger_is_led_to_sign_in(client: Client, db: None) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 302 and answer["Location"].startswith("/akun/masuk/")


def test_alice_may_not_enter(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get(PAGE).status_code == 403


def test_alice_can_neither_pause_a_department_nor_start_a_check(client: Client, alice: User, connect: Any) -> None:
    backend = connect()
    client.force_login(alice)
    assert client.post(f"{PAGE}sambungan/{backend.code}/", {"keadaan": "jeda"}).status_code == 403
    assert client.post(f"{PAGE}katalog/").status_code == 403
    assert Connection.objects.get().is_active


def test_the_operators_menu_has_no_locked_door(oper_at_work: Client) -> None:
    page = oper_at_work.get(PAGE).content.decode()
    assert 'href="/kelola/"' not in page and "Kotak kerja" not in page
    for door in ("/petugas/", "/petugas/anggota/", "/petugas/pengguna/", PAGE):
        assert f'href="{door}"' in page and oper_at_work.get(door).status_code == 200
    assert 'href="/petugas/"' in oper_at_work.get("/akun/").content.decode()


def test_a_clerks_menu_has_no_door_of_operators(client: Client, demo_city: None, bob: User) -> None:
    client.force_login(bob)
    page = client.get("/petugas/").content.decode()
    assert 'href="/petugas/"' in page and 'href="/kelola/"' in page and f'href="{PAGE}"' not in page


def test_a_superuser_may_enter(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("admin2@example.org", "x"))
    assert client.get(PAGE).status_code == 200


def test_oper_sees_the_system_and_no_case(oper_at_work: Client, alice: User, connect: Any, submit: Any) -> None:
    backend = connect()
    case = submit()
    answer = oper_at_work.get(PAGE)
    text = answer.content.decode()
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    assert backend.code in text and portal.__version__ in text
    assert "Belum pernah diperiksa" in text and "Jalankan manage.py backup" in text
    assert case.reference not in text and alice.name not in text and case.title not in text


def test_oper_pauses_a_department_and_lets_it_go_on(
    oper_at_work: Client,
    oper: User,
    connect: Any,
    submit: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend = connect()
    submit()
    address = f"{PAGE}sambungan/{backend.code}/"
    with caplog.at_level(logging.WARNING, "services.adapters.actions"):
        assert oper_at_work.post(address, {"keadaan": "jeda"}).status_code == 302
    backend.refresh_from_db()
    assert not backend.is_active
    assert "Dijeda" in oper_at_work.get(PAGE).content.decode()
    assert ServiceText.objects.get(slug="surat-uji").service.availability == Availability.QUEUEING
    (line,) = [record for record in caplog.records if record.name == "services.adapters.actions"]
    assert (line.connection, line.operator) == (backend.code, oper.public_id)  # type: ignore[attr-defined]
    oper_at_work.post(address, {"keadaan": "jalan"})
    backend.refresh_from_db()
    assert backend.is_active and Delivery.objects.count() == 1
    assert ServiceText.objects.get(slug="surat-uji").service.availability == Availability.AVAILABLE


def test_a_resident_is_told_of_a_pause_not_of_a_fault(client: Client, connect: Any, submit: Callable[..., Case]) -> None:
    connect()
    case = submit()
    Connection.objects.update(is_active=False)
    client.force_login(case.resident)
    for path in (f"/permohonan/{case.reference}/", f"/permohonan/{case.reference}/terkirim/"):
        page = client.get(path).content.decode()
        assert "sedang dijeda" in page, path
        assert not {word for word in ("gangguan", "tidak menjawab", "Percobaan berikutnya") if word in page}, path


def test_a_department_that_is_down_is_not_called_available_when_it_goes_on(oper_at_work: Client, connect: Any) -> None:
    backend = connect()
    Connection.objects.update(failures=9, is_active=False)
    oper_at_work.post(f"{PAGE}sambungan/{backend.code}/", {"keadaan": "jalan"})
    assert ServiceText.objects.get(slug="surat-uji").service.availability == Availability.QUEUEING


def test_oper_is_told_what_was_wrong_with_a_switch(oper_at_work: Client, connect: Any) -> None:
    backend = connect()
    answer = oper_at_work.post(f"{PAGE}sambungan/{backend.code}/", {"keadaan": "x"}, follow=True)
    assert "Pilih Jeda atau Jalankan." in answer.content.decode()
    assert oper_at_work.post(f"{PAGE}sambungan/tidak-ada/", {"keadaan": "jeda"}).status_code == 404
    assert oper_at_work.get(f"{PAGE}sambungan/{backend.code}/")["Location"] == PAGE, "no blank page after a new sign-in"


def test_a_switch_from_another_site_is_refused(oper: User, connect: Any) -> None:
    backend = connect()
    client = Client(enforce_csrf_checks=True)
    client.force_login(oper)
    assert client.post(f"{PAGE}sambungan/{backend.code}/", {"keadaan": "jeda"}).status_code == 403
    assert Connection.objects.get().is_active


def test_the_nightly_comparison_names_what_differs(demo_city: None, client: Client) -> None:
    client.force_login(User.objects.get(email="oper@example.org"))
    assert check_catalogue() == 0
    assert "Katalog sama dengan halamannya" in client.get(PAGE).content.decode()
    ServiceText.objects.filter(language="id", slug="akta-kelahiran").update(name="Bukan nama halamannya")
    assert check_catalogue() == 1
    assert CatalogueCheck.objects.count() == 1
    text = client.get(PAGE).content.decode()
    assert "Katalog berbeda dari halamannya" in text and "akta-kelahiran" in text
    publishing.rebuild()
    assert check_catalogue() == 0


def test_the_version_is_the_packages_own() -> None:
    from tests.test_architecture import ROOT

    assert f'version = "{portal.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")
