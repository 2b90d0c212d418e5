"""Telling: signed by the standard, in order, again for 72 hours, at least once, and no address delays another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import User
from services.cases.models import Case
from services.notifications.models import Message
from services.subscriptions import actions, delivery, timetable
from services.subscriptions.models import EventDelivery, Subscription
from tests.backends import chaos as c
from tests.services.subscriptions.conftest import Subscribe, move, read_all, tell_all

OK = c.answer(204)


def _request(raw: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, _, value in lines}, body


def _later(seconds: float = 0.0) -> None:
    """The waits are over."""
    past = timezone.now() - timedelta(seconds=1 + seconds)
    EventDelivery.objects.update(next_try=past, lease_until=None)
    Subscription.objects.update(quiet_until=None)


def _states() -> list[str]:
    return list(EventDelivery.objects.order_by("pk").values_list("state", flat=True))


def test_an_event_arrives_signed_so_that_the_standards_own_library_believes_it(subscribe: Subscribe, case: Case) -> None:
    with c.chaos(OK) as server:
        one = subscribe(server.url + "/kejadian")
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        assert tell_all() == ["sent"]
    headers, body = _request(server.requests[0])
    assert headers["content-type"] == "application/cloudevents+json" and headers["webhook-id"] == row.event_id
    assert Webhook(one.secrets[0]["value"]).verify(body, headers)["subject"] == case.reference
    assert _states() == ["SENT"]


def test_while_a_secret_is_changed_both_sign_and_afterwards_only_the_new_one(subscribe: Subscribe, case: Case) -> None:
    with c.chaos(OK) as server:
        one = subscribe(server.url)
        old = one.secrets[0]["value"]
        new = actions.rotate_secret(one, overlap_hours=1, by=None)
        move(case, "IN_PROGRESS")
        read_all()
        tell_all()
        one.refresh_from_db()
        one.secrets = [one.secrets[0], {**one.secrets[1], "until": timezone.now().isoformat()}]
        one.save()
        move(case, "COMPLETED")
        read_all()
        tell_all()
    (first, body), (second, last) = map(_request, server.requests)
    assert Webhook(old).verify(body, first) == Webhook(new).verify(body, first)
    assert Webhook(new).verify(last, second) and len(second["webhook-signature"].split()) == 1
    stamp = second["webhook-timestamp"]
    key = base64.b64decode(old.removeprefix("whsec_"))
    forged = hmac.new(key, f"{second['webhook-id']}.{stamp}.".encode() + last, hashlib.sha256).digest()
    assert base64.b64encode(forged).decode() not in second["webhook-signature"]


def test_the_next_event_of_a_case_waits_for_the_one_before(subscribe: Subscribe, case: Case, submit: Any) -> None:
    other = submit()
    with c.chaos(c.answer(400), OK) as server:
        subscribe(server.url)
        move(case, "IN_PROGRESS")
        move(case, "COMPLETED")
        move(other, "IN_PROGRESS")
        read_all()
        assert tell_all() == ["http_400", "not now", "sent"], "another case does not wait"
        _later()
        assert tell_all() == ["sent", "sent", "not now"]
    order = [json.loads(_request(raw)[1])["subject"] for raw in server.requests]
    assert order == [case.reference, other.reference, case.reference, case.reference]


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (c.answer(500), "http_500"),
        (c.answer(302, b"", "Location: http://127.0.0.1:1/"), "http_302"),
        (c.answer(404), "http_404"),
        (c.reset_after_request, "connection"),
        (c.half_answer, "truncated"),
        (c.send_raw(b"nonsense"), "protocol"),
    ],
)
def test_what_is_not_taken_is_tried_again_and_nothing_is_lost(
    subscribe: Subscribe, case: Case, script: Any, cause: str
) -> None:
    with c.chaos(script, OK) as server:
        subscribe(server.url)
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        assert delivery.deliver(row.pk) == cause
        row.refresh_from_db()
        assert (row.state, row.last_cause, row.attempts) == ("WAITING", cause, 1) and row.next_try > timezone.now()
        assert delivery.deliver(row.pk) == "not now"
        _later()
        assert delivery.deliver(row.pk) == "sent"
    ids = {_request(raw)[0]["webhook-id"] for raw in server.requests}
    assert len(server.requests) == 2 and ids == {row.event_id}, "the same id at every try"


def test_a_receiver_that_is_down_is_asked_ever_more_rarely_with_one_event(
    subscribe: Subscribe, case: Case, submit: Any
) -> None:
    cases = [case, submit(), submit()]
    one = subscribe("http://127.0.0.1:9/")
    for each in cases:
        move(each, "IN_PROGRESS")
    read_all()
    quiet = []
    for _ in range(3):
        _later()
        assert tell_all() == ["connect", "not now", "not now"]
        one.refresh_from_db()
        assert one.quiet_until is not None
        quiet.append((one.quiet_until - timezone.now()).total_seconds())
    assert quiet[0] < quiet[1] < quiet[2] < 900 and one.failures == 3


def test_when_it_is_back_what_waited_goes_at_once(subscribe: Subscribe, case: Case, submit: Any) -> None:
    with c.chaos(c.answer(503), c.answer(503), c.answer(503), OK) as server:
        second_case = submit()
        subscribe(server.url)
        for each in (case, second_case):
            move(each, "IN_PROGRESS")
        first, second = read_all()
        for _ in range(3):
            _later()
            delivery.deliver(first.pk)
        EventDelivery.objects.filter(pk=second.pk).update(next_try=timezone.now() + timedelta(hours=1))
        EventDelivery.objects.filter(pk=first.pk).update(next_try=timezone.now())
        Subscription.objects.update(quiet_until=None)
        assert delivery.run(first.pk) == "sent"
    assert _states() == ["SENT", "SENT"]


def test_a_receiver_says_itself_when_it_wants_to_be_asked_again(subscribe: Subscribe, case: Case) -> None:
    with c.chaos(c.answer(429, b"", "Retry-After: 600")) as server:
        one = subscribe(server.url)
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        delivery.deliver(row.pk)
    one.refresh_from_db()
    assert one.quiet_until is not None and timedelta(seconds=590) < one.quiet_until - timezone.now() < timedelta(seconds=601)


def test_waits_grow_to_the_cap(settings: Any) -> None:
    waits = [delivery.waits_for(attempt) for attempt in (1, 2, 3, 4, 30)]
    assert waits[0] < 7 and waits == sorted(waits) and 2800 < waits[-1] < 4400


def test_after_72_hours_an_event_is_given_up_told_to_the_integrator_and_sent_again_on_demand(
    subscribe: Subscribe, case: Case, ivan: User
) -> None:
    with c.chaos(OK) as server:
        one = subscribe(server.url)
        move(case, "IN_PROGRESS")
        move(case, "COMPLETED")
        first, second = read_all()
        assert timedelta(hours=71) < first.gives_up_at - timezone.now() < timedelta(hours=73)
        EventDelivery.objects.filter(pk=first.pk).update(gives_up_at=timezone.now())
        timetable.wake_due()
        assert _states() == ["DEAD", "WAITING"] and server.requests == []
        message = Message.objects.get(recipient=ivan)
        assert message.template == "subscription_dead" and message.context["label"] == one.label
        assert delivery.deliver(second.pk) == "sent", "the next event does not wait for a dead one"
        assert actions.redeliver(one) == 1
        assert delivery.deliver(first.pk) == "sent"
    assert [_request(raw)[0]["webhook-id"] for raw in server.requests] == [second.event_id, first.event_id]


def test_410_switches_the_subscription_off_and_tells_the_integrator_once(
    subscribe: Subscribe, case: Case, ivan: User
) -> None:
    with c.chaos(c.answer(410), OK) as server:
        one = subscribe(server.url)
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        assert delivery.deliver(row.pk) == "gone"
        _later()
        assert delivery.deliver(row.pk) == "not now"
        one.refresh_from_db()
        assert (one.is_active, one.off_reason) == (False, "gone") and len(server.requests) == 1
        assert [m.template for m in Message.objects.filter(recipient=ivan)] == ["subscription_off"]
        actions.change_subscription(one, is_active=True, by=ivan)
        assert delivery.deliver(row.pk) == "sent", "what waited goes when it is switched on again"


def test_the_message_to_the_integrator_can_be_sent(subscribe: Subscribe, ivan: User, mailoutbox: Any) -> None:
    from services.notifications.tasks import send_message

    one = subscribe()
    for template in ("subscription_off", "subscription_dead"):
        delivery._tell_integrators(one, template, "1")
    for message in Message.objects.filter(recipient=ivan):
        send_message(message.pk)
    assert [f"/integrasi/langganan/{one.ref}/" in mail.body for mail in mailoutbox] == [True, True]
    assert all(one.label in mail.subject for mail in mailoutbox)


def test_a_process_killed_between_sending_and_recording_tells_it_again_and_loses_nothing(
    subscribe: Subscribe, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(point: str) -> None:
        raise SystemExit(point)

    with c.chaos(OK) as server:
        subscribe(server.url)
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(delivery, "reach", killed)
            delivery.deliver(row.pk)
        assert delivery.deliver(row.pk) == "not now", "the lease of the dead process holds for a while"
        EventDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert delivery.deliver(row.pk) == "sent"
    assert [_request(raw)[0]["webhook-id"] for raw in server.requests] == [row.event_id] * 2


def test_an_answer_that_comes_after_the_lease_was_lost_changes_nothing(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    (row,) = read_all()
    lease = delivery.claim(row.pk)
    assert lease is not None
    EventDelivery.objects.update(token="other")
    delivery._failed(lease, "timeout")
    row.refresh_from_db()
    assert row.last_cause == "" and row.lease_until is not None


def test_a_hung_receiver_ends_on_time_and_does_not_delay_the_others(subscribe: Subscribe, case: Case, settings: Any) -> None:
    settings.EVENT_CALL_SECONDS = 0.5
    with c.chaos(c.silence) as hung, c.chaos(OK) as well:
        subscribe(hung.url)
        subscribe(well.url)
        move(case, "IN_PROGRESS")
        slow, quick = read_all()
        began = time.monotonic()
        assert delivery.deliver(slow.pk) == "timeout"
        assert time.monotonic() - began < 5.0, "the deadline was kept"
        assert delivery.deliver(quick.pk) == "sent"


def test_one_subscription_never_holds_more_than_its_share_of_the_slots(
    subscribe: Subscribe, case: Case, submit: Any
) -> None:
    cases = [case, submit(), submit()]
    greedy, failing, well = subscribe(), subscribe(), subscribe()
    Subscription.objects.filter(pk=failing.pk).update(failures=1)
    for each in cases:
        move(each, "IN_PROGRESS")
    written = read_all()
    rows = {one.pk: [r.pk for r in written if r.subscription_id == one.pk] for one in (greedy, failing, well)}
    taken = [delivery.claim(pk) is not None for pk in rows[greedy.pk]]
    assert taken == [True, True, False], "its ceiling"
    assert delivery.claim(rows[failing.pk][0]) and delivery.claim(rows[failing.pk][1]) is None
    assert delivery.claim(rows[well.pk][0]) and delivery.claim(rows[well.pk][1]) is None


def test_the_sweep_wakes_what_is_due_and_nothing_twice_at_once(
    subscribe: Subscribe, case: Case, submit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(timetable, "wake", lambda task, pk: woken.append(pk))
    cases = [case, submit(), submit()]
    one = subscribe()
    for each in cases:
        move(each, "IN_PROGRESS")
    assert timetable.read_timelines() == 3
    assert len(woken) == 2
    timetable.wake_due()
    assert len(woken) == len(set(woken)) == 3
    EventDelivery.objects.update(woken_until=None)
    Subscription.objects.filter(pk=one.pk).update(is_active=False)
    assert timetable.wake_due() == 0


def test_old_news_is_forgotten_but_nothing_that_waits(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    move(case, "COMPLETED")
    first, _second = read_all()
    EventDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    EventDelivery.objects.filter(pk=first.pk).update(state="SENT")
    assert timetable.forget_old_events() == 1 and _states() == ["WAITING"]


def test_after_a_restore_nothing_goes_out_until_somebody_sends_it_again(subscribe: Subscribe, case: Case) -> None:
    one = subscribe()
    move(case, "IN_PROGRESS")
    read_all()
    move(case, "COMPLETED")
    assert actions.hold_unsent() == 2, "also what was not read yet"
    assert _states() == ["DEAD", "DEAD"] and tell_all() == ["not now", "not now"]
    assert actions.redeliver(one) == 2
