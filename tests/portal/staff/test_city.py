"""An operator opens, renames and merges departments, keeps the calendar, and tells the city what is coming."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.sso.models import ClientProfile
from cms import publishing
from cms.models import DepartmentPage, ServicePage
from portal.lib.clocks import today
from services.adapters.models import Connection
from services.cases import actions
from services.cases.models import Case
from services.catalogue import departments, holidays, members, notices, queries
from services.catalogue.models import (
    Department,
    DepartmentChange,
    DepartmentMember,
    DepartmentRole,
    Holiday,
    Invitation,
    Notice,
    Service,
    ServicePoint,
)
from services.forms.queries import current_version
from services.subscriptions.models import Subscription
from tests.portal.api_calls import ANSWERS
from tests.portal.staff.conftest import Desk, left_open

LIST, HOLIDAYS, NOTICES = "/petugas/dinas/", "/petugas/libur/", "/petugas/pengumuman/"
NEW = {"code": "dinas-arsip", "name": "Dinas Kearsipan", "short_name": "Arsip", "kind": "dinas", "alasan": "Perwali 12/2026"}


@pytest.fixture
def city_oper(demo_city: None) -> User:
    return User.objects.get(email="oper@example.org")


def test_only_an_operator_enters(desk: Desk, dlh: Department, kepala: User, siti: User, warga: User, oper: User) -> None:
    for address in (LIST, f"{LIST}baru/", f"{LIST}dlh/", f"{LIST}dlh/ubah/", f"{LIST}dlh/gabung/", HOLIDAYS, NOTICES):
        for person in (kepala, siti, warga):
            assert desk(person).get(address).status_code == 403, (address, person)
            assert desk(person).post(address, NEW).status_code in (403, 405), (address, person)
        assert Client().get(address)["Location"].startswith("/akun/masuk/")
        assert desk(oper).get(address).status_code == 200, address


def test_a_department_is_opened_with_its_page_in_both_languages(city_oper: User, desk: Desk) -> None:
    answer = desk(city_oper).post(f"{LIST}baru/", {**NEW, "name_en": "Archives Office"}, follow=True)
    assert "Dinas dibuka" in answer.content.decode()
    titles = dict(DepartmentPage.objects.filter(department="dinas-arsip").values_list("locale__language_code", "title"))
    assert titles == {"id": "Dinas Kearsipan", "en": "Archives Office"}
    assert Client().get("/dinas/dinas-arsip/").status_code == 200
    row = DepartmentChange.objects.get()
    assert (row.act, row.by, row.reason) == ("OPENED", city_oper, "Perwali 12/2026")


def test_a_browser_left_open_opens_nothing(city_oper: User, desk: Desk) -> None:
    assert left_open(desk(city_oper)).post(f"{LIST}baru/", NEW).status_code == 302
    assert not Department.objects.filter(code="dinas-arsip").exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"code": ""}, "Isi kode dinas"),
        ({"code": "Dinas Arsip"}, "hanya huruf kecil"),
        ({"code": "dlh"}, "sudah dipakai dan tidak bisa dipakai lagi"),
        ({"name": ""}, "Isi nama dinas"),
        ({"name": "Dinas Lingkungan Hidup"}, "sudah dipakai dinas lain"),
        ({"kind": "kelurahan"}, "Pilih jenis dari daftar"),
        ({"alasan": " "}, "Tulis dasarnya"),
        ({"email": "bukan"}, "Alamat email tidak lengkap"),
        ({"name": "x" * 161}, "Terlalu panjang"),
    ],
)
def test_what_cannot_be_opened_is_said_and_nothing_typed_is_lost(
    desk: Desk, oper: User, dlh: Department, changed: dict[str, str], sentence: str
) -> None:
    answer = desk(oper).post(f"{LIST}baru/", {**NEW, **changed})
    page = answer.content.decode()
    assert answer.status_code == 200 and sentence in page and 'value="Arsip"' in page
    assert Department.objects.count() == 1


def test_a_new_name_is_everywhere_at_once_and_the_code_stays(city_oper: User, desk: Desk) -> None:
    dlh = Department.objects.get(code="dlh")
    page = DepartmentPage.objects.get(department="dlh", locale__language_code="id")
    page.about = "Draf yang belum boleh terbit"
    page.save_revision()
    form = {"name": "Dinas Lingkungan dan Kebersihan", "short_name": "DLK", "kind": "dinas", "alasan": "Perda 3/2026"}
    desk(city_oper).post(f"{LIST}dlh/ubah/", form)
    public = Client().get("/dinas/dlh/").content.decode()
    assert "Dinas Lingkungan dan Kebersihan" in public and "Draf yang belum" not in public
    page.refresh_from_db()
    draft = page.get_latest_revision_as_object()
    assert page.title == draft.title == "Dinas Lingkungan dan Kebersihan" and draft.about == "Draf yang belum boleh terbit"
    row = DepartmentChange.objects.get(department=dlh)
    assert row.before["name"] != row.after["name"] == "Dinas Lingkungan dan Kebersihan"
    assert "code" not in row.after and Department.objects.get(pk=dlh.pk).code == "dlh"


def test_a_form_that_changes_nothing_writes_nothing(desk: Desk, oper: User, dlh: Department) -> None:
    form = {"name": dlh.name, "short_name": dlh.short_name, "kind": dlh.kind, "alasan": "coba"}
    assert "Tidak ada yang berubah" in desk(oper).post(f"{LIST}dlh/ubah/", form, follow=True).content.decode()
    assert not DepartmentChange.objects.exists()


def a_case(alice: User) -> Case:
    service = Service.objects.get(code="kutipan-kedua-akta")
    assert service.form is not None
    case = actions.submit_case(
        service,
        resident=alice,
        version=current_version(service.form),
        answers=ANSWERS,
        attachments=[],
        submission_key="merge",
        body_digest="",
        today=today(),
    )
    assert isinstance(case, Case)
    return case


def merge(client: Client, gone: str, into: str, **more: str) -> str:
    form = {"into": into, "alasan": "Perda 3/2026", "yakin": gone, **more}
    return client.post(f"{LIST}{gone}/gabung/", form, follow=True).content.decode()


def test_everything_passes_to_whoever_takes_over(city_oper: User, desk: Desk, alice: User) -> None:
    gone, into = Department.objects.get(code="dispendukcapil"), Department.objects.get(code="dlh")
    case = a_case(alice)
    draft = ServicePage.objects.get(code="akta-kelahiran", locale__language_code="id")
    draft.product = "Draf"
    draft.save_revision()
    codes = set(gone.services.values_list("code", flat=True))
    bob = User.objects.get(email="bob@example.org")
    assert "Digabung" in merge(desk(city_oper), gone.code, into.code)
    # the one table that may still name it: what was done to it
    may = {DepartmentChange}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.related_model is Department and model not in may and field.name != "merged_into":
                assert not model._default_manager.filter(**{field.name: gone}).exists(), (model, field.name)
    assert not ClientProfile.objects.filter(department=gone.code).exists()
    assert codes <= set(into.services.values_list("code", flat=True))
    assert members.roles_of(bob, into) >= {DepartmentRole.CLERK, DepartmentRole.EDITOR}
    assert publishing.drift() == []
    moved = ServicePage.objects.get(pk=draft.pk)
    assert moved.get_parent().specific.department == "dlh" and moved.get_latest_revision_as_object().product == "Draf"
    for path in ("/layanan/akta-kelahiran/", "/en/layanan/akta-kelahiran/"):
        assert Client().get(path).status_code == 200
    case.refresh_from_db()
    assert case.department == into and desk(bob).get(f"/petugas/permohonan/{case.reference}/").status_code == 200
    seen = desk(alice).get(f"/permohonan/{case.reference}/").content.decode()
    assert "yang sekarang menangani permohonan ini" in seen


def test_old_code_and_old_address_lead_to_whoever_took_over(city_oper: User, desk: Desk) -> None:
    client = desk(city_oper)
    merge(client, "dispendukcapil", "dlh")
    for prefix in ("", "/en"):
        answer = Client().get(f"{prefix}/dinas/dispendukcapil/")
        assert answer.status_code == 301 and answer["Location"] == f"{prefix}/dinas/dlh/"
    listed = [d["code"] for d in Client().get("/api/v1/departments").json()["results"]]
    assert "dispendukcapil" not in listed and "dlh" in listed
    by_code = Client().get("/api/v1/services?department=dispendukcapil").json()["results"]
    assert "akta-kelahiran" in [s["code"] for s in by_code]
    assert "akta-kelahiran" in Client().get("/layanan/?dinas=dispendukcapil&q=akta").content.decode()
    assert Department.objects.get(code="dispendukcapil") not in queries.departments_with_counts()
    merge(client, "dlh", "dishub")
    assert Client().get("/dinas/dispendukcapil/")["Location"] == "/dinas/dishub/", "one step, not two"
    assert departments.present("dispendukcapil") == Department.objects.get(code="dishub")


def test_an_open_invitation_goes_on_and_is_never_doubled(
    desk: Desk, oper: User, dlh: Department, dishub: Department
) -> None:
    from services.catalogue import invitations

    for department, address in ((dlh, "satu"), (dlh, "dua"), (dishub, "dua")):
        invitations.add(department, email=f"{address}@example.org", roles=["CLERK"], by=oper)
    departments.merge_departments(dlh, dishub, by=oper, reason="uji")
    assert (
        Invitation.objects.filter(department=dishub).count() == 2 and not Invitation.objects.filter(department=dlh).exists()
    )


def test_a_member_of_both_keeps_all_roles(oper: User, dlh: Department, dishub: Department, siti: User) -> None:
    members.set_roles(siti, department=dishub, roles=[DepartmentRole.EDITOR], by=None)
    departments.merge_departments(dlh, dishub, by=oper, reason="uji")
    assert members.roles_of(siti, dishub) == {DepartmentRole.CLERK, DepartmentRole.EDITOR}
    assert not DepartmentMember.objects.filter(department=dlh).exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"yakin": "dishub"}, "Kode itu bukan kode dinas ini"),
        ({"into": "dlh"}, "Pilih dinas dari daftar"),
        ({"into": ""}, "Pilih dinas yang mengambil alih"),
        ({"alasan": ""}, "Tulis dasarnya"),
    ],
)
def test_a_merger_is_never_an_accident(
    desk: Desk, oper: User, dlh: Department, dishub: Department, change: dict[str, str], sentence: str
) -> None:
    form = {"into": "dishub", "alasan": "uji", "yakin": "dlh", **change}
    assert sentence in desk(oper).post(f"{LIST}dlh/gabung/", form).content.decode()
    assert Department.objects.filter(merged_into=None).count() == 2


def test_what_was_merged_is_neither_changed_nor_merged_again(
    desk: Desk, oper: User, dlh: Department, dishub: Department
) -> None:
    client = desk(oper)
    merge(client, "dlh", "dishub")
    assert client.get(f"{LIST}dlh/gabung/").status_code == 404
    form = {"name": "Lain", "short_name": "Lain", "kind": "dinas", "alasan": "uji"}
    assert "sudah digabung ke Dinas Perhubungan" in client.post(f"{LIST}dlh/ubah/", form).content.decode()
    assert "sudah digabung" in client.get(f"{LIST}dlh/").content.decode()
    again = {**NEW, "code": "dlh"}
    assert "tidak bisa dipakai lagi" in client.post(f"{LIST}baru/", again).content.decode()


def test_a_failing_heir_takes_everything_back(
    monkeypatch: pytest.MonkeyPatch, oper: User, dlh: Department, dishub: Department, siti: User
) -> None:
    from services.subscriptions import departments as last

    def fail(gone: Department, into: Department) -> None:
        raise RuntimeError

    ServicePoint.objects.create(code="loket", name="Loket", managed_by=dlh)
    Connection.objects.create(code="dlh", label="DLH", department=dlh, kind="inbox")
    monkeypatch.setattr(last, "merge", fail)
    with pytest.raises(RuntimeError):
        departments.merge_departments(dlh, dishub, by=oper, reason="uji")
    assert Connection.objects.get().department == dlh and members.roles_of(siti, dlh)
    assert Department.objects.get(pk=dlh.pk).merged_into is None


def test_a_kelurahan_is_not_merged(desk: Desk, oper: User, dlh: Department) -> None:
    Department.objects.create(code="kelurahan-uji", name="Kelurahan Uji", short_name="Uji", kind="kelurahan")
    assert desk(oper).get(f"{LIST}kelurahan-uji/gabung/").status_code == 404
    page = desk(oper).get(f"{LIST}dlh/gabung/").content.decode()
    assert "Kelurahan Uji" not in page
    assert "kelurahan-uji" not in page


def test_subscriptions_go_on(oper: User, dlh: Department, dishub: Department) -> None:
    row = Subscription.objects.create(department=dlh, label="Uji", url="https://example.org/", event_types=[])
    departments.merge_departments(dlh, dishub, by=oper, reason="uji")
    row.refresh_from_db()
    assert row.department == dishub and row.is_active


def test_a_holiday_counts_from_the_next_application_on(
    desk: Desk, oper: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = desk(oper)
    year = today().year + 1
    assert holidays.add(date(year, 1, 1), "Tahun baru")
    client.post(HOLIDAYS, {"day": f"{year}-08-17", "name": "Kemerdekaan"})
    assert {date(year, 1, 1), date(year, 8, 17)} <= queries.holidays()
    assert "Kemerdekaan" in client.get(HOLIDAYS, {"tahun": year}).content.decode()
    twice = client.post(HOLIDAYS, {"day": f"{year}-08-17", "name": "Lagi"}).content.decode()
    assert "sudah ada di daftar" in twice and 'value="Lagi"' in twice
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{HOLIDAYS}{year}-08-17/hapus/")
    assert date(year, 8, 17) not in queries.holidays()


@pytest.mark.parametrize("day", ["", "31-02-2027", "kemarin", "1900-01-01"])
def test_a_day_that_cannot_be_is_said(desk: Desk, oper: User, day: str) -> None:
    page = desk(oper).post(HOLIDAYS, {"day": day, "name": "Uji"}).content.decode()
    assert "k-err" in page and not Holiday.objects.exists()


def test_odd_addresses_of_the_calendar_break_nothing(desk: Desk, oper: User) -> None:
    client = desk(oper)
    for year in ("x", "99999", "-1", "٢٠٢٦", "0000"):
        assert client.get(HOLIDAYS, {"tahun": year}).status_code == 200, year
    assert client.post(f"{HOLIDAYS}besok/hapus/").status_code == 404


NOTICE = {"kind": "MAINTENANCE", "title": "Sistem dirawat", "text": "Akta tidak bisa dicetak Sabtu malam."}


def test_a_banner_of_the_city_is_on_every_page_at_once_and_gone_at_once(desk: Desk, city_oper: User) -> None:
    client, public = desk(city_oper), Client()
    pages = ("/", "/layanan/", "/layanan/uji-kir/", "/dinas/", "/status/", "/akun/masuk/", "/tidak-ada/")
    for path in pages:
        assert "Sistem dirawat" not in public.get(path).content.decode(), path
    client.post(NOTICES, NOTICE)
    for path in pages:
        assert "Akta tidak bisa dicetak" in public.get(path).content.decode(), path
    english = public.get("/en/").content.decode()
    assert '<p lang="id"><b>Maintenance: Sistem dirawat.' in english
    client.post(f"{NOTICES}{Notice.objects.get().pk}/tarik/")
    for path in pages:
        assert "Sistem dirawat" not in public.get(path).content.decode(), path


def test_a_departments_notice_is_on_its_own_pages_only(desk: Desk, city_oper: User) -> None:
    desk(city_oper).post(NOTICES, {**NOTICE, "department": "dishub", "title_en": "Down", "text_en": "No tests on Saturday."})
    public = Client()
    for path, there in (("/layanan/uji-kir/", True), ("/dinas/dishub/", True), ("/status/", True), ("/", False)):
        assert ("Akta tidak bisa dicetak" in public.get(path).content.decode()) is there, path
    assert "No tests on Saturday." in public.get("/en/layanan/uji-kir/").content.decode()
    assert "Akta tidak" not in public.get("/layanan/akta-kelahiran/").content.decode()


def test_a_planned_notice_waits_and_ends_by_itself(desk: Desk, city_oper: User) -> None:
    public, now = Client(), timezone.now()
    starts, ends = now + timedelta(hours=2), now + timedelta(hours=5)
    local = [timezone.localtime(m).strftime("%Y-%m-%dT%H:%M") for m in (starts, ends)]
    desk(city_oper).post(NOTICES, {**NOTICE, "starts_at": local[0], "ends_at": local[1]})
    assert "Sistem dirawat" not in public.get("/").content.decode()
    assert "Yang direncanakan" in public.get("/status/").content.decode()
    Notice.objects.update(starts_at=now - timedelta(minutes=1))
    assert notices.turn() == 1 and "Sistem dirawat" in public.get("/").content.decode()
    Notice.objects.update(ends_at=now - timedelta(seconds=1))
    assert notices.turn() == 1 and "Sistem dirawat" not in public.get("/").content.decode()
    assert notices.turn() == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "Isi judulnya"),
        ({"text": "x" * 401}, "Terlalu panjang"),
        ({"kind": "X"}, "Pilih jenis dari daftar"),
        ({"ends_at": "2020-01-01T00:00"}, "Waktu selesai sudah lewat"),
        ({"starts_at": "besok"}, "Isi tanggal dan jam"),
        ({"starts_at": "2999-01-01T00:00"}, "lebih dari setahun lagi"),
        ({"starts_at": "0001-01-01T00:00"}, "lebih dari setahun yang lalu"),
        ({"ends_at": "9999-12-31T23:59"}, "lebih dari dua tahun lagi"),
        ({"title_en": "Down"}, "Isi judul dan isi bahasa Inggris keduanya"),
        ({"department": "tidak-ada"}, "Pilih dari daftar"),
    ],
)
def test_a_notice_that_cannot_be_is_said_and_kept(desk: Desk, oper: User, changed: dict[str, str], sentence: str) -> None:
    page = desk(oper).post(NOTICES, {**NOTICE, **changed}).content.decode()
    assert sentence in page and not Notice.objects.exists()
    if "text" not in changed:
        assert NOTICE["text"] in page


def test_a_notice_is_text_and_never_markup(desk: Desk, city_oper: User) -> None:
    desk(city_oper).post(NOTICES, {**NOTICE, "title": "<script>alert(1)</script>", "text": '"><img src=x onerror=alert(1)>'})
    page = Client().get("/").content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page and "&lt;script&gt;" in page
