"""Answers, files and withdrawals over every kind; and the demo city's two systems by their own manifests."""

import json
from datetime import UTC, datetime

import orjson
import pytest

from services.adapters import gateway, manifest, oauth
from services.adapters.kinds.demo import Demo
from services.adapters.models import Binding, Connection, Exchange, Operation
from services.adapters.values import LaterAct, Outgoing, Receipt, Rejected, Submission, Unavailable
from services.catalogue.models import Department, Service
from tests.backends import civil_registry
from tests.services.adapters.conftest import OAUTH, PHOTO, demo_connection, file_of, outgoing_of, send

SECRETS = {"client_secret": civil_registry.CLIENT_SECRET}
CASE = "MJK-2611-AAAA-B"
ACTS = ("ANSWER", "ATTACHMENT", "WITHDRAW")
BODY = [{"to": "nomor_kirim", "from": "@key"}, {"to": "isi", "from": "@text"}, {"to": "nomor_portal", "from": "@reference"}]
REJECTION = {"rejection": {"message": "pesan"}}
PATHS = {"answer": "jawaban", "attachment": "lampiran", "withdraw": "pembatalan"}


def later(act, number=1, files=()):
    moment = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)  # the 25th in the city
    return LaterAct(act, CASE, f"{CASE}.{number}", "akta-uji", "dinas-uji", moment, "Ini fotonya", tuple(files))


def outgoing(connection, act, backend_reference, number=1, files=()):
    prepared = gateway.prepare_act(connection, later(act, number, files))
    return Outgoing(
        *(prepared.connection_id, prepared.operation_id, f"{CASE}.{number}", act, prepared.body),
        files=tuple(files),
        backend_reference=backend_reference,
    )


@pytest.fixture
def registered(connect, office):
    """A connection to the pretend civil registration that can do everything."""
    return connected("rest", connect, office)


@pytest.fixture(params=["rest", "soap", "inbox", "demo"])
def kind(request, connect, office):
    Demo.effects.clear()
    if request.param == "soap":
        return request.getfixturevalue("taxed")
    return connected(request.param, connect, office)


def connected(kind, connect, office):
    made = connect(kind, base_url=office.url, auth=OAUTH if kind == "rest" else None, secrets=SECRETS)
    if kind == "rest":
        for name, path in PATHS.items():
            files = {"mode": "base64", "to": "lampiran", "content": "isi", "name": "nama", "type": "jenis"}
            spec = {
                "path": f"/api/permohonan/{{number}}/{path}",
                "receipt": "nomor",
                "body": BODY,
                "files": files,
                **REJECTION,
            }
            Operation.objects.create(connection=made, name=name, spec=spec)
    return made


# --- the contract, once for every kind --------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_preparing_an_act_is_pure_and_says_the_same_twice(kind, act):
    assert gateway.can(kind, act)
    first, second = (gateway.prepare_act(kind, later(act, files=[file_of()])) for _ in range(2))
    assert first == second and PHOTO not in first.body
    assert not Exchange.objects.exists()


@pytest.mark.parametrize("act", ACTS)
def test_an_act_sent_twice_gives_the_same_receipt(kind, service, act):
    number = send(outgoing_of(service)).backend_reference
    message = outgoing(kind, act, number, files=[file_of()] if act != "WITHDRAW" else [])
    first = send(message)
    assert isinstance(first, Receipt) and send(message) == first


def test_a_connection_without_the_operation_cannot(connect):
    connection = connect("rest")
    assert not any(gateway.can(connection, act) for act in ACTS)


def test_an_operation_may_promise_less_than_its_connection(connect):
    connection = connect("rest")
    Operation.objects.create(connection=connection, name="withdraw", spec={"path": "/x", "idempotency": "none"})
    assert gateway.prepare_act(connection, later("WITHDRAW")).idempotency == "none"


def test_a_wrong_row_of_an_act_is_named(department):
    problems = gateway.check_settings(
        "rest", options={}, operations={"answer": {"path": "/x", "body": [{"to": "a", "from": "@nobody"}]}}, mappings={}
    )
    assert any("operation answer" in problem and "@reference" in problem for problem in problems)


# --- the pretend civil registration -----------------------------------------------------------------------------------


def test_the_registry_takes_each_act_once_and_its_ledger_says_so(registered, service, office):
    number = send(outgoing_of(service)).backend_reference
    office.store.decide(number, "perlu_perbaikan", "Foto buram")
    for _ in range(2):
        send(outgoing(registered, "ANSWER", number, files=[file_of()]))
    ledger = office.store.ledger()
    assert ledger["effects"] == {CASE: 1, f"{CASE}.1": 1} and ledger["requests"][f"{CASE}.1"] == 2
    (act,) = ledger["acts"]
    assert (act["kind"], act["text"], json.loads(act["files"])[0]["ukuran"]) == ("ANSWER", "Ini fotonya", len(PHOTO))
    assert office.store.one("SELECT status FROM applications")["status"] == "diterima"
    assert gateway.reconcile(registered.pk, f"{CASE}.1").backend_reference.startswith("DK-S")
    office.store.decide(number, "selesai", "Jadi")
    with pytest.raises(Rejected) as refused:
        send(outgoing(registered, "WITHDRAW", number, number=2))
    assert refused.value.message == "Permohonan ini sudah ditutup."


