"""A manager gives and takes the roles of the own department; nobody their own, nobody those of another department."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import AccountNotice, Act, Event, RoleChange, User
from services.catalogue import members
from services.catalogue.models import Department, DepartmentMember, DepartmentRole
from services.catalogue.models import DepartmentRole as Role
from tests.portal.staff.conftest import Desk, person

PAGE = "/petugas/anggota/dlh/"


def of(user: User, department: Department) -> set[str]:
    return {role.value for role in members.roles_of(user, department)}


def problems_of(client: Client, values: dict[str, object], page: str = PAGE) -> str:
    answer = client.post(page, values)
    assert answer.status_code == 200, answer.get("Location")
    text = answer.content.decode()
    assert "k-errors" in text and re.search(r"<title>Ada \d yang perlu diperbaiki: ", text)
    return text


def test_a_manager_of_one_department_is_led_to_its_members(desk: Desk, kepala: User, siti: User) -> None:
    client = desk(kepala)
    assert client.get("/petugas/anggota/")["Location"] == PAGE
    page = client.get(PAGE).content.decode()
    assert "siti@example.org" in page and "Petugas" in page and "Riwayat" in page


def test_an_operator_chooses_a_department_by_its_code(desk: Desk, oper: User, kepala: User, lain: User) -> None:
    client = desk(oper)
    page = client.get("/petugas/anggota/?cari=dish").content.decode()
    assert "/petugas/anggota/dishub/" in page and "/petugas/anggota/dlh/" not in page
    assert "lain@example.org" in client.get("/petugas/anggota/dishub/").content.decode()


def test_adding_a_person_with_an_account_gives_the_roles_at_once_and_tells_them(
    desk: Desk, kepala: User, dlh: Department, warga: User
) -> None:
    answer = desk(kepala).post(PAGE, {"email": " Warga@Example.org ", "peran": ["CLERK", "EDITOR"], "alasan": "Pindahan"})
    assert answer["Location"] == PAGE
    assert of(warga, dlh) == {"CLERK", "EDITOR"}
    told = AccountNotice.objects.get(user=warga)
    assert told.event == Event.ROLE_GIVEN and told.next_try is not None
    assert told.detail == "Petugas, Penyunting: Dinas Lingkungan Hidup\nAlasan: Pindahan"
    written = RoleChange.objects.filter(person=warga, by=kepala, act=Act.GIVEN, department="dlh", reason="Pindahan")
    assert {row.role for row in written} == {"CLERK", "EDITOR"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"email": "bukan-alamat", "peran": ["CLERK"]}, "Alamat email tidak lengkap"),
        ({"email": "", "peran": ["CLERK"]}, "Tulis alamat email orang itu"),
        ({"email": "kepala@example.org", "peran": ["CLERK"]}, "Itu alamat Anda sendiri"),
        ({"email": "siti@example.org", "peran": ["CLERK"]}, "sudah punya peran itu"),
        ({"email": "warga@example.org", "peran": ["RAJA"]}, "Peran itu tidak dikenal"),
        ({"email": "warga@example.org", "peran": ["operator"]}, "Peran itu tidak dikenal"),
        ({"email": "warga@example.org"}, "Pilih paling sedikit satu peran"),
        ({"email": "warga@example.org", "peran": ["CLERK"], "alasan": "x" * 301}, "Alasan paling banyak 300 huruf"),
        ({"email": "tutup@example.org", "peran": ["CLERK"]}, "dinonaktifkan"),
        ({"email": "admin@example.org", "peran": ["CLERK"]}, "pengelola utama"),
        ({"email": "w\0arga@example.org", "peran": ["CLERK"]}, "k-err"),
    ],
)
def test_what_cannot_be_added_is_said_and_what_was_typed_stays(
    desk: Desk, kepala: User, siti: User, warga: User, values: dict[str, object], said: str
) -> None:
    person("tutup", is_active=False)
    person("admin", is_superuser=True)
    before = DepartmentMember.objects.count()
    page = problems_of(desk(kepala), values)
    assert said in page
    if "@" in str(values["email"]) and "\0" not in str(values["email"]):
        assert f'value="{values["email"]}"' in page
    assert DepartmentMember.objects.count() == before


def test_changing_roles_gives_what_is_new_and_takes_what_is_left_out(
    desk: Desk, kepala: User, siti: User, dlh: Department
) -> None:
    client, page = desk(kepala), f"{PAGE}{siti.public_id}/"
    assert "checked" in client.get(page).content.decode()
    assert "Tulis alasannya" in problems_of(client, {"peran": ["REVIEWER"]}, page)
    assert client.post(page, {"peran": ["REVIEWER"], "alasan": "Tugas baru"})["Location"] == PAGE
    assert of(siti, dlh) == {"REVIEWER"}
    events = set(AccountNotice.objects.filter(user=siti).values_list("event", flat=True))
    assert events == {Event.ROLE_GIVEN, Event.ROLE_TAKEN}
    assert RoleChange.objects.filter(person=siti, act=Act.TAKEN, role="CLERK", reason="Tugas baru", by=kepala).count() == 1


def test_removing_a_member_needs_a_reason_and_the_own_button(desk: Desk, kepala: User, siti: User, dlh: Department) -> None:
    client, page = desk(kepala), f"{PAGE}{siti.public_id}/"
    assert "tekan Keluarkan dari dinas" in problems_of(client, {"alasan": "Pensiun"}, page)
    assert "Tulis alasannya" in problems_of(client, {"tindakan": "keluarkan", "peran": ["CLERK"]}, page)
    assert "Peran itu tidak dikenal" in problems_of(client, {"peran": ["RAJA"], "alasan": "x"}, page)
    assert of(siti, dlh) == {"CLERK"}
    assert client.post(page, {"tindakan": "keluarkan", "peran": ["CLERK"], "alasan": "Pensiun"}).status_code == 302
    assert of(siti, dlh) == set()
    assert client.get(page).status_code == 404, "no member any more"
    assert "Pensiun" in client.get(PAGE).content.decode(), "the history says why"


def test_nobody_changes_their_own_roles(desk: Desk, kepala: User, oper: User, dlh: Department) -> None:
    client, page = desk(kepala), f"{PAGE}{kepala.public_id}/"
    assert "Ini akun Anda sendiri" in client.get(page).content.decode()
    answer = client.post(page, {"peran": ["MANAGER", "CLERK"]})
    assert answer.status_code == 200 and of(kepala, dlh) == {"MANAGER"}
    assert "Itu alamat Anda sendiri" in problems_of(desk(oper), {"email": oper.email, "peran": ["CLERK"]})


def test_the_last_manager_is_removed_by_an_operator_only(
    kepala: User, siti: User, oper: User, dlh: Department, desk: Desk
) -> None:
    members.set_roles(siti, department=dlh, roles=[Role.MANAGER], by=kepala)
    members.set_roles(kepala, department=dlh, roles=[], by=siti, reason="Mutasi")
    with pytest.raises(members.RefusedError, match="tidak mengelola"):  # the other tab, in which kepala was still manager
        members.set_roles(siti, department=dlh, roles=[], by=kepala, reason="Mutasi")
    page = f"{PAGE}{siti.public_id}/"
    assert desk(oper).post(page, {"tindakan": "keluarkan", "alasan": "Pensiun"}).status_code == 302
    assert not dlh.members.exists()


def test_a_manager_who_is_closed_does_not_count_as_one_that_stays(kepala: User, dlh: Department) -> None:
    tutup = person("tutup", is_active=False)
    members.set_roles(tutup, department=dlh, roles=[Role.MANAGER], by=None)
    other = person("wakil")
    members.set_roles(other, department=dlh, roles=[Role.MANAGER], by=None)
    User.objects.filter(pk=other.pk).update(is_active=False)
    with pytest.raises(members.RefusedError):
        members.set_roles(kepala, department=dlh, roles=[], by=other, reason="x")
    assert of(kepala, dlh) == {"MANAGER"}


def test_another_department_is_as_absent_as_none(
    desk: Desk, kepala: User, lain: User, dishub: Department, warga: User
) -> None:
    client = desk(kepala)
    for page in ("/petugas/anggota/dishub/", "/petugas/anggota/tidak-ada/", f"/petugas/anggota/dishub/{lain.public_id}/"):
        assert client.get(page).status_code == 404
        assert client.post(page, {"email": warga.email, "peran": ["CLERK"], "alasan": "x"}).status_code == 404
    assert client.get(f"{PAGE}{lain.public_id}/").status_code == 404, "no member here"
    assert of(warga, dishub) == set() and of(lain, dishub) == {"MANAGER"}


@pytest.mark.parametrize("role", [Role.CLERK, Role.EDITOR, Role.REVIEWER, Role.INTEGRATOR])
def test_who_is_no_manager_may_not_enter(desk: Desk, dlh: Department, kepala: User, role: DepartmentRole) -> None:
    other = person("orang")
    members.set_roles(other, department=dlh, roles=[role], by=None)
    client = desk(other)
    for page in ("/petugas/anggota/", PAGE, f"{PAGE}{kepala.public_id}/"):
        assert client.get(page).status_code == 403
        assert client.post(page, {"email": "x@example.org", "peran": ["CLERK"]}).status_code == 403


def test_a_resident_and_a_visitor_may_not_enter(desk: Desk, dlh: Department, warga: User, client: Client) -> None:
    assert desk(warga).get(PAGE).status_code == 403
    assert client.get(PAGE)["Location"].startswith("/akun/masuk/")
    assert client.post(PAGE, {"email": "x@example.org"})["Location"].startswith("/akun/masuk/")


def test_the_page_is_in_english_too(desk: Desk, kepala: User, siti: User) -> None:
    page = desk(kepala).get("/en/petugas/anggota/dlh/").content.decode()
    assert "Members" in page and "Clerk" in page and "Tambah" not in page
