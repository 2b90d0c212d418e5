"""A department that reads e-mail: one mail a submission, never to a domain the operator has not opened, never twice by machine."""

import email
import email.policy
import json
from datetime import UTC, datetime

import pytest

from services.adapters import gateway
from services.adapters.hops import walk
from services.adapters.models import Exchange, Idempotency
from services.adapters.values import LaterAct, Misconfigured, Outgoing, Receipt, Unavailable
from tests.backends.mail_server import mail_server
from tests.services.adapters.conftest import PHOTO, file_of, outgoing_of, send, submission_of

KEY = "MJK-2611-AAAA-B"
TO = {"to": "loket@dinas.example"}


@pytest.fixture(autouse=True)
def opened(settings):
    settings.ADAPTER_EMAIL_DOMAINS = ["Dinas.example"]
    settings.DEFAULT_FROM_EMAIL = "Layanan Kota <layanan@kota.example>"


@pytest.fixture
def server(request, settings):
    with mail_server(getattr(request, "param", "good")) as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 1
        yield running


def read(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


# --- what arrives -------------------------------------------------------------------------------------------------------


def test_a_submission_is_one_mail_with_its_answers_and_files(connect, service, server):
    connect("email", options={**TO, "subject": "[{service}] {reference}"})
    receipt = send(outgoing_of(service, files=[file_of()]))
    assert receipt == Receipt("", accepted=False), "a mail is no proof that anybody has it"
    [raw] = server.mails
    mail = read(raw)
    assert (mail["Subject"], mail["To"]) == (f"[akta-uji] {KEY}", "loket@dinas.example")
    body = mail.get_body().get_content()
    assert "pemohon.nik: 3576010101900001" in body and f"/petugas/permohonan/{KEY}/" in body
    [part] = mail.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("foto.png", PHOTO)


def test_every_try_carries_the_same_message_id(connect, service, server):
    connect("email", options=TO)
    outgoing = outgoing_of(service)
    for _ in range(2):
        send(outgoing)
    assert {read(raw)["Message-ID"] for raw in server.mails} == {f"<{KEY}@kota.example>"}


@pytest.mark.parametrize("options", [{"files": False}, {"most_mebibytes": 1}], ids=["switched off", "too large"])
def test_files_that_are_not_attached_are_named_and_read_in_the_portal(connect, service, server, options):
    connect("email", options={**TO, **options})
    big = file_of()
    big.__dict__["size"] = 2 * 1024 * 1024  # frozen; only its declared size matters here
    send(outgoing_of(service, files=[big]))
    mail = read(server.mails[0])
    assert not mail.is_multipart()
    assert "Berkas: 1. Tidak dilampirkan" in mail.get_content()


def test_what_a_resident_does_later_is_a_mail_of_its_own(connect, service, server):
    connection = connect("email", options=TO)
    act = LaterAct("ANSWER", KEY, f"{KEY}.1", "akta-uji", "dinas-uji", datetime(2026, 11, 24, tzinfo=UTC), "Benar.\nYa", ())
    assert gateway.can(connection, "ANSWER") and gateway.can(connection, "WITHDRAW")
    prepared = gateway.prepare_act(connection, act)
    send(Outgoing(prepared.connection_id, None, act.key, "ANSWER", prepared.body))
    mail = read(server.mails[0])
    assert mail["Message-ID"] == f"<{KEY}.1@kota.example>"
    assert mail.get_content().startswith(f"Jawaban warga: {KEY}") and "isi: Benar. Ya" in mail.get_content()


def test_what_a_resident_types_cannot_become_a_header(connect, service, server):
    connect("email", options=TO)
    answers = {"nik": "3576010101900001", "nama": "A\r\nBcc: jahat@example.org\r\n\r\nisi"}
    send(outgoing_of(service, answers=answers))
    mail = read(server.mails[0])
    assert mail["Bcc"] is None and mail["Subject"] == KEY
    assert "pemohon.nama: A Bcc: jahat@example.org isi" in mail.get_content()


# --- where it may go ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        *("", "loket", "a@lain.example", "a@sub.dinas.example", "a@dinas.example.org", "a@dinas.example, b@lain.example"),
        *("a@dinas.example\nBcc: b@lain.example", "a@DINAS.EXAMPLE.", "a@ⓓinas.example"),
    ],
)
def test_only_domains_that_the_operator_has_opened(to):
    found = gateway.check_settings("email", options={"to": to}, operations={}, mappings={})
    assert len(found) == 1 and found[0].startswith("options: to")