# --- the pretend public works department, by the demo's own manifest --------------------------------------------------


@pytest.fixture
def older(works, db):
    oauth._tokens.clear()
    department = Department.objects.create(code="dpuprperkim", name="PU", short_name="PU", kind="dinas")
    for code in ("sedot-tinja", "pengangkutan-sampah"):
        Service.objects.create(code=code, department=department)
    manifest.apply(demo_connection("pekerjaan-umum", base_url=works.url))
    return Connection.objects.get()


def hand_over(older, reference=CASE):
    answers = {"nik": "3576010101900001", "nama": " Alice  Contoh ", "alamat": "Jl. Contoh 1", "tanggal": "2026-12-01"}
    moment = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    submission = Submission(reference, "sedot-tinja", "dpuprperkim", moment, answers, (file_of(),))
    prepared = gateway.prepare(Binding.objects.get(service__code="sedot-tinja"), submission)
    return send(Outgoing(older.pk, prepared.operation_id, reference, "SUBMIT", prepared.body, files=(file_of(),)))


def test_an_older_system_gets_its_own_shape_and_is_asked_instead_of_a_key(older, works):
    receipt = hand_over(older)
    body = orjson.loads(works.store.one("SELECT body FROM applications")["body"])
    assert (body["Ref_Portal"], body["Tgl_Pengajuan"], body["Rincian"]["Tgl"]) == (CASE, "25-11-2026", "01-12-2026")
    assert body["Pemohon"]["Nama"] == "Alice Contoh" and receipt.backend_reference.startswith("PU-2026-")
    assert gateway.reconcile(older.pk, CASE) == Receipt(receipt.backend_reference)
    assert gateway.reconcile(older.pk, "MJK-2611-ZZZZ-Z") is None
    assert gateway.is_polled(older) and gateway.check_health(older).authorised


def test_an_older_system_ignores_the_key_and_would_do_it_twice(older, works):
    hand_over(older)
    hand_over(older)
    assert works.store.ledger()["effects"] == {CASE: 2}, "this is why it is asked before anything is sent again"


def test_its_codes_become_our_words_and_an_unknown_number_is_no_status(older, works):
    number = hand_over(older).backend_reference
    works.store.decide(number, "40", "Di mana tangkinya?")
    update = gateway.fetch_status(older.pk, number)
    assert (update.status, update.word, update.version) == ("WAITING_FOR_RESIDENT", "40", "1")
    assert (update.reference, update.message) == (CASE, "Di mana tangkinya?")
    with pytest.raises(Unavailable, match="not_found") as unknown:
        gateway.fetch_status(older.pk, "PU-2026-999999")
    assert not unknown.value.counts
    assert Exchange.objects.filter(operation="status").count() == 2


def test_it_answers_a_withdrawal_at_once_and_a_late_one_with_a_sentence(older, works):
    number = hand_over(older).backend_reference
    send(outgoing(older, "ATTACHMENT", number, files=[file_of()]))
    receipt = send(outgoing(older, "WITHDRAW", number, number=2))
    assert receipt.status == "WITHDRAWN" and receipt.backend_reference.startswith("PU-S")
    assert gateway.reconcile(older.pk, f"{CASE}.2") == Receipt(receipt.backend_reference)
    with pytest.raises(Rejected):
        send(outgoing(older, "WITHDRAW", number, number=3))
    assert [act["kind"] for act in works.store.ledger()["acts"]] == ["ATTACHMENT", "WITHDRAW"]


@pytest.mark.parametrize("mode", ["down", "cut", "fail_after", "cut_after", "half", "html"])
def test_its_bad_days_are_unavailable_never_an_answer(older, works, mode):
    works.store.set_mode(mode, times=1 if mode != "cut" else None)
    with pytest.raises(Unavailable) as caught:
        hand_over(older)
    works.store.set_mode("normal")
    done = mode not in ("down", "cut")
    assert caught.value.maybe_sent
    assert (gateway.reconcile(older.pk, CASE) is not None) == done


def test_a_wrong_api_key_is_our_trouble_not_the_residents(older, works, monkeypatch):
    monkeypatch.setenv("ADAPTER_SECRET__PEKERJAAN_UMUM__API_KEY", "falsch")
    with pytest.raises(Unavailable) as caught:
        hand_over(older)
    assert (caught.value.cause, caught.value.maybe_sent) == ("unauthorised", False)
