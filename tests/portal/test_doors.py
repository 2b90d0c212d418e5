"""Who gets what at every address: the whole table, and the rules that it must keep whatever it says."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http.response import HttpResponse, HttpResponseBase
from django.test import Client, client
from django.utils import timezone
from wagtail.models import Collection, Task, Workflow

from accounts.models import User
from cms.form_builder import starting
from cms.models import FormPage, ServicePage
from portal import errors
from portal.lib.clocks import today
from services.cases import actions, drafts
from services.cases.journeys import runs
from services.cases.models import Case, Delivery
from services.catalogue import invitations, members
from services.catalogue.models import Department, Journey, Service
from services.catalogue.models import DepartmentRole as Role
from services.forms.queries import current_version
from services.subscriptions.actions import create_subscription
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
CLOSED = {"in", "400", "401", "403", "404", "405"}
SIGN_IN = "/akun/masuk/?"


def written() -> dict[str, list[str]]:
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            *cells, address = line.split(maxsplit=len(PEOPLE))
            rows["" if address == HOME else address] = cells
    return rows


def _folder() -> Collection:
    root = Collection.get_first_root_node() or Collection.add_root(name="Root")
    return root.add_child(name="Uji")


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
    # Never overdue, however long the visits take: /readyz tells of a delivery that no worker took.
    Delivery.objects.filter(case=case).update(next_try=timezone.now() + timedelta(days=1))
    draft = drafts.start(service, alice)
    walk = runs.start(Journey.objects.get(life_event__slug="kelahiran"), alice)
    dukcapil = Department.objects.get(code="dispendukcapil")
    for name, role in (("klerk", Role.CLERK), ("sunting", Role.EDITOR), ("kepala", Role.MANAGER)):
        made = User.objects.create_user(f"{name}@example.org", "x", name=name)
        members.set_roles(made, department=dukcapil, roles=[role], by=None)
    invitations.add(dukcapil, email="baru@example.org", roles=[Role.CLERK], by=made)
    invitation = dukcapil.invitations.get()
    langganan, _secret = create_subscription(
        dukcapil, label="Uji", url="http://127.0.0.1:9/", event_types=["id.layanankota.case.completed.v1"], by=None
    )
    page = ServicePage.objects.get(code="kutipan-kedua-akta", locale__language_code="id")
    form = FormPage(live=False)
    starting.begin(form, page, with_body=True)
    page.add_child(instance=form)
    number, parent = str(page.pk), str(page.get_parent().pk)
    named = {"page_id": number, "pk": number, "page_to_move_id": number, "parent_page_id": parent, "destination_id": parent}
    named |= {"page_pk": number, "collection_id": str(_folder().pk)}
    named |= {"task_id": str(Task.objects.create(name="Uji").pk), "workflow_pk": str(Workflow.objects.create(name="Uji").pk)}
    return {
        **{f"kelola/{name}": value for name, value in named.items()},
        "kelola/formulir/page_id": str(form.pk),
        "parent_id": parent,
        "reference": case.reference,
        "isian/ref": draft.ref,
        "urusan/ref": walk.ref,
        "peristiwa/slug": "kelahiran",
        "api/slug": "kelahiran",
        "key": "pemohon",
        "layanan/slug": "kutipan-kedua-akta",
        "slug": "privasi",
        "need": "kesehatan",
        "petugas/pencarian/slug": "kesehatan",
        "dinas/code": "dispendukcapil",
        "api/code": "kutipan-kedua-akta",
        "webhooks/code": "dukcapil",
        "petugas/code": "dukcapil",
        "petugas/anggota/code": "dispendukcapil",
        "petugas/anggota/pk": str(invitation.pk),
        "petugas/dinas/code": "dispendukcapil",
        "integrasi/code": "dukcapil",
        "integrasi/name": "submit",
        "integrasi/service": "akta-kelahiran",
        "api/v1/connections/code": "dukcapil",
        "api/v1/connections/name": "submit",
        "api/v1/connections/service": "akta-kelahiran",
        "kelola/users/pk": str(alice.pk),
        "integrasi/langganan/ref": langganan.ref,
        "event_id": "tidak-ada.1",
        "token": invitation.token,
        "public_id": User.objects.get(email="klerk@example.org").public_id,
        "app_label": "catalogue",
        "model_name": "department",
        "content_type_app_name": "cms",
        "content_type_model_name": "servicepage",
    }


def visit(name: str) -> Client:
    browser = Client(raise_request_exception=False)
    if name != "visitor":
        browser.force_login(User.objects.get(email=f"{name}@example.org"))
    return browser


@pytest.fixture
def plain_refusals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Thousands of refusals are neither written to the log nor drawn, and no context is kept: that would take longer than
    they do."""
    monkeypatch.setattr(client, "store_rendered_templates", lambda *args, **kwargs: None)
    logging.disable(logging.CRITICAL)
    monkeypatch.setattr(errors, "render", lambda request, template, *context, status: HttpResponse(template, status=status))
    yield
    logging.disable(logging.NOTSET)


