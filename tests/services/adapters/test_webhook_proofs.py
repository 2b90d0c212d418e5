"""Messages that are proven otherwise than by Standard Webhooks: HMAC as declared, and a bearer token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from services.adapters import gateway
from services.adapters.declared.spec import ProofOptions
from services.adapters.models import Connection, Exchange
from services.adapters.values import InvalidWebhook
from tests.services.adapters.conftest import OPTIONS

SECRET, OLD = "rahasia-yang-cukup-panjang", "rahasia-lama-yang-panjang"
BODY = json.dumps({"nomor_portal": "MJK-2611-AAAA-B", "status": "selesai", "kejadian": {"id": "k-7"}}).encode()
Headers = dict[str, str]

PLAIN = {"scheme": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="}
BASE64 = {"scheme": "hmac", "header": "X-Signature", "algorithm": "sha512", "encoding": "base64"}
TIMED = {
    "scheme": "hmac",
    "header": "X-Signature",
    "timestamp_header": "X-Timestamp",
    "event_id_header": "X-Event",
    "signed": ["id", "timestamp", "body"],
    "separator": ".",
}
BEARER = {"scheme": "bearer", "event_id": "kejadian.id"}
OWN_HEADER = {"scheme": "bearer", "header": "X-Token"}


def plain(body: bytes, secret: str = SECRET) -> Headers:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def in_base64(body: bytes, secret: str = SECRET) -> Headers:
    return {"X-Signature": base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha512).digest()).decode()}


def timed(body: bytes, secret: str = SECRET, *, shift: int = 0, event: str = "e-1") -> Headers:
    stamp = str(int(time.time()) + shift)
    value = hmac.new(secret.encode(), f"{event}.{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Signature": value, "X-Timestamp": stamp, "X-Event": event}


def bearer(body: bytes, secret: str = SECRET) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


def own_header(body: bytes, secret: str = SECRET) -> Headers:
    return {"x-token": secret}


WAYS: dict[str, tuple[dict[str, Any], Callable[..., Headers], str]] = {
    "hmac": (PLAIN, plain, f"sha256:{hashlib.sha256(BODY).hexdigest()}"),
    "base64": (BASE64, in_base64, f"sha256:{hashlib.sha256(BODY).hexdigest()}"),
    "timed": (TIMED, timed, "e-1"),
    "bearer": (BEARER, bearer, "k-7"),
    "own header": (OWN_HEADER, own_header, f"sha256:{hashlib.sha256(BODY).hexdigest()}"),
}
each_way = pytest.mark.parametrize("way", WAYS)
Prove = Callable[..., Connection]


@pytest.fixture
def proven(connect: Any) -> Prove:
    def make(proof: dict[str, Any], secrets: Any = (SECRET, OLD)) -> Connection:
        judged = ProofOptions(data=proof)
        assert judged.is_valid(), judged.errors
        made: Connection = connect(
            secrets={"webhook": list(secrets)}, options={"webhook": {**OPTIONS["webhook"], "proof": proof}}
        )
        return made

    return make


def refused(connection: Connection, headers: Headers, body: bytes = BODY) -> InvalidWebhook:
    with pytest.raises(InvalidWebhook) as caught:
        gateway.read_webhook(connection, headers, body)
    assert not Exchange.objects.exists(), "nothing was read and nothing recorded"
    return caught.value


@each_way
def test_a_genuine_message_is_read_and_has_an_id(proven: Prove, way: str) -> None:
    proof, sign, event_id = WAYS[way]
    connection = proven(proof)
    (update,) = gateway.read_webhook(connection, sign(BODY), BODY)
    assert (update.reference, update.status, update.event_id) == ("MJK-2611-AAAA-B", "COMPLETED", event_id)
    assert gateway.read_webhook(connection, sign(BODY), BODY)[0].event_id == event_id, "the same message has the same id"


@each_way
def test_an_old_secret_is_accepted_beside_the_new_one_and_another_is_not(proven: Prove, way: str) -> None:
    proof, sign, _event_id = WAYS[way]
    connection = proven(proof)
    assert refused(connection, sign(BODY, "rahasia-orang-lain-panjang")).status == 401
    assert gateway.read_webhook(connection, sign(BODY, OLD), BODY)


@each_way
def test_without_a_proof_or_with_a_broken_one_nothing_is_believed(proven: Prove, way: str) -> None:
    proof, sign, _event_id = WAYS[way]
    connection = proven(proof)
    name = next(iter(sign(BODY)))
    good = sign(BODY)
    for value in ("", " ", "sha256=", "é日", "\udc80", "x" * 5000, f"{good[name]},{good[name]}", good[name][:-1]):
        assert refused(connection, {**good, name: value}).status == 401
    assert refused(connection, {}).status == 401


@pytest.mark.parametrize("way", ["hmac", "base64", "timed"])
def test_a_changed_byte_is_noticed_before_anything_is_parsed(proven: Prove, way: str) -> None:
    proof, sign, _event_id = WAYS[way]
    connection = proven(proof)
    for body in (BODY + b" ", BODY.replace(b"selesai", b"ditolak"), b"", b"{", b"\xff\x00", b'{"a":1,"a":2}'):
        assert refused(connection, sign(BODY), body).cause == "signature"


def test_another_algorithm_than_the_declared_one_is_refused(proven: Prove) -> None:
    connection = proven(PLAIN)
    for algorithm in (hashlib.sha1, hashlib.sha512, hashlib.md5):
        digest = hmac.new(SECRET.encode(), BODY, algorithm).hexdigest()
        for prefix in ("sha256=", "sha1=", "none=", ""):
            assert refused(connection, {"X-Hub-Signature-256": prefix + digest}).status == 401
    assert refused(connection, {"X-Hub-Signature-256": "sha256=" + hashlib.sha256(BODY).hexdigest()}).status == 401


@pytest.mark.parametrize(("shift", "good"), [(-290, True), (290, True), (-310, False), (310, False), (-86400, False)])
def test_a_signed_time_is_five_minutes_old_or_early_at_most(proven: Prove, shift: int, good: bool) -> None:
    connection = proven(TIMED)
    if good:
        assert gateway.read_webhook(connection, timed(BODY, shift=shift), BODY)
    else:
        assert refused(connection, timed(BODY, shift=shift)).cause in {"too_old", "too_new"}


def test_a_replay_with_a_new_time_or_another_id_is_refused(proven: Prove) -> None:
    connection, headers = proven(TIMED), timed(BODY, shift=-200)
    for name, value in (("X-Timestamp", str(int(time.time()))), ("X-Event", "e-2"), ("X-Timestamp", "١٢٣"), ("X-Event", "")):
        assert refused(connection, {**headers, name: value}).status == 401


def test_a_message_signed_by_the_standard_is_not_believed_where_something_else_is_declared(proven: Prove) -> None:
    from tests.services.adapters.test_webhooks import signed

    assert refused(proven(PLAIN), signed(BODY)).status == 401


def test_an_id_that_is_declared_in_the_body_must_be_there(proven: Prove) -> None:
    connection = proven(BEARER)
    for body in (
        b'{"nomor_portal": "A", "status": "selesai"}',
        BODY.replace(b"k-7", b"k 7"),
        BODY.replace(b"k-7", b"k" * 101),
    ):
        assert refused(connection, bearer(body), body).status == 400


@each_way
def test_a_secret_that_is_too_short_proves_nothing(proven: Prove, way: str) -> None:
    proof, sign, _event_id = WAYS[way]
    assert refused(proven(proof, ["pendek", "x" * 15]), sign(BODY, "pendek")).status == 401


@each_way
def test_a_message_over_the_limit_is_not_even_checked(proven: Prove, way: str) -> None:
    proof, sign, _event_id = WAYS[way]
    body = b" " * (256 * 1024 + 1)
    assert refused(proven(proof), sign(body), body).cause == "too_large"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scheme": "hmac"},
        {"scheme": "none"},
        {**PLAIN, "algorithm": "sha1"},
        {**PLAIN, "algorithm": "none"},
        {**PLAIN, "signed": ["timestamp"]},
        {**PLAIN, "signed": ["timestamp", "body"]},
        {**PLAIN, "timestamp_header": "X-Time"},
        {**PLAIN, "event_id_header": "X-Id"},
        {**PLAIN, "signed": ["body", "body"]},
        {**PLAIN, "header": "X Signature"},
        {**PLAIN, "secret": "x"},
    ],
    ids=str,
)
def test_a_proof_that_would_prove_nothing_cannot_be_declared(wrong: dict[str, Any]) -> None:
    assert not ProofOptions(data=wrong).is_valid()
