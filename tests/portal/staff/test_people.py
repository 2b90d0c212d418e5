"""An operator finds people, gives city roles, closes accounts; never their own, never a superuser's, never the last operator's."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.core.management import call_command
from django.test import Client

from accounts.models import AccessEntry, AccountNotice, Act, Event, RoleChange, User
from accounts.permissions import CityRole, city_roles_of
from accounts.roles import city, people
from accounts.roles.record import RefusedError
from tests.conftest import PASSWORD
from tests.portal.staff.conftest import Desk, person

LIST = "/petugas/pengguna/"


def signed_in(user: User) -> Client:
    client = Client()
    assert client.post("/akun/masuk/", {"login": user.email, "password": PASSWORD}).status_code == 302
    assert client.get("/akun/").status_code == 200
    return client


def page_of(user: User) -> str:
    return f"{LIST}{user.public_id}/"


@pytest.fixture
def admin(db: None) -> User:
    return person("admin", is_superuser=True)


@pytest.fixture
def second(db: None) -> User:
    user = person("oper2")
    city.set_city_roles(user, roles=[CityRole.OPERATOR], by=None)
    return user


def test_people_are_found_by_a_part_of_name_or_address(desk: Desk, oper: User, warga: User, siti: User) -> None:
    client = desk(oper)
    staff = client.get(LIST).content.decode()
    assert "siti@example.org" in staff and "warga@example.org" not in staff, "residents only when searched for"
    for words in ("warga@example.org", "WARG", "arga Con"):
        found = client.get(LIST, {"cari": words}).content.decode()
        assert "warga@example.org" in found and "siti@example.org" not in found, words
    assert "Tidak ada orang yang cocok" in client.get(LIST, {"cari": "100%"}).content.decode()
    assert "Tulis paling sedikit 3 huruf" in client.get(LIST, {"cari": "wa"}).content.decode()
    assert client.get(LIST, {"cari": "w\0arga", "hal": "x" * 99}).status_code == 200


def test_the_list_is_paged(desk: Desk, oper: User) -> None:
    User.objects.bulk_create(
        [User(email=f"orang{n:02}@example.org", name=f"Orang {n:02}", public_id=f"p{n:021}") for n in range(30)]
    )
    client = desk(oper)
    assert "orang29@" not in client.get(LIST, {"cari": "orang"}).content.decode()
    assert "orang29@" in client.get(LIST, {"cari": "orang", "hal": "2"}).content.decode()


def test_a_persons_page_shows_roles_and_no_private_data_and_the_look_is_recorded(desk: Desk, oper: User, siti: User) -> None:
    siti.nik, siti.phone, siti.kk_number = "3576014507900001", "081234567890", "3576010101010001"
    siti.save()
    page = desk(oper).get(page_of(siti)).content.decode()
    assert "Dinas Lingkungan Hidup" in page and "Petugas" in page and "siti@example.org" in page
    assert not [secret for secret in (siti.nik, siti.phone, siti.kk_number) if secret in page]
    entry = AccessEntry.objects.get(subject=siti)
    assert (entry.actor, entry.action) == ("Oper Contoh", "ACCOUNT_VIEWED")


def test_nobody_but_operators_enters(desk: Desk, kepala: User, siti: User, warga: User, client: Client) -> None:
    for other in (kepala, siti, warga):
        mine = desk(other)
        for address in (LIST, page_of(siti), f"{page_of(siti)}peran/", f"{page_of(siti)}akun/"):
            assert mine.get(address).status_code == 403
            answer = mine.post(address, {"peran": ["operator"], "alasan": "x", "tindakan": "nonaktif"})
            assert answer.status_code == 403
    assert client.get(LIST)["Location"].startswith("/akun/masuk/")
    siti.refresh_from_db()
    assert siti.is_active and not city_roles_of(siti)


def test_an_absent_person_is_absent(desk: Desk, oper: User) -> None:
    for address in ("tidakada/", "tidakada/peran/", "tidakada/akun/"):
        assert desk(oper).get(f"{LIST}{address}").status_code == 404
        assert desk(oper).post(f"{LIST}{address}", {"alasan": "x"}).status_code in (404, 405)


def test_city_roles_are_given_and_taken_with_a_reason(desk: Desk, oper: User, warga: User) -> None:
    client, door = desk(oper), f"{page_of(warga)}peran/"
    assert "Tulis alasannya" in client.post(door, {"peran": ["pimpinan"]}).content.decode()
    assert not city_roles_of(warga)
    given = {"peran": ["koordinator", "koordinator-rahasia"], "alasan": "SK 12"}
    assert client.post(door, given)["Location"] == page_of(warga)
    assert city_roles_of(warga) == {CityRole.COORDINATOR, CityRole.CONFIDENTIAL}
    told = AccountNotice.objects.get(user=warga)
    assert told.detail == "Koordinator pengaduan, Jalur aduan rahasia\nAlasan: SK 12"
    assert client.post(door, {"peran": [], "alasan": "Mutasi"}).status_code == 302
    assert not city_roles_of(warga)
    page = client.get(page_of(warga)).content.decode()
    assert "SK 12" in page and "Mutasi" in page and "Peran dicabut" in page


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (["koordinator-rahasia"], "hanya untuk koordinator"),
        (["raja"], "Peran itu tidak dikenal"),
        (["penyunting:dlh"], "Peran itu tidak dikenal"),
    ],
)
def test_what_is_no_city_role_is_refused(desk: Desk, oper: User, warga: User, roles: list[str], said: str) -> None:
    answer = desk(oper).post(f"{page_of(warga)}peran/", {"peran": roles, "alasan": "x"})
    assert answer.status_code == 200 and said in answer.content.decode()
    assert not warga.groups.exists() and 'value="x"' in answer.content.decode()


def test_an_operator_makes_no_superuser(desk: Desk, oper: User, warga: User) -> None:
    desk(oper).post(f"{page_of(warga)}peran/", {"peran": ["operator"], "is_superuser": "on", "alasan": "x"})
    warga.refresh_from_db()
    assert not warga.is_superuser and city_roles_of(warga) == {CityRole.OPERATOR}


@pytest.mark.parametrize("act", ["nonaktif", "sesi", "langkah-kedua"])
def test_a_superuser_is_out_of_an_operators_reach(desk: Desk, oper: User, admin: User, act: str) -> None:
    client = desk(oper)
    assert "<form" not in client.get(page_of(admin)).content.decode().partition("<main")[2].partition("</main>")[0]
    for door, values in (("akun/", {"tindakan": act}), ("peran/", {"peran": ["pimpinan"]})):
        answer = client.post(page_of(admin) + door, {**values, "alasan": "x"})
        assert answer.status_code == 200 and "pengelola utama" in answer.content.decode()
    admin.refresh_from_db()
    assert admin.is_active and not RoleChange.objects.filter(person=admin).exists()


@pytest.mark.parametrize("act", ["nonaktif", "sesi", "langkah-kedua"])
def test_an_operator_does_nothing_to_the_own_account(desk: Desk, oper: User, second: User, act: str) -> None:
    client = desk(oper)
    for door, values in (("akun/", {"tindakan": act}), ("peran/", {"peran": ["operator", "pimpinan"]})):
        answer = client.post(page_of(oper) + door, {**values, "alasan": "x"})
        assert "akun Anda sendiri" in answer.content.decode()
    oper.refresh_from_db()
    assert oper.is_active and city_roles_of(oper) == {CityRole.OPERATOR}


def test_the_last_operator_stays(admin: User, oper: User, second: User) -> None:
    city.set_city_roles(second, roles=[], by=oper, reason="x")
    with pytest.raises(RefusedError, match="bukan operator lagi"):
        city.set_city_roles(oper, roles=[], by=second, reason="x")
    with pytest.raises(RefusedError, match="operator terakhir"):
        city.set_city_roles(oper, roles=[], by=admin, reason="x")
    with pytest.raises(RefusedError, match="operator terakhir"):
        people.deactivate(oper, by=admin, reason="x")
    oper.refresh_from_db()
    assert oper.is_active and city_roles_of(oper) == {CityRole.OPERATOR}


def test_closing_an_account_ends_its_sessions_and_opening_it_lets_in_again(desk: Desk, oper: User, siti: User) -> None:
    theirs, client, door = signed_in(siti), desk(oper), f"{page_of(siti)}akun/"
    assert "Tulis alasannya" in client.post(door, {"tindakan": "nonaktif"}).content.decode()
    assert "Pilih satu tindakan" in client.post(door, {"alasan": "x", "tindakan": "hapus"}).content.decode()
    assert client.post(door, {"tindakan": "nonaktif", "alasan": "Cuti panjang"}).status_code == 302
    assert theirs.get("/akun/")["Location"].startswith("/akun/masuk/")
    assert "sudah dinonaktifkan" in client.post(door, {"tindakan": "nonaktif", "alasan": "x"}).content.decode()
    answer = client.post(f"{page_of(siti)}peran/", {"peran": ["pimpinan"], "alasan": "x"})
    assert "Aktifkan dulu" in answer.content.decode()
    assert client.post(door, {"tindakan": "aktif", "alasan": "Kembali"}).status_code == 302
    assert "sudah aktif" in client.post(door, {"tindakan": "aktif", "alasan": "x"}).content.decode()
    siti.refresh_from_db()
    assert siti.is_active and siti.memberships.exists(), "the roles are still there"
    acts = list(RoleChange.objects.filter(person=siti, by=oper).order_by("pk").values_list("act", "reason"))
    assert acts == [(Act.CLOSED, "Cuti panjang"), (Act.OPENED, "Kembali")]
    events = list(AccountNotice.objects.filter(user=siti).order_by("pk").values_list("event", flat=True))
    assert events == [Event.ACCOUNT_CLOSED, Event.ACCOUNT_OPENED]


def test_ending_sessions_leaves_the_account_open(desk: Desk, oper: User, siti: User) -> None:
    theirs = signed_in(siti)
    assert desk(oper).post(f"{page_of(siti)}akun/", {"tindakan": "sesi", "alasan": "HP hilang"}).status_code == 302
    assert theirs.get("/akun/").status_code == 302
    siti.refresh_from_db()
    assert siti.is_active


def test_a_second_factor_is_reset_on_the_page_as_by_the_command(desk: Desk, oper: User, siti: User) -> None:
    for way in ("page", "command"):
        theirs = signed_in(siti)
        Authenticator.objects.create(user=siti, type=Authenticator.Type.TOTP, data={"secret": encrypt("JBSWY3DPEHPK3PXP")})
        if way == "page":
            answer = desk(oper).post(f"{page_of(siti)}akun/", {"tindakan": "langkah-kedua", "alasan": "HP hilang"})
            assert answer.status_code == 302
        else:
            call_command("second_factor", "reset", siti.email)
        assert not Authenticator.objects.filter(user=siti).exists()
        assert theirs.get("/akun/").status_code == 302, "every session ended"
    rows = list(RoleChange.objects.filter(person=siti, act=Act.FACTORS_RESET).order_by("pk").values_list("by", flat=True))
    assert rows == [oper.pk, None]
    assert AccountNotice.objects.filter(user=siti, event=Event.FACTORS_RESET).count() == 2
