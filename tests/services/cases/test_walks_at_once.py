"""Eight starts, two tabs, twelve presses: one walk, one draft a step, one case."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from services.adapters.models import Connection
from services.cases.models import Case, Draft, JourneyMark, JourneyRun
from services.catalogue.journeys.actions import publish_journey
from services.catalogue.journeys.records import JourneyRecord, JourneyStepRecord, SharedPart, SharedQuestion
from services.catalogue.models import LifeEvent, Service
from services.forms.actions import publish_form
from tests.services.cases.test_sending_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def journey(service: Service, connect: Callable[..., Connection]) -> None:
    question = {"key": "uraian", "type": "text", "label": {"id": "Uraian"}, "required": True}
    part = {"key": "isi", "title": {"id": "Isi"}, "questions": [question]}
    service.form = publish_form("kecil", {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]}).definition
    service.save()
    connect("inbox")
    LifeEvent.objects.create(slug="uji", name="Uji")
    publish_journey(
        JourneyRecord(
            life_event="uji",
            title={"id": "Uji coba"},
            intro={"id": "Untuk uji"},
            steps=(JourneyStepRecord(key="satu", service="surat-uji", why={"id": "Untuk uji"}),),
            parts=(SharedPart("isi", {"id": "Isi"}, (SharedQuestion("uraian", (("satu", "uraian"),)),)),),
        )
    )


def test_eight_impatient_starts_make_one_walk(journey: None, alice: User) -> None:
    places = at_once(8, lambda client: client.get("/peristiwa/uji/mulai/")["Location"], alice)
    assert len(set(places)) == 1
    assert JourneyRun.objects.count() == 1


def test_a_step_opened_in_eight_tabs_is_one_draft(journey: None, alice: User, client: Client) -> None:
    client.force_login(alice)
    root = client.get("/peristiwa/uji/mulai/")["Location"].split("isian/")[0]
    places = at_once(8, lambda other: other.post(f"{root}langkah/satu/", {"aksi": "isi"})["Location"], alice)
    assert len(set(places)) == 1 and places[0].startswith("/isian/")
    assert (Draft.objects.count(), JourneyMark.objects.count()) == (1, 1)


def test_a_step_sent_twelve_times_is_one_case_and_the_walk_knows_it(journey: None, alice: User, client: Client) -> None:
    client.force_login(alice)
    root = client.get("/peristiwa/uji/mulai/")["Location"].split("isian/")[0]
    client.post(f"{root}isian/isi/", {"f.uraian": "Lampu padam", "aksi": "lanjut"})
    place = client.post(f"{root}langkah/satu/", {"aksi": "isi"})["Location"]
    client.post(f"{place}isi/", {"f.uraian": "Lampu padam", "aksi": "lanjut"})
    values = {"sidik": client.get(f"{place}periksa/").context["digest"], "setuju": "1"}

    def press(other: Client) -> str:
        other.post(f"{root}langkah/satu/", {"aksi": "isi"})
        return str(other.post(f"{place}kirim/", values)["Location"])

    receipts = at_once(12, press, alice)
    case = Case.objects.get()
    assert set(receipts) == {f"/permohonan/{case.reference}/terkirim/"}
    assert JourneyMark.objects.get().case == case and JourneyRun.objects.get().answers == {}
    again = client.post(f"{root}langkah/satu/", {"aksi": "isi"})
    assert again["Location"] == receipts[0], "a sent step leads to its receipt"


def test_two_tabs_of_shared_parts_lose_nothing(journey: None, alice: User, client: Client) -> None:
    client.force_login(alice)
    root = client.get("/peristiwa/uji/mulai/")["Location"].split("isian/")[0]
    words = [f"Lampu {n}" for n in range(8)]
    left = list(words)
    at_once(8, lambda other: other.post(f"{root}isian/isi/", {"f.uraian": left.pop(), "aksi": "lanjut"}), alice)
    assert JourneyRun.objects.get().answers["uraian"] in words
