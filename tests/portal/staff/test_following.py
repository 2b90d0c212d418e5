"""The back office follows a role at once, the record is only added to, and two managers at once make one member."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from accounts.models import AccountNotice, Act, RoleChange, User
from accounts.permissions import CityRole
from accounts.roles.city import set_city_roles
from accounts.roles.models import OnlyAddedError
from accounts.tasks import send_account_notice
from cms import scope
from cms.models import DepartmentPage
from services.catalogue import invitations, members
from services.catalogue.models import Department, DepartmentMember, Invitation
from services.catalogue.models import DepartmentRole as Role
from tests.portal.staff.conftest import person


@pytest.mark.usefixtures("demo_city")
def test_an_editor_enters_the_back_office_at_once_and_only_the_own_corner(adi: User) -> None:
    dlh = Department.objects.get(code="dlh")
    oper = User.objects.get(email="oper@example.org")
    own = DepartmentPage.objects.get(department="dlh", locale__language_code="id")
    other = DepartmentPage.objects.get(department="dispendukcapil", locale__language_code="id")
    client = Client()
    client.force_login(adi)
    assert client.get("/kelola/").status_code == 403
    members.set_roles(adi, department=dlh, roles=[Role.EDITOR], by=oper)
    client.force_login(adi)
    assert client.get(f"/kelola/pages/{own.pk}/").status_code == 200
    assert client.get(f"/kelola/pages/{other.pk}/edit/").status_code == 404
    members.set_roles(adi, department=dlh, roles=[Role.CLERK], by=oper, reason="Mutasi")
    assert client.get("/kelola/").status_code == 403
    assert not adi.groups.exists()


@pytest.mark.usefixtures("demo_city")
def test_an_editor_of_one_department_does_not_reach_the_members_of_another(bob: User, dewi: User) -> None:
    client = Client()
    client.force_login(bob)
    page = f"/petugas/anggota/dlh/{dewi.public_id}/"
    for address in ("/petugas/anggota/dlh/", page, "/petugas/anggota/dispendukcapil/"):
        assert client.get(address).status_code == 403
        assert client.post(address, {"tindakan": "keluarkan", "alasan": "x"}).status_code == 403
    assert dewi.memberships.count() == 2


@pytest.mark.usefixtures("demo_city")
def test_the_demo_city_has_the_roles_of_the_contract() -> None:
    found = {
        user.email.partition("@")[0]: (
            {(row.department.code, row.role) for row in user.memberships.select_related("department")},
            set(user.groups.values_list("name", flat=True)),
        )
        for user in User.objects.all()
    }
    assert found["rina"] == ({("diskominfo", "REVIEWER")}, {"koordinator", "peninjau:diskominfo"})
    assert found["wali"] == (set(), {"pimpinan"}) and found["oper"] == (set(), {"operator"})
    assert found["bob"][1] == {"penyunting:dispendukcapil"} and found["alice"] == (set(), set())
    assert not AccountNotice.objects.exists(), "nobody is mailed about the demo"


def test_editors_of_before_become_members(dlh: Department, warga: User) -> None:
    scope.keep(["dlh"])
    warga.groups.add(Group.objects.get(name=scope.group_name("dlh")))
    migration = import_module("cms.migrations.0005_editors_are_members")
    for _twice in range(2):
        migration.make_members(apps, None)
    assert [(row.department.code, row.role) for row in warga.memberships.all()] == [("dlh", "EDITOR")]


def test_the_record_is_only_added_to(dlh: Department, warga: User, kepala: User) -> None:
    members.set_roles(warga, department=dlh, roles=[Role.CLERK], by=kepala)
    row = RoleChange.objects.get(person=warga)
    row.reason = "lain"
    for attempt in (row.save, row.delete, RoleChange.objects.all().delete, lambda: RoleChange.objects.update(reason="")):
        with pytest.raises(OnlyAddedError):
            attempt()
    assert RoleChange.objects.get(person=warga).reason == ""


def test_saving_the_same_roles_again_changes_and_tells_nothing(dlh: Department, siti: User, kepala: User) -> None:
    before = RoleChange.objects.count()
    assert members.set_roles(siti, department=dlh, roles=[Role.CLERK], by=kepala) is False
    assert RoleChange.objects.count() == before and not AccountNotice.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("id", "Petugas: "), ("en", "Clerk: ")])
def test_the_mail_names_role_reason_and_where_to_ask(
    dlh: Department, warga: User, kepala: User, mailoutbox: list, language: str, words: str
) -> None:
    User.objects.filter(pk=warga.pk).update(language=language)
    warga.refresh_from_db()
    members.set_roles(warga, department=dlh, roles=[Role.CLERK], by=kepala, reason="SK 7")
    send_account_notice(AccountNotice.objects.get().pk)
    body = mailoutbox[0].body
    assert words in body and "SK 7" in body and "/akun/peran/" in body
    assert "kata sandi dan keluarkan" not in body, "nobody signed in anywhere"


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_add_the_same_person_at_once_make_one_member() -> None:
    dlh = Department.objects.create(code="dlh", name="DLH", short_name="DLH", kind="dinas")
    warga, heads = person("warga"), [person(f"kepala{n}") for n in range(6)]
    for head in heads:
        members.set_roles(head, department=dlh, roles=[Role.MANAGER], by=None)

    def add(head: User, email: str) -> str:
        try:
            invitations.add(dlh, email=email, roles=[Role.CLERK], by=head)
        except members.RefusedError as error:
            return str(error)
        finally:
            connection.close()
        return ""

    for email, told in ((warga.email, "sudah punya peran"), ("baru@example.org", "sudah diundang")):
        with ThreadPoolExecutor(len(heads)) as pool:
            said = list(pool.map(add, heads, [email] * len(heads)))
        assert said.count("") == 1 and all(told in text for text in said if text)
    assert DepartmentMember.objects.filter(user=warga).count() == 1
    assert RoleChange.objects.filter(person=warga, act=Act.GIVEN).count() == 1
    assert Invitation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_that_remove_each_other_at_once_leave_one() -> None:
    dlh = Department.objects.create(code="dlh", name="DLH", short_name="DLH", kind="dinas")
    pair = [person("satu"), person("dua")]
    for user in pair:
        members.set_roles(user, department=dlh, roles=[Role.MANAGER], by=None)
        set_city_roles(user, roles=[CityRole.OPERATOR], by=None)

    def remove(by: User, other: User) -> bool:
        try:
            set_city_roles(other, roles=[], by=by, reason="x")
        except members.RefusedError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, pair, reversed(pair)))
    assert sorted(done) == [False, True]
    assert User.objects.filter(groups__name=CityRole.OPERATOR).count() == 1
    assert EmailAddress.objects.count() == 2
