"""A message from a backend is believed only when it is signed, fresh and readable."""

import base64
import json
import time

import pytest
from standardwebhooks import Webhook

from services.adapters import gateway, signatures
from services.adapters.models import Exchange
from services.adapters.values import InvalidWebhook
from tests.services.adapters.conftest import WEBHOOK_SECRET

OTHER_SECRET = "whsec_" + base64.b64encode(b"another-secret-of-24-byte").decode()
MESSAGE = {
    "type": "permohonan.status",
    "nomor": "DK-1",
    "nomor_portal": "MJK-2611-AAAA-B",
    "status": "selesai",
    "pesan": "Dokumen  sudah\nterbit.",
    "urutan": 3,
    "waktu": "2026-11-24T10:00:00+07:00",
}


def signed(body, *, secret=WEBHOOK_SECRET, event="evt_1", at=None):
    stamp = int(time.time() if at is None else at)
    return {
        "Webhook-Id": event,
        "Webhook-Timestamp": str(stamp),
        "Webhook-Signature": signatures.sign(secret, event, stamp, body),
    }


@pytest.fixture
def connection(connect):
    return connect(secrets={"webhook": [WEBHOOK_SECRET]})


BODY = json.dumps(MESSAGE).encode()


def test_a_genuine_message_is_read(connection):
    (update,) = gateway.read_webhook(connection, signed(BODY), BODY)
    assert (update.reference, update.backend_reference, update.word, update.status) == (
        "MJK-2611-AAAA-B",
        "DK-1",
        "selesai",
        "COMPLETED",
    )
    assert (update.message, update.version, update.event_id) == ("Dokumen sudah terbit.", "3", "evt_1")
    assert update.at.isoformat() == "2026-11-24T10:00:00+07:00"
    row = Exchange.objects.get()
    assert (row.direction, row.reference) == ("IN", "MJK-2611-AAAA-B")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"nomor_akta": " 3576-LU-1 ", "nik": 3576010111250001}, {"no_akta": "3576-LU-1", "nik_anak": "3576010111250001"}),
        ({"nomor_akta": "x" * 500}, {"no_akta": "x" * 120}),
        ({"nomor_akta": ["x"], "nik": {"a": 1}, "rahasia": "y"}, {}),
        ("teks", {}),
        (None, {}),
    ],
)
def test_what_a_department_names_besides_is_read_where_it_is_declared(connect, given, expected):
    connection = connect(secrets={"webhook": [WEBHOOK_SECRET]})
    paths = {"no_akta": "hasil.nomor_akta", "nik_anak": "hasil.nik"}
    connection.options["webhook"] = {**connection.options["webhook"], "results": paths}
    connection.save()
    body = json.dumps({**MESSAGE, "hasil": given}).encode()
    (update,) = gateway.read_webhook(connection, signed(body), body)
    assert update.results == expected