def code_of(answer: HttpResponseBase) -> str:
    leads_in = answer.status_code in (302, 303) and answer.headers["Location"].startswith(SIGN_IN)
    return "in" if leads_in else str(answer.status_code)


def knock(browser: Client, path: str) -> str:
    """What GET and POST answer. What a POST does is undone."""
    got = code_of(browser.get(path))
    with transaction.atomic():
        cookies = SimpleCookie(browser.cookies.output(header="", sep=";"))
        posted = code_of(browser.post(path))
        transaction.set_rollback(True)
    browser.cookies = cookies
    return f"{got}/{posted}"


def test_everybody_gets_at_every_address_what_the_table_says(samples: dict[str, str], plain_refusals: None) -> None:
    paths = {address: path_of(address, samples) for address in addresses()}
    found: dict[str, list[str]] = {address: [] for address in paths}
    for person in PEOPLE:
        cache.clear()  # attempts of the one before are not counted
        browser = visit(person)
        for address, path in paths.items():
            if person != "visitor" and settings.SESSION_COOKIE_NAME not in browser.cookies:
                browser = visit(person)
            found[address].append(knock(browser, path))
    if os.environ.get("WRITE_DOORS"):
        lines = [f"{' '.join(cells)}  {address or HOME}" for address, cells in found.items()]
        TABLE.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    wrong = {
        address: {person: (is_, should) for person, is_, should in zip(PEOPLE, cells, known, strict=True) if is_ != should}
        for address, cells in found.items()
        if (known := written().get(address, ["no row"] * len(PEOPLE))) != cells
    }
    assert not wrong, f"{len(wrong)} addresses answer otherwise than doors.txt says: {dict(list(wrong.items())[:10])}"
    assert set(written()) == set(found), "rows of addresses that are no more"


def test_no_address_breaks_for_anybody() -> None:
    broken = {
        address for address, cells in written().items() if any(part[0] == "5" for cell in cells for part in cell.split("/"))
    }
    assert broken == ON_PURPOSE


def test_who_may_not_look_may_not_do() -> None:
    wrong = {
        (address, person, cell)
        for address, cells in written().items()
        for person, cell in zip(PEOPLE, cells, strict=True)
        for got, posted in [cell.split("/")]
        if got in {"in", "401", "403", "404"} and posted not in CLOSED
    }
    assert not wrong


def of(cells: list[str], person: str, *, method: str = "GET") -> str:
    return cells[PEOPLE.index(person)].split("/")[method == "POST"]


def who_gets_in(address: str) -> set[str]:
    return {person for person in PEOPLE if of(written()[address], person) == "200"}


def test_staff_rooms_are_closed_to_strangers_and_residents() -> None:
    for address, cells in written().items():
        if address.startswith(("petugas/", "integrasi/", "kelola/")) and address not in FOR_EVERYBODY:
            for method in ("GET", "POST"):
                visitor = of(cells, "visitor", method=method)
                # Wagtail's own redirect leads to its sign-in, which is ours.
                assert visitor in CLOSED | ({"302"} if address.startswith("kelola/") else set()), (address, method)
                for resident in ("adi", "alice"):
                    assert of(cells, resident, method=method) in {"403", "404", "405"}, (address, method, resident)


