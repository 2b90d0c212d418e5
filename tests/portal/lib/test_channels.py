"""Promise: a short message goes out signed, once by its id, to the city's gateway or into a file; a failure names no number."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.codes import issuing
from accounts.codes.models import OneTimeCode
from accounts.models import User
from accounts.tasks import send_code
from accounts.timetable import send_due_codes
from portal.lib.channels import offered, send_short_message
from portal.lib.channels.short import NotSentError
from portal.lib.standard_webhooks import sign

SECRET = "whsec_" + base64.b64encode(b"kunci-gerbang-sms-contoh-32-byte").decode()
NUMBER = "+6281234567890"


class Gateway:
    """A city's gateway: answers what it is told to and remembers what came."""

    def __init__(self) -> None:
        self.status = 200
        self.came: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Silent."""

        self.server = HTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    made = Gateway()
    settings.SHORT_CHANNELS = {"sms": {"url": f"http://127.0.0.1:{made.server.server_port}/pesan", "secret": SECRET}}
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_the_gateway_gets_a_signed_message_it_can_tell_from_a_repeated_one(gateway: Gateway) -> None:
    for _time in range(2):
        send_short_message(NUMBER, "Halo", key="pesan-1")
    (headers, body), (again, _body) = gateway.came
    assert json.loads(body) == {"id": "pesan-1", "to": NUMBER, "channel": "sms", "text": "Halo"}
    assert headers["webhook-signature"] == sign(SECRET, "pesan-1", int(headers["webhook-timestamp"]), body)
    assert headers["webhook-id"] == again["webhook-id"] == "pesan-1"


@pytest.mark.parametrize("status", [400, 429, 500, 302])
def test_what_the_gateway_does_not_take_is_not_sent(gateway: Gateway, status: int) -> None:
    gateway.status = status
    with pytest.raises(NotSentError) as caught:
        send_short_message(NUMBER, "Halo", key="pesan-1")
    assert str(caught.value) == str(status)


def test_a_gateway_that_is_away_is_a_failure_too(settings: Any) -> None:
    settings.SHORT_CHANNELS = {"sms": {"url": "http://127.0.0.1:9/", "secret": SECRET}}
    with pytest.raises(NotSentError):
        send_short_message(NUMBER, "Halo", key="pesan-1")


def test_a_channel_without_a_gateway_is_not_offered(settings: Any) -> None:
    settings.SHORT_CHANNELS = {}
    assert offered() == []
    with pytest.raises(NotSentError):
        send_short_message(NUMBER, "Halo", key="pesan-1")


def test_the_demo_keeps_messages_as_files(settings: Any, tmp_path: Path) -> None:
    settings.SHORT_CHANNELS = {"whatsapp": {"folder": tmp_path}}
    for _time in range(2):
        send_short_message(NUMBER, "Halo", key="pesan-1")
    (found,) = tmp_path.glob("*.txt")
    assert NUMBER in found.read_text() and NUMBER[3:] not in found.name


@pytest.mark.django_db
def test_a_code_is_tried_again_while_it_is_of_use_and_never_logged(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, rf: Any
) -> None:
    gateway.status = 503
    request = rf.get("/")
    request.session = {}
    user = User.objects.create_user(None, "gerobak biru tiga puluh")
    issuing.issue(request, issuing.Purpose.SIGN_IN, NUMBER, "sms", user)
    row = OneTimeCode.objects.get()
    code = row.code
    send_code(row.pk)
    row.refresh_from_db()
    assert row.sent_at is None and row.next_try > timezone.now() and send_due_codes() == 0
    gateway.status = 200
    OneTimeCode.objects.update(next_try=timezone.now() - timedelta(seconds=1))
    assert send_due_codes() == 1
    send_code(row.pk)
    send_code(row.pk)
    row.refresh_from_db()
    assert row.sent_at is not None and row.code is None and len(gateway.came) == 2
    ids = {headers["webhook-id"] for headers, _body in gateway.came}
    assert len(ids) == 1 and row.handle not in ids.pop()
    assert code not in caplog.text and NUMBER[1:] not in caplog.text
