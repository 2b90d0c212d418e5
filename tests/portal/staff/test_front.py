"""Every member of staff has a front page with the rooms they may enter, and a session that ends early; a resident has neither."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY
from django.test import Client

from accounts.factors.rules import STAFF, is_staff
from accounts.models import User
from accounts.permissions import CityRole
from accounts.roles.city import set_city_roles
from services.catalogue import members
from services.catalogue.models import Department, DepartmentRole
from tests.portal.staff.conftest import Desk, left_open, person

ROOMS = ("/petugas/anggota/", "/petugas/pengguna/", "/petugas/sistem/", "/kelola/")
ROLES = [*DepartmentRole, *CityRole]


@pytest.fixture
def holder(dlh: Department) -> Callable[[DepartmentRole | CityRole], User]:
    """Somebody who has this role and no other."""

    def make(role: DepartmentRole | CityRole) -> User:
        user = person("orang")
        if isinstance(role, DepartmentRole):
            members.set_roles(user, department=dlh, roles=[role], by=None)
        else:
            beside = [CityRole.COORDINATOR] if role == CityRole.CONFIDENTIAL else []
            set_city_roles(user, roles=[role, *beside], by=None)
        return user

    return make


def menu(client: Client) -> set[str]:
    answer = client.get("/petugas/")
    assert answer.status_code == 200
    nav = answer.content.decode().partition('<nav class="k-nav"')[2].partition("</nav>")[0]
    return set(re.findall(r'href="([^"]+)"', nav)) - {"/", "/petugas/", "/akun/keluar/"}


@pytest.mark.parametrize("role", ROLES)
def test_every_room_in_the_menu_opens_and_every_other_is_closed(desk: Desk, holder: Callable[..., User], role: str) -> None:
    client = desk(holder(role))
    shown = menu(client)
    for room in ROOMS:
        opens = client.get(room, follow=True).status_code == 200
        assert opens == (room in shown), (role, room)


@pytest.mark.parametrize("role", ROLES)
def test_the_session_of_every_role_is_a_staff_session(desk: Desk, holder: Callable[..., User], role: str) -> None:
    user = holder(role)
    assert is_staff(user)
    assert STAFF in desk(user).session


@pytest.mark.parametrize("role", ROLES)
def test_a_role_given_to_somebody_signed_in_makes_a_staff_session_of_it(
    desk: Desk, dlh: Department, warga: User, role: str
) -> None:
    """Also when a resident had shown a second factor of their own at sign-in."""
    client = desk(warga)
    session = client.session
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(warga.pk)
    session["account_authentication_methods"] = [{"method": "mfa", "at": 1e12, "type": "totp"}]
    session.save()
    assert client.get("/petugas/").status_code == 403 and STAFF not in client.session
    if role in DepartmentRole.values:
        members.set_roles(warga, department=dlh, roles=[role], by=None)
    else:
        set_city_roles(warga, roles=[role, CityRole.COORDINATOR], by=None)
    assert client.get("/petugas/").status_code == 200 and STAFF in client.session


def test_the_front_page_names_the_roles(desk: Desk, dlh: Department) -> None:
    user = person("ivan")
    members.set_roles(user, department=dlh, roles=[DepartmentRole.INTEGRATOR], by=None)
    set_city_roles(user, roles=[CityRole.LEADERSHIP], by=None)
    page = desk(user).get("/petugas/").content.decode()
    assert "<h1>Ruang petugas</h1>" in page
    assert "Dinas Lingkungan Hidup" in page and "Integrator" in page and "Pimpinan" in page
    assert "Belum ada ruang untuk peran Anda" not in page and 'href="/integrasi/langganan/"' in page


def test_who_has_no_room_yet_reads_so(desk: Desk, db: None) -> None:
    user = person("pimpin")
    set_city_roles(user, roles=[CityRole.LEADERSHIP], by=None)
    assert "Belum ada ruang untuk peran Anda" in desk(user).get("/petugas/").content.decode()


def test_clerks_and_managers_get_the_work_list_and_operators_no_case(
    desk: Desk, siti: User, kepala: User, oper: User
) -> None:
    for user in (siti, kepala):
        assert "<h1>Kotak kerja</h1>" in desk(user).get("/petugas/").content.decode()
    page = desk(oper).get("/petugas/").content.decode()
    assert "<h1>Ruang petugas</h1>" in page and "Kotak kerja" not in page


def test_a_resident_may_not_enter_and_a_visitor_signs_in(desk: Desk, warga: User, client: Client) -> None:
    assert desk(warga).get("/petugas/").status_code == 403
    assert client.get("/petugas/")["Location"] == "/akun/masuk/?next=/petugas/"


def test_everybody_reads_the_history_of_the_own_roles(desk: Desk, dlh: Department, kepala: User, warga: User) -> None:
    client = desk(warga)
    assert "Belum ada perubahan peran" in client.get("/akun/peran/").content.decode()
    members.set_roles(warga, department=dlh, roles=["CLERK"], by=kepala, reason="Pindahan")
    members.set_roles(warga, department=dlh, roles=[], by=kepala, reason="Kembali lagi")
    page = client.get("/akun/peran/").content.decode()
    assert "Pindahan" in page and "Kembali lagi" in page and "oleh Kepala Contoh" in page
    assert Client().get("/akun/peran/")["Location"].startswith("/akun/masuk/")


def test_a_browser_that_was_left_open_gives_no_roles_and_what_was_typed_is_done_after_the_proof(
    desk: Desk, dlh: Department, kepala: User, warga: User
) -> None:
    client = left_open(desk(kepala))
    assert client.get("/petugas/anggota/dlh/").status_code == 200, "looking needs no proof"
    values = {"email": warga.email, "peran": ["CLERK"], "alasan": "Pindahan"}
    answer = client.post("/petugas/anggota/dlh/", values)
    assert answer.status_code == 302 and answer["Location"].startswith("/akun/masuk/ulang/?next=")
    assert not warga.memberships.exists()
    proof = {"password": "mojokerto-demo", "next": "/petugas/anggota/dlh/"}
    wrong = client.post("/akun/masuk/ulang/", {**proof, "password": "salah"})
    assert wrong.status_code == 200 and not warga.memberships.exists()
    assert client.post("/akun/masuk/ulang/", proof)["Location"] == "/petugas/anggota/dlh/"
    assert [row.role for row in warga.memberships.all()] == ["CLERK"], "nothing had to be typed again"


def test_what_was_typed_waits_when_the_session_has_ended(desk: Desk, dlh: Department, kepala: User) -> None:
    client, values = Client(), {"email": "baru@example.org", "peran": ["CLERK", "EDITOR"], "alasan": "Pegawai baru"}
    answer = client.post("/petugas/anggota/dlh/", values)
    assert answer.status_code == 303 and answer["Location"] == "/akun/masuk/?next=/petugas/anggota/dlh/"
    client.force_login(kepala)
    page = client.get("/petugas/anggota/dlh/").content.decode()
    assert 'value="baru@example.org"' in page and 'value="Pegawai baru"' in page and page.count(" checked") == 2
    assert not dlh.invitations.exists()


@pytest.mark.parametrize("door", ["peran/", "akun/"])
def test_the_operators_doors_need_a_fresh_proof_too(desk: Desk, oper: User, siti: User, door: str) -> None:
    client = left_open(desk(oper))
    address = f"/petugas/pengguna/{siti.public_id}/{door}"
    answer = client.post(address, {"peran": ["pimpinan"], "tindakan": "nonaktif", "alasan": "x"})
    assert answer["Location"].startswith("/akun/masuk/ulang/?next=")
    siti.refresh_from_db()
    assert siti.is_active and not siti.groups.exists()
