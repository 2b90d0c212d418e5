"""Who gets what at every address: the whole table, and the rules that it must keep whatever it says."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from cms.models import ServicePage
from portal.lib.clocks import today
from services.cases import actions, drafts
from services.cases.models import Case
from services.catalogue.models import Service
from services.forms.queries import current_version
from tests.portal.api_calls import ANSWERS
from tests.portal.doors import PEOPLE, TABLE, addresses, path_of

pytestmark = [pytest.mark.usefixtures("demo_city"), pytest.mark.timeout(300)]
HEAD = "# " + " ".join(PEOPLE) + "  address"
HOME = "(home)"
ON_PURPOSE = {"kelola/failwhale/"}  # Wagtail's own example of a failure
FOR_EVERYBODY = {
    "kelola/login/",
    "kelola/logout/",
    "kelola/jsi18n/",
    "kelola/sprite/",
}  # words of scripts and icons, no data
OPEN = {"200", "301", "302", "303", "304"}


def written() -> dict[str, list[str]]:
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            *codes, address = line.split(maxsplit=len(PEOPLE))
            rows["" if address == HOME else address] = codes
    return rows


@pytest.fixture
def samples(alice: User) -> dict[str, str]:
    service = Service.objects.get(code="kutipan-kedua-akta")
    assert service.form is not None
    case = actions.submit_case(
        service,
        resident=alice,
        version=current_version(service.form),
        answers=ANSWERS,
        attachments=[],
        submission_key="doors",
        body_digest="",
        today=today(),
    )
    assert isinstance(case, Case)
    draft = drafts.start(service, alice)
    page = ServicePage.objects.get(code="kutipan-kedua-akta", locale__language_code="id")
    number, parent = str(page.pk), str(page.get_parent().pk)
    named = {"page_id": number, "pk": number, "page_to_move_id": number, "parent_page_id": parent, "destination_id": parent}
    return {
        **{f"kelola/{name}": value for name, value in named.items()},
        "parent_id": parent,
        "reference": case.reference,
        "isian/ref": draft.ref,
        "key": "pemohon",
        "layanan/slug": "kutipan-kedua-akta",
        "slug": "privasi",
        "dinas/code": "dispendukcapil",
        "api/code": "kutipan-kedua-akta",
        "webhooks/code": "dukcapil",
        "petugas/code": "dukcapil",
        "app_label": "catalogue",
        "model_name": "department",
        "content_type_app_name": "cms",
        "content_type_model_name": "servicepage",
    }


def visit(name: str) -> Client:
    client = Client(raise_request_exception=False)
    if name != "visitor":
        client.force_login(User.objects.get(email=f"{name}@example.org"))
    return client


def test_everybody_gets_at_every_address_what_the_table_says(samples: dict[str, str]) -> None:
    leave = ("akun/keluar/", "kelola/logout/")  # a GET there only asks
    found = {address: [] for address in addresses()}
    for person in PEOPLE:
        client = visit(person)
        for address in found:
            if address not in leave and person != "visitor" and settings.SESSION_COOKIE_NAME not in client.cookies:
                client = visit(person)
            found[address].append(str(client.get(path_of(address, samples)).status_code))
    if os.environ.get("WRITE_DOORS"):
        lines = [f"{' '.join(codes)}  {address or HOME}" for address, codes in found.items()]
        TABLE.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    wrong = {
        address: {person: (is_, should) for person, is_, should in zip(PEOPLE, codes, known, strict=True) if is_ != should}
        for address, codes in found.items()
        if (known := written().get(address, ["no row"] * len(PEOPLE))) != codes
    }
    assert not wrong, f"{len(wrong)} addresses answer otherwise than doors.txt says: {dict(list(wrong.items())[:10])}"
    assert set(written()) == set(found), "rows of addresses that are no more"


def test_no_address_breaks_for_anybody() -> None:
    broken = {address: codes for address, codes in written().items() if any(code.startswith("5") for code in codes)}
    assert set(broken) == ON_PURPOSE


def of(codes: list[str], person: str) -> str:
    return codes[PEOPLE.index(person)]


def test_staff_rooms_are_closed_to_strangers_and_residents() -> None:
    for address, codes in written().items():
        if address.startswith(("petugas/", "kelola/")) and address not in FOR_EVERYBODY:
            assert of(codes, "visitor") in {"302", "403", "404", "405"}, address
            for resident in ("adi", "alice"):
                assert of(codes, resident) in {"403", "404", "405"}, (address, resident)


def test_a_case_is_seen_by_its_owner_and_its_department_alone() -> None:
    rows = written()
    for address in ("permohonan/<slug:reference>/", "permohonan/<slug:reference>/terkirim/", "isian/<slug:ref>/"):
        for person in PEOPLE[1:]:
            assert (of(rows[address], person) in OPEN) == (person == "alice"), (address, person)
    seen = {person for person in PEOPLE if of(rows["petugas/permohonan/<slug:reference>/"], person) == "200"}
    assert seen == {"bob"}, "neither the operator nor another department sees a case"


def test_a_page_of_one_department_is_closed_to_the_editor_of_another() -> None:
    for address, codes in written().items():
        if address.startswith("kelola/pages/<int:page_id>"):
            assert of(codes, "dewi") in {"302", "403", "404", "405"}, address
            assert of(codes, "oper") in {"403", "404", "405"}, address


def test_what_only_an_operator_may_see_is_his() -> None:
    codes = written()["petugas/sistem/"]
    assert {person for person in PEOPLE if of(codes, person) == "200"} == {"oper", "admin"}