def test_a_case_is_seen_by_its_owner_and_its_department_alone() -> None:
    rows = written()
    for address in (
        "permohonan/<slug:reference>/",
        "permohonan/<slug:reference>/terkirim/",
        "isian/<slug:ref>/",
        "urusan/<slug:ref>/",
    ):
        for person in PEOPLE[1:]:
            assert (of(rows[address], person) in OPEN) == (person == "alice"), (address, person)
    seen = who_gets_in("petugas/permohonan/<slug:reference>/")
    assert seen == {"bob", "klerk", "kepala"}, "neither an operator nor an editor nor another department sees a case"


def test_a_page_of_one_department_is_closed_to_the_editor_of_another() -> None:
    for address, cells in written().items():
        if address.startswith("kelola/pages/<int:page_id>"):
            assert of(cells, "dewi") in {"302", "403", "404", "405"}, address
            for stranger in ("oper", "klerk", "ivan", "wali", "rina"):
                assert of(cells, stranger) in {"403", "404", "405"}, (address, stranger)


def test_a_manager_writes_no_page() -> None:
    for act in ("edit", "copy", "delete", "convert_alias"):
        row = written()[f"kelola/pages/<int:page_id>/{act}/"]
        for method in ("GET", "POST"):
            assert of(row, "kepala", method=method) not in {"200", "400"}, act


def test_nobody_of_a_department_sets_who_may_read_a_public_page() -> None:
    assert who_gets_in("kelola/pages/<int:page_id>/privacy/") == {"admin"}


# Rooms of staff that none of these people gets into here, and why.
NOBODY_HERE = {
    "api/v1/connections/<slug:code>/document": "the connection here was made without a document",
    "api/v1/connections/<slug:code>/proposal": "the connection here was made without a document",
    "petugas/layanan/impor/<slug:token>/": "of a spreadsheet that one has sent oneself",
    "petugas/aplikasi/<str:client_id>/": "the city has no app here",
    "petugas/aplikasi/<str:client_id>/ubah/": "the city has no app here",
}


def test_every_room_of_staff_opens_for_somebody() -> None:
    """A row that is closed to all says nothing: nobody would see that a check is gone."""
    shut = {
        address
        for address, cells in written().items()
        if address.startswith(("petugas/", "integrasi/", "api/v1/connections/"))
        and not any(cell.split("/")[0] in OPEN | {"405"} for cell in cells[1:])
    }
    assert shut - NOBODY_HERE.keys() == set()


def test_no_other_method_gets_in_where_asking_does_not(samples: dict[str, str], plain_refusals: None) -> None:
    for person in ("visitor", "alice", "bob", "dewi", "wali", "oper"):
        cache.clear()
        browser = visit(person)
        for address, cells in written().items():
            if not address.startswith("api/v1/connections/") or of(cells, person) in OPEN:
                continue
            for method in (browser.put, browser.patch, browser.delete):
                with transaction.atomic():
                    answer = method(path_of(address, samples), "{}", content_type="application/json")
                    transaction.set_rollback(True)
                assert code_of(answer) in CLOSED, (person, address, answer.status_code)


STAFF = set(PEOPLE) - {"visitor", "adi", "alice"}
ROOMS = {
    "petugas/": STAFF,
    "petugas/sistem/": {"oper", "admin"},
    "petugas/anggota/<slug:code>/": {"kepala", "oper", "admin"},
    "petugas/anggota/<slug:code>/<slug:public_id>/": {"kepala", "oper", "admin"},
    "petugas/pengguna/": {"oper", "admin"},
    "petugas/pengguna/<slug:public_id>/": {"oper", "admin"},
    "integrasi/langganan/": {"ivan", "admin"},
    "integrasi/langganan/baru/": {"ivan", "admin"},
    "integrasi/langganan/<slug:ref>/": {"ivan", "admin"},
    "integrasi/langganan/<slug:ref>/ubah/": {"ivan", "admin"},
    "kelola/": {"bob", "sunting", "kepala", "dewi", "rina", "admin"},
    "petugas/halaman/": {"bob", "sunting", "kepala", "dewi", "rina", "admin"},
    "kelola/users/": {"admin"},
    "kelola/groups/": {"admin"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_open_to_its_roles_and_nobody_else(room: str) -> None:
    assert who_gets_in(room) == ROOMS[room]
    for person in set(PEOPLE) - ROOMS[room]:
        assert of(written()[room], person, method="POST") in CLOSED | {"302"}, person