def test_without_the_operators_setting_no_mail_can_be_declared(settings):
    settings.ADAPTER_EMAIL_DOMAINS = []
    assert gateway.check_settings("email", options=TO, operations={}, mappings={})


def test_a_domain_that_is_closed_again_gets_nothing_more(connect, service, server, settings):
    connection = connect("email", options=TO)
    outgoing = outgoing_of(service)
    settings.ADAPTER_EMAIL_DOMAINS = []
    with pytest.raises(Misconfigured):
        send(outgoing)
    assert server.mails == []
    assert not gateway.check_health(connection).configured


@pytest.mark.parametrize("subject", ["{nik}", "{reference} {nama}", "a\nb"])
def test_a_subject_names_no_answer(subject):
    assert gateway.check_settings("email", options={**TO, "subject": subject}, operations={}, mappings={})


# --- faults -------------------------------------------------------------------------------------------------------------

NOT_SENT = ["no_greeting", "refuse_recipient", "busy_recipient", "refuse_data"]
UNKNOWN = ["cut_in_data", "data_then_cut"]


@pytest.mark.parametrize("server", [*NOT_SENT, *UNKNOWN], indirect=True)
def test_what_may_have_left_is_unclear_and_what_was_refused_has_not_left(connect, service, server):
    connect("email", options=TO)
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service))
    assert caught.value.maybe_sent is (server.mode in UNKNOWN)
    assert len(server.mails) == (1 if server.mode == "data_then_cut" else 0)
    assert Exchange.objects.get().cause == caught.value.cause


@pytest.mark.parametrize("server", ["quit_cut"], indirect=True)
def test_a_server_that_goes_after_it_took_the_mail_has_it(connect, service, server):
    connect("email", options=TO)
    assert send(outgoing_of(service)) == Receipt("", accepted=False)
    assert len(server.mails) == 1


def test_a_mail_server_that_is_away_has_got_nothing(connect, service, server, settings):
    connection = connect("email", options=TO)
    settings.EMAIL_PORT = 1
    marks = []
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service), on_mark=lambda: marks.append(1))
    assert (caught.value.maybe_sent, marks) == (False, []), "not marked before the server is there"
    health = gateway.check_health(connection)
    assert (health.configured, health.reachable) == (True, False)


def test_nothing_is_sent_when_the_mark_is_refused_or_fails(connect, service, server):
    connect("email", options=TO)
    outgoing = outgoing_of(service)

    def fails():
        raise LookupError

    with pytest.raises(LookupError):
        send(outgoing, on_mark=fails)
    with pytest.raises(Unavailable):
        send(outgoing, on_mark=lambda: False)
    assert server.mails == []


def test_no_connection_by_mail_is_ever_sent_again_by_machine(connect, service):
    connection = connect("email", options=TO)
    connection.idempotency = Idempotency.KEY  # said by mistake
    connection.save()
    prepared = gateway.prepare(gateway.binding_for(service), submission_of())
    assert prepared.idempotency == Idempotency.NONE


def test_staff_work_on_it_here_but_it_does_not_stay_here(connect):
    connection = connect("email", options=TO)
    assert gateway.works_here(connection) and not gateway.stays_here(connection)


def test_the_record_shows_that_a_mail_went_and_nothing_of_its_contents(connect, service, server):
    connection = connect("email", options=TO)
    send(outgoing_of(service, files=[file_of()]))
    row = Exchange.objects.get()
    assert (row.operation, row.reference, row.cause, row.detail["files"]) == ("submit", KEY, "", 1)
    said = json.dumps(list(Exchange.objects.values()), default=str)
    assert "3576010101900001" not in said and "Alice" not in said and "loket@" not in said
    assert [hop.name for hop in walk(connection)] == ["answer"] and walk(connection)[0].ok
