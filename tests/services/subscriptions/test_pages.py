"""`/integrasi/langganan/`: an integrator adds, tries, changes and ends subscriptions without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from services.cases.models import Case
from services.subscriptions.constants import TEST, EventType
from services.subscriptions.models import EventDelivery, Subscription
from tests.services.subscriptions.conftest import Subscribe, move, read_all

ROOM = "/integrasi/langganan/"
FORM: dict[str, Any] = {
    "dinas": "dinas-uji",
    "label": "Arsip dinas",
    "url": "http://127.0.0.1:9/x",
    "event_types": [EventType.COMPLETED],
}


@pytest.fixture
def browser(ivan: User) -> Client:
    cache.clear()
    made = Client()
    made.force_login(ivan)
    return made


def test_an_integrator_adds_a_subscription_and_sees_its_secret_once(browser: Client) -> None:
    page = browser.post(f"{ROOM}baru/", FORM)
    one = Subscription.objects.get()
    assert one.secrets[0]["value"] in page.content.decode() and page.status_code == 200
    assert "no-store" in page["Cache-Control"] or "no-cache" in page["Cache-Control"]
    for path in (ROOM, f"{ROOM}{one.ref}/", f"{ROOM}{one.ref}/ubah/"):
        text = browser.get(path).content.decode()
        assert "Arsip dinas" in text and one.secrets[0]["value"] not in text


def test_what_is_missing_is_said_at_its_field(browser: Client) -> None:
    text = browser.post(f"{ROOM}baru/", {"dinas": "dinas-uji"}).content.decode()
    for sentence in ("Tulis nama langganan", "Tulis alamat penerima", "Pilih paling sedikit satu kejadian"):
        assert sentence in text
    assert 'aria-invalid="true"' in text and not Subscription.objects.exists()


def test_a_department_of_others_cannot_be_chosen(browser: Client, stranger: User) -> None:
    assert "Dinas itu tidak ada" in browser.post(f"{ROOM}baru/", {**FORM, "dinas": "dinas-lain"}).content.decode()
    assert not Subscription.objects.exists()


def test_a_subscription_is_changed_switched_off_and_on_and_deleted(browser: Client, subscribe: Subscribe) -> None:
    one = subscribe()
    changed = {"label": "Baru", "url": one.url, "event_types": [EventType.REFUSED, EventType.COMPLETED]}
    assert browser.post(f"{ROOM}{one.ref}/ubah/", changed).status_code == 302
    one.refresh_from_db()
    assert one.label == "Baru" and one.event_types == sorted([EventType.REFUSED, EventType.COMPLETED])
    for wish, active in (("matikan", False), ("hidupkan", True)):
        browser.post(f"{ROOM}{one.ref}/tindakan/", {"tindakan": wish})
        one.refresh_from_db()
        assert one.is_active is active
    assert browser.post(f"{ROOM}{one.ref}/tindakan/", {"tindakan": "hapus"})["Location"] == ROOM
    assert not Subscription.objects.exists()


def test_a_test_event_stands_in_the_list_and_a_new_secret_is_shown_once(browser: Client, subscribe: Subscribe) -> None:
    one = subscribe()
    browser.post(f"{ROOM}{one.ref}/tindakan/", {"tindakan": "uji"})
    assert EventDelivery.objects.get().event_type == TEST
    assert TEST in browser.get(f"{ROOM}{one.ref}/?keadaan=WAITING").content.decode()
    shown = browser.post(f"{ROOM}{one.ref}/tindakan/", {"tindakan": "rahasia"}).content.decode()
    one.refresh_from_db()
    assert re.findall(r"whsec_[A-Za-z0-9+/=]+", shown) == [one.secrets[0]["value"]] and len(one.secrets) == 2


def test_what_was_given_up_is_sent_again_one_by_one_or_all(browser: Client, subscribe: Subscribe, case: Case) -> None:
    one = subscribe()
    move(case, "IN_PROGRESS")
    move(case, "COMPLETED")
    first, _second = read_all()
    EventDelivery.objects.update(state="DEAD")
    browser.post(f"{ROOM}{one.ref}/kejadian/{first.event_id}/ulang/")
    assert list(EventDelivery.objects.order_by("pk").values_list("state", flat=True)) == ["WAITING", "DEAD"]
    browser.post(f"{ROOM}{one.ref}/tindakan/", {"tindakan": "ulang"})
    assert not EventDelivery.objects.exclude(state="WAITING").exists()


@pytest.mark.parametrize("door", ["", "ubah/", "tindakan/", "kejadian/x/ulang/"])
def test_another_departments_subscription_is_not_there(stranger: User, subscribe: Subscribe, door: str) -> None:
    one, other = subscribe(), Client()
    other.force_login(stranger)
    assert other.post(f"{ROOM}{one.ref}/{door}").status_code in {404, 405}
    assert other.get(f"{ROOM}{one.ref}/").status_code == 404
    assert Subscription.objects.filter(pk=one.pk, is_active=True).exists()


def test_who_is_no_integrator_may_not_enter_and_the_menu_shows_no_door(browser: Client, alice: User) -> None:
    assert ROOM in browser.get("/petugas/").content.decode()
    other = Client()
    other.force_login(alice)
    assert other.get(ROOM).status_code == 403


def test_a_message_about_a_subscription_does_not_break_the_account_page(ivan: User, browser: Client) -> None:
    from services.notifications.actions import notify

    notify(ivan.pk, template="subscription_off", key="x", context={"label": "L", "department": "D", "ref": "r"})
    assert browser.get("/akun/").status_code == 200
