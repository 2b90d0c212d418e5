"""The examples of the how-tos do what they say."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from services.adapters.declared.spec import WebhookOptions
from services.cases.models import Case, InboundEvent
from services.subscriptions.constants import TEST, EventType
from tests.backends import chaos as c
from tests.services.subscriptions.conftest import Subscribe, body_of, move, read_all, tell_all

DOCS = Path(__file__).resolve().parents[3] / "docs"


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.S)


def _code(page: str) -> dict[str, Any]:
    (block,) = _blocks(page, "python")
    names: dict[str, Any] = {}
    exec(compile(block, page, "exec"), names)
    return names


def test_the_receivers_lines_believe_what_we_send_and_nothing_else(subscribe: Subscribe, case: Case) -> None:
    is_genuine = _code("how-to/receive-events.md")["is_genuine"]
    with c.chaos(c.answer(204)) as server:
        one = subscribe(server.url)
        move(case, "IN_PROGRESS")
        read_all()
        assert tell_all() == ["sent"]
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head.decode().split("\r\n")[1:])}
    secret = one.secrets[0]["value"]
    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body + b" ")
    assert not is_genuine(secret, {**headers, "webhook-timestamp": str(int(time.time()) - 400)}, body)


def test_the_reference_names_every_type_and_shows_the_members_that_are_sent(subscribe: Subscribe, case: Case) -> None:
    text = (DOCS / "reference/events.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(id\.[a-z_.0-9]+)`", text, re.M)) == {*EventType.values, TEST}
    subscribe()
    move(case, "COMPLETED")
    sent, shown = body_of(read_all()[0]), json.loads(_blocks("reference/events.md", "json")[0])
    assert set(shown) == set(sent) and set(shown["data"]) == set(sent["data"])


@pytest.mark.usefixtures("case")
def test_the_senders_lines_are_believed_at_the_door_and_stored_once() -> None:
    from services.adapters.models import Connection

    declared = yaml.safe_load(_blocks("how-to/send-webhooks-to-the-portal.md", "yaml")[0])["options"]["webhook"]
    assert WebhookOptions(data=declared).is_valid()
    secret = "rahasia-yang-cukup-panjang"
    options = {"webhook": declared, "words": {"selesai": "COMPLETED"}}
    Connection.objects.update(kind="rest", options=options, secrets={"webhook": [secret]})
    body = json.dumps({"nomor_portal": Case.objects.get().reference, "status": "selesai", "urutan": 2}).encode()
    headers = _code("how-to/send-webhooks-to-the-portal.md")["headers_for"](secret, int(time.time()), body)
    for wanted, given in ((202, headers), (202, headers), (401, {**headers, "X-Signature": "0" * 64})):
        answer = Client().post("/webhooks/sambungan-uji/", body, content_type="application/json", headers=given)
        assert answer.status_code == wanted, answer.content
    assert InboundEvent.objects.count() == 1
