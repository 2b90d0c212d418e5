"""A paused service cannot be started or sent to; what is typed stays; whoever wishes hears once when it is open again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters import standing
from services.adapters.models import Connection, Maintenance
from services.cases.actions import PausedError
from services.cases.models import Case
from services.catalogue import wishes
from services.catalogue.actions import set_availability
from services.catalogue.models import Availability, AvailabilityWish, Service
from services.notifications.models import Message
from services.notifications.tasks import send_message


@pytest.fixture
def paused(service: Service, connect: Callable[..., Connection]) -> Service:
    connect("inbox")
    set_availability(service.code, Availability.PAUSED)
    service.refresh_from_db()
    return service


def test_nobody_starts_and_nobody_sends(paused: Service, client: Client, alice: User, submit: Callable[..., Case]) -> None:
    client.force_login(alice)
    answer = client.get("/layanan/surat-uji/ajukan/")
    assert answer.headers["Location"] == "/layanan/surat-uji/kabari/"
    with pytest.raises(PausedError):
        submit()
    assert not Case.objects.exists()


def test_what_was_sent_before_is_given_back(
    service: Service, connect: Callable[..., Connection], submit: Callable[..., Case]
) -> None:
    connect("inbox")
    case = submit("satu")
    set_availability(service.code, Availability.PAUSED)
    service.refresh_from_db()
    assert submit("satu") == case


def test_one_press_and_one_message(paused: Service, client: Client, alice: User) -> None:
    assert client.get("/layanan/surat-uji/kabari/").headers["Location"].startswith("/akun/masuk/")
    client.force_login(alice)
    assert "Beri tahu saya" in client.get("/layanan/surat-uji/kabari/").content.decode()
    for _ in range(2):
        assert client.post("/layanan/surat-uji/kabari/").status_code == 303
    assert AvailabilityWish.objects.count() == 1
    assert "satu kali" in client.get("/layanan/surat-uji/kabari/").content.decode()
    set_availability("surat-uji", Availability.QUEUEING)
    set_availability("surat-uji", Availability.AVAILABLE)
    message = Message.objects.get(recipient=alice)
    send_message(message.pk)
    assert "Surat uji" in mail.outbox[0].subject and "/layanan/surat-uji/" in mail.outbox[0].body
    assert "sudah buka lagi" in client.get("/layanan/surat-uji/kabari/").content.decode()


def test_a_wish_can_be_taken_back(paused: Service, client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post("/layanan/surat-uji/kabari/")
    client.post("/layanan/surat-uji/kabari/", {"batal": "1"})
    set_availability("surat-uji", Availability.AVAILABLE)
    assert not Message.objects.exists()


def test_who_was_told_may_wish_again(paused: Service, alice: User) -> None:
    wishes.wish(alice, paused)
    assert wishes.tell([paused.pk]) == 1
    assert wishes.tell([paused.pk]) == 0
    wishes.wish(alice, paused)
    assert wishes.tell([paused.pk]) == 1


def test_a_pausing_window_does_it_all(service: Service, connect: Callable[..., Connection], alice: User) -> None:
    connection, now = connect("inbox"), timezone.now()
    window = Maintenance.objects.create(
        connection=connection, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1), pauses=True
    )
    standing.settle(connection)
    service.refresh_from_db()
    assert service.availability == Availability.PAUSED
    wishes.wish(alice, service)
    window.delete()
    standing.settle(connection)
    assert Message.objects.filter(template="service_open").count() == 1