def test_the_standards_own_library_signs_what_we_accept(connection):
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    signature = Webhook(WEBHOOK_SECRET).sign("evt_2", now, BODY.decode())
    headers = {"webhook-id": "evt_2", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    assert gateway.read_webhook(connection, headers, BODY)[0].event_id == "evt_2"


def test_old_and_new_secret_are_accepted_while_one_replaces_the_other(connect):
    connection = connect(secrets={"webhook": [OTHER_SECRET, WEBHOOK_SECRET]})
    for secret in (OTHER_SECRET, WEBHOOK_SECRET):
        assert gateway.read_webhook(connection, signed(BODY, secret=secret), BODY)
    headers = signed(BODY)
    headers["Webhook-Signature"] = f"v1a,zzz v1,AAAA {headers['Webhook-Signature']}"
    assert gateway.read_webhook(connection, headers, BODY)


def _without(name):
    headers = signed(BODY)
    del headers[name]
    return headers


def _with(**changed):
    return {**signed(BODY), **{name.replace("_", "-"): value for name, value in changed.items()}}


FORGED = {
    "another secret": signed(BODY, secret=OTHER_SECRET),
    "another body": signed(BODY + b" "),
    "another id": _with(Webhook_Id="evt_9"),
    "another time": _with(Webhook_Timestamp=str(int(time.time()) + 1)),
    "no signature": _without("Webhook-Signature"),
    "no id": _without("Webhook-Id"),
    "no time": _without("Webhook-Timestamp"),
    "empty signature": _with(Webhook_Signature="v1,"),
    "no version": _with(Webhook_Signature=signed(BODY)["Webhook-Signature"].removeprefix("v1,")),
    "another version": _with(Webhook_Signature="v2," + signed(BODY)["Webhook-Signature"][3:]),
    "not ASCII": _with(Webhook_Signature="v1,é日"),
    "lone surrogate": _with(Webhook_Signature="v1,\udc80"),
    "time with a point": _with(Webhook_Timestamp=str(time.time())),
    "Arabic digits": _with(Webhook_Timestamp="١٢٣٤"),
    "negative time": _with(Webhook_Timestamp="-1"),
    "time not a number": _with(Webhook_Timestamp="NaN"),
    "id with a line break": _with(Webhook_Id="evt_1\nx"),
    "nothing": {},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
def test_a_forged_or_twisted_message_is_refused(connection, headers):
    with pytest.raises(InvalidWebhook) as caught:
        gateway.read_webhook(connection, headers, BODY)
    assert caught.value.status == 401
    assert not Exchange.objects.exists()


@pytest.mark.parametrize(
    ("shift", "good"), [(-290, True), (290, True), (-310, False), (310, False), (-86400, False), (86400, False)]
)
def test_a_message_is_five_minutes_old_or_early_at_most(connection, shift, good):
    headers = signed(BODY, at=time.time() + shift)
    if good:
        assert gateway.read_webhook(connection, headers, BODY)
    else:
        with pytest.raises(InvalidWebhook) as caught:
            gateway.read_webhook(connection, headers, BODY)
        assert (caught.value.status, caught.value.cause) == (401, "too_old" if shift < 0 else "too_new")


UNREADABLE = [
    *(b"", b"x", b"{", b'{"a": 1, "a": 2}', b'{"status": "\xff"}', b"[" * 1000 + b"]" * 1000, b"NaN", b"\xef\xbb\xbf{}"),
    *(b"[]", b"7", b"null", b'"text"', b"{}", b'{"status": "selesai"}', b'{"nomor_portal": "A", "status": ["selesai"]}'),
    b'{"nomor_portal": "A\\u0000", "status": "selesai"}',
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_genuine_message_that_cannot_be_read_is_400(connection, body):
    with pytest.raises(InvalidWebhook) as caught:
        gateway.read_webhook(connection, signed(body), body)
    assert caught.value.status == 400


def test_a_message_over_the_limit_is_not_even_checked(connection):
    body = b" " * (256 * 1024 + 1)
    with pytest.raises(InvalidWebhook) as caught:
        gateway.read_webhook(connection, signed(body), body)
    assert caught.value.status == 400


def test_a_word_that_nobody_has_mapped_changes_nothing(connection):
    body = json.dumps({**MESSAGE, "status": "hilang"}).encode()
    (update,) = gateway.read_webhook(connection, signed(body), body)
    assert (update.word, update.status) == ("hilang", "")


def test_a_connection_without_a_secret_believes_nobody(connect):
    connection = connect(secrets={})
    for secret in ("", WEBHOOK_SECRET):
        headers = signed(BODY) if secret else {}
        with pytest.raises(InvalidWebhook):
            gateway.read_webhook(connection, headers, BODY)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!", "short", "whsec_AAAA"])
def test_a_secret_that_is_too_weak_signs_nothing(connect, secret):
    connection = connect(secrets={"webhook": [secret]})
    with pytest.raises(InvalidWebhook):
        gateway.read_webhook(connection, signed(BODY), BODY)
