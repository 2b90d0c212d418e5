"""Promises of the kind soap: what the WSDL does not allow is neither sent nor believed, and the outcome table holds."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from lxml import etree

from services.adapters import gateway
from services.adapters.models import Exchange, Operation
from services.adapters.values import Misconfigured, Outgoing, Receipt, Rejected, Unavailable
from tests.backends import chaos as c
from tests.backends import city_tax
from tests.services.adapters.conftest import PHOTO, file_of, outgoing_of, send, submission_of
from tests.services.adapters.tax_office import NOP, OPERATIONS, ROWS, WSDL, add_document, connect_tax

KEY = "MJK-2611-AAAA-B"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
GOOD = "<kodeBayar>PBB-1</kodeBayar><refPortal>MJK-2611-AAAA-B</refPortal><status>TERBIT</status>"


def element(inside: str = GOOD, name: str = "BuatKodeBayarHasil") -> str:
    return f'<{name} xmlns="{city_tax.NAMESPACE}">{inside}</{name}>'


def envelope(body: str, space: str = SOAP) -> bytes:
    return f'<e:Envelope xmlns:e="{space}"><e:Header/><e:Body>{body}</e:Body></e:Envelope>'.encode()


def fault(code: str, detail: str = "") -> bytes:
    inside = f"<detail>{detail}</detail>" if detail else ""
    return envelope(f"<e:Fault><faultcode>{code}</faultcode><faultstring>rahasia warga</faultstring>{inside}</e:Fault>")


def answered(body: bytes, status: int = 200, kind: str = "text/xml; charset=utf-8") -> c.Script:
    return c.answer(status, body, kind=kind)


# --- against the pretend city tax ---------------------------------------------------------------------------------------


def test_an_order_arrives_with_its_key_mapping_and_files(taxed, service, tax):
    receipt = send(outgoing_of(service, files=[file_of()]))
    row = tax.store.one("SELECT * FROM applications")
    assert receipt == Receipt(row["number"])
    assert (row["reference"], row["service"]) == (KEY, "akta-uji")
    assert '"nama": "Alice Contoh"' in row["body"] and NOP in row["body"]
    assert str(len(PHOTO)) in row["files"]


def test_a_refusal_names_our_questions(taxed, service, tax):
    tax.store.set_mode("reject")
    binding = gateway.binding_for(service)
    binding.mapping = [*ROWS[:1], {"to": "nop", "from": "nik"}, {"to": "tahun", "const": 2026}]
    binding.save()
    with pytest.raises(Rejected) as caught:
        send(outgoing_of(service))
    assert caught.value.field_errors == {"nik": "Objek pajak ini sedang diperiksa."}
    assert caught.value.message == "Ada isian yang perlu diperbaiki."


def test_what_the_department_says_later_is_asked_for(taxed, service, tax):
    number = send(outgoing_of(service)).backend_reference
    assert gateway.is_polled(taxed)
    tax.store.decide(number, "LUNAS", "Terima kasih.")
    update = gateway.fetch_status(taxed.pk, number)
    assert (update.word, update.status, update.message, update.version) == ("LUNAS", "COMPLETED", "Terima kasih.", "1")
    assert update.reference == KEY
    with pytest.raises(Unavailable, match="not_found"):
        gateway.fetch_status(taxed.pk, "PBB-9")


def test_a_lookup_answers_plain_values_and_none_for_a_proven_no(taxed):
    adapter, spec = gateway._adapter(taxed), taxed.operations.get(name="bills").spec
    found = adapter.lookup(spec, {"nop": NOP}, deadline_seconds=5)
    assert [bill["tahun"] for bill in found["tagihan"]] == [2024, 2025, 2026]
    assert found["tagihan"][2]["jatuhTempo"] == "2026-09-30" and found["tagihan"][2]["lunas"] is False
    assert found["total"].endswith(".00"), "money is text, digit by digit"
    assert adapter.lookup(spec, {"nop": "1" * 18}, deadline_seconds=5) is None
    with pytest.raises(Misconfigured) as caught:
        adapter.lookup(spec, {"nop": "12"}, deadline_seconds=5)
    assert caught.value.cause == "body" and "12" not in caught.value.detail.replace("nop", "")


@pytest.mark.parametrize("auth", [{}, {"password_type": "text"}, {"password_type": "digest", "timestamp": True}])
def test_a_username_token_of_each_form_is_accepted(department, service, tax, auth):
    made = connect_tax(department, service, tax.url, auth={"type": "wsse", "username": city_tax.USERNAME, **auth})
    assert isinstance(send(outgoing_of(service)), Receipt)
    assert gateway.check_health(made).authorised


def test_a_wrong_password_is_known_as_such_and_nothing_of_it_is_kept(taxed, service, tax):
    taxed.secrets = {"password": "geheim-falsch"}
    taxed.save()
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service))
    assert (caught.value.cause, caught.value.maybe_sent, caught.value.slow) == ("unauthorised", False, True)
    assert tax.store.ledger()["effects"] == {}
    kept = " ".join(str(row) for row in Exchange.objects.values())
    assert "geheim" not in kept and "3576010101900001" not in kept and "sandi" not in kept


def test_health_by_an_operation_proves_the_credentials(department, service, tax):
    made = connect_tax(department, service, tax.url)
    spec = made.operations.get(name="bills").spec
    Operation.objects.create(connection=made, name="health", spec={**spec, "body": [{"to": "nop", "const": NOP}]})
    assert gateway.check_health(made).authorised
    made.secrets = {"password": "x"}
    made.save()
    health = gateway.check_health(made)
    assert (health.reachable, health.authorised, health.cause) == (True, False, "unauthorised")


# --- what goes out --------------------------------------------------------------------------------------------------------


def test_each_attempt_says_the_same_with_a_fresh_nonce(department, service):
    with c.chaos(answered(envelope(element()))) as server:
        connect_tax(department, service, server.url)
        outgoing = outgoing_of(service)
        send(outgoing), send(outgoing)
    heads, roots = zip(
        *((head, etree.fromstring(body)) for head, body in (one.split(b"\r\n\r\n", 1) for one in server.requests)),
        strict=True,
    )
    bodies = [etree.tostring(root.find(f"{{{SOAP}}}Body"), method="c14n") for root in roots]
    assert bodies[0] == bodies[1]
    nonces = [root.findtext(".//{*}Nonce") for root in roots]
    assert nonces[0] != nonces[1]
    for root, nonce in zip(roots, nonces, strict=True):
        created = root.findtext(".//{*}Created")
        mixed = base64.b64decode(nonce) + created.encode() + city_tax.PASSWORD.encode()
        assert root.findtext(".//{*}Password") == base64.b64encode(hashlib.sha1(mixed).digest()).decode()
        assert abs((datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()) < 60
    assert b'SOAPAction: "urn:contoh:pajak-kota/BuatKodeBayar"' in heads[0]
    assert b"Content-Type: text/xml; charset=utf-8" in heads[0]


def test_soap_1_2_has_its_own_envelope_and_type(department, service):
    newer = WSDL.replace("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
    space = "http://www.w3.org/2003/05/soap-envelope"
    good = answered(envelope(element(), space), kind="application/soap+xml")
    refused = (
        "<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang='id'>x</e:Text></e:Reason><e:Detail>"
        + element("<pesan>Tidak</pesan>", "DataTidakSah")
        + "</e:Detail></e:Fault>"
    )
    bad = answered(envelope(refused, space), 400, kind="application/soap+xml")
    older = answered(envelope(element()))
    with c.chaos(good, bad, older) as server:
        connect_tax(department, service, server.url, files={"main": newer})
        outgoing = outgoing_of(service)
        assert send(outgoing) == Receipt("PBB-1")
        with pytest.raises(Rejected) as caught:
            send(outgoing)
        assert caught.value.message == "Tidak"
        with pytest.raises(Unavailable, match="shape"):
            send(outgoing)
    assert b'application/soap+xml; charset=utf-8; action="urn:contoh:pajak-kota/BuatKodeBayar"' in server.requests[0]
    assert b"SOAPAction" not in server.requests[0]


@pytest.mark.parametrize(
    "rows", [ROWS[:2], [*ROWS, {"to": "tidakAda", "const": 1}], [*ROWS[:2], {"to": "tahun", "const": "dua ribu"}]]
)
def test_what_the_wsdl_does_not_allow_is_not_sent(department, service, rows):
    with c.chaos(answered(envelope(element()))) as server:
        connect_tax(department, service, server.url)
        binding = gateway.binding_for(service)
        binding.mapping = rows
        binding.save()
        with pytest.raises(Misconfigured, match="body"):
            send(outgoing_of(service))
    assert server.connections == 0


@pytest.mark.parametrize("held", [(), [file_of(b"other")]], ids=["gone", "changed"])
def test_a_file_that_is_not_what_was_submitted_stops_before_anything_is_sent(department, service, held):
    with c.chaos(answered(envelope(element()))) as server:
        connect_tax(department, service, server.url)
        with pytest.raises(Misconfigured, match="file_changed"):
            send(outgoing_of(service, files=[file_of()], held=held))
    assert server.connections == 0


def test_a_newer_wsdl_does_not_change_what_waits(department, service):
    with c.chaos(answered(envelope(element()))) as server:
        made = connect_tax(department, service, server.url)
        outgoing = outgoing_of(service)
        newer = add_document(made, {"main": WSDL.replace("urn:contoh:pajak-kota/BuatKodeBayar", "urn:baru")})
        spec = {**OPERATIONS["submit"], "document": newer}
        Operation.objects.create(connection=made, name="submit", version=2, spec=spec)
        send(outgoing)
        send(outgoing_of(service, key="MJK-2611-BBBB-B"))
    assert [b'SOAPAction: "urn:baru"' in request for request in server.requests] == [False, True]


@pytest.mark.parametrize(
    "change", [{"document": "0" * 64}, {"operation_id": "TidakAda"}, {"key": {"place": "header", "name": "X"}}]
)
def test_an_operation_that_cannot_be_spoken_is_misconfigured(department, service, tax, change):
    connect_tax(department, service, tax.url, submit=change)
    with pytest.raises(Misconfigured):
        send(outgoing_of(service))


# --- what comes back ------------------------------------------------------------------------------------------------------

NS = city_tax.NAMESPACE
WRONG = {
    "another root element": envelope(element(GOOD, "CekKodeBayarHasil")),
    "a required element missing": envelope(element(GOOD.replace("<kodeBayar>PBB-1</kodeBayar>", ""))),
    "a word that is none of the list": envelope(element(GOOD.replace("TERBIT", "MUNGKIN"))),
    "a bad date": envelope(element(GOOD + "<berlakuSampai>besok</berlakuSampai>")),
    "two elements in the body": envelope(element() + element()),
    "an empty body": envelope(""),
    "an element nobody declared": envelope(element(GOOD + "<lain>1</lain>")),
    "no namespace": envelope(f"<BuatKodeBayarHasil>{GOOD}</BuatKodeBayarHasil>"),
    "no envelope": element().encode(),
    "the other SOAP version": envelope(element(), "http://www.w3.org/2003/05/soap-envelope"),
    "a DOCTYPE": b'<!DOCTYPE x [<!ENTITY a "PBB-1">]>' + envelope(element(GOOD.replace("PBB-1", "&a;"))),
    "a DOCTYPE in UTF-16": ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x>' + envelope(element()).decode()).encode(
        "utf-16"
    ),
    "half of it": envelope(element())[:-40],
    "another encoding than it says": envelope(element(GOOD.replace("PBB-1", "PBB-é"))).decode().encode("latin-1"),
    "too many tags": envelope(element(GOOD + "<a/>" * 100_001)),
    "an empty number": envelope(element(GOOD.replace("PBB-1", " "))),
    "JSON": b'{"kodeBayar": "PBB-1"}',
    "nothing": b"",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_to_a_write_is_unclear_and_to_a_question_no_answer(department, service, name):
    with c.chaos(answered(WRONG[name])) as server:
        made = connect_tax(department, service, server.url)
        with pytest.raises(Unavailable) as caught:
            send(outgoing_of(service))
        assert (caught.value.cause, caught.value.maybe_sent, caught.value.alert) == ("shape", True, True)
        with pytest.raises(Unavailable) as asked:
            gateway.reconcile(made.pk, KEY)
        assert (asked.value.cause, asked.value.maybe_sent) == ("shape", False), "never a proven no"
    assert server.connections == 2


@pytest.mark.parametrize(
    "kind", ["text/html", "application/json", "multipart/related; type=text/xml", "application/soap+xml", "", "text/plain"]
)
def test_another_content_type_is_not_read(department, service, kind):
    with c.chaos(answered(envelope(element()), kind=kind)) as server:
        connect_tax(department, service, server.url)
        with pytest.raises(Unavailable, match="shape"):
            send(outgoing_of(service))


def test_an_answer_in_another_accepted_encoding_is_read(department, service):
    body = '<?xml version="1.0" encoding="iso-8859-1"?>' + envelope(element(GOOD.replace("PBB-1", "PBB-é"))).decode()
    plain = envelope(element(GOOD.replace("PBB-1", "PBB-è"))).decode()
    scripts = (
        answered(body.encode("latin-1"), kind="text/xml"),
        answered(plain.encode("cp1252"), kind="text/xml; charset=windows-1252"),
    )
    with c.chaos(*scripts) as server:
        connect_tax(department, service, server.url)
        assert send(outgoing_of(service)) == Receipt("PBB-é")
        assert send(outgoing_of(service)) == Receipt("PBB-è")


DETAIL = element(
    "<pesan>Salah</pesan><kesalahan><bidang>pembayar.nik</bidang><pesan>NIK salah</pesan></kesalahan>", "DataTidakSah"
)
FAULTS = {
    "Client": (fault("e:Client", DETAIL), 500, "rejected"),
    "Client with a dotted code": (fault("e:Client.Validasi"), 500, "rejected"),
    "Client without a prefix, with 200": (fault("Client"), 200, "rejected"),
    "Server": (fault("e:Server", DETAIL), 500, ("server_error", True)),
    "a code of their own": (fault("x42"), 500, ("server_error", True)),
    "MustUnderstand": (fault("e:MustUnderstand"), 500, ("shape", False)),
    "security": (fault("wsse:FailedAuthentication"), 500, ("unauthorised", False)),
    "500 without a fault": (b"<html>", 500, ("server_error", True)),
    "503": (fault("e:Client"), 503, ("server_error", True)),
    "401": (fault("e:Client"), 401, ("unauthorised", False)),
    "404": (b"", 404, ("address", False)),
    "429": (b"", 429, ("busy", False)),
    "409": (b"", 409, ("conflict", True)),
    "400 without a fault": (b"", 400, ("shape", True)),
    "302": (envelope(element()), 302, ("redirect", True)),
    "500 with a good answer": (envelope(element()), 500, ("shape", True)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_outcome_of_a_write_by_fault_and_status(department, service, name):
    body, status, wanted = FAULTS[name]
    with c.chaos(answered(body, status)) as server:
        connect_tax(department, service, server.url)
        with pytest.raises((Rejected, Unavailable)) as caught:
            send(outgoing_of(service))
    if wanted == "rejected":
        assert isinstance(caught.value, Rejected)
        assert caught.value.message == ("Salah" if DETAIL.encode() in body else ""), (
            "a faultstring is shown to nobody unasked"
        )
        assert caught.value.field_errors == ({"nik": "NIK salah"} if DETAIL.encode() in body else {})
    else:
        assert (caught.value.cause, caught.value.maybe_sent) == wanted
    assert "rahasia" not in str(caught.value)


def test_a_declared_refusal_counts_whatever_its_code(department, service):
    with c.chaos(answered(fault("e:Server", DETAIL), 500)) as server:
        connect_tax(department, service, server.url, submit={"refusals": ["DataTidakSah"]})
        with pytest.raises(Rejected) as caught:
            send(outgoing_of(service))
    assert caught.value.message == "Salah"


@pytest.mark.parametrize(("status", "wanted"), [("TERBIT", Receipt), ("TOLAK", Rejected), ("TANYA", Unavailable)])
def test_a_backend_that_says_no_inside_a_good_answer_is_understood(department, service, status, wanted):
    good = {"path": "status", "equals": ["TERBIT"], "refused": ["TOLAK"]}
    with c.chaos(answered(envelope(element(GOOD.replace("TERBIT", status))))) as server:
        connect_tax(department, service, server.url, submit={"good": good})
        try:
            outcome = send(outgoing_of(service))
        except (Rejected, Unavailable) as error:
            outcome = error
    assert isinstance(outcome, wanted)
    assert not isinstance(outcome, Unavailable) or outcome.maybe_sent


CHAOS = {
    "closes silently": c.close_silently,
    "resets after the request": c.reset_after_request,
    "silence": c.silence,
    "half an answer": c.half_answer,
    "headers drip": c.header_drip,
    "body drips": c.body_drip,
    "endless": c.endless_body,
    "100 for ever": c.endless_continue,
    "gzip bomb": c.gzip_bomb,
    "bad chunks": c.bad_chunks,
    "big headers": c.big_headers,
}


@pytest.mark.parametrize("name", CHAOS)
def test_the_faults_of_the_network_are_unclear_for_a_write(department, service, name):
    with c.chaos(CHAOS[name]) as server:
        connect_tax(department, service, server.url)
        with pytest.raises(Unavailable) as caught:
            send(outgoing_of(service), seconds=1.0)
    assert caught.value.maybe_sent
    assert server.connections == 1, "it was not sent a second time by itself"


@pytest.mark.parametrize("mode", ["fail_after", "cut_after", "half", "html", "huge", "slow"])
def test_an_order_whose_answer_is_lost_is_found_by_its_reference(taxed, service, tax, mode):
    tax.store.set_mode(mode, seconds=2, times=1)
    outgoing: Outgoing = outgoing_of(service)
    with pytest.raises(Unavailable) as caught:
        send(outgoing, seconds=1.0 if mode == "slow" else 5.0)
    assert caught.value.maybe_sent
    if mode == "slow":
        return  # the effect is still on its way
    found = gateway.reconcile(taxed.pk, KEY)
    assert found is not None and send(outgoing) == found
    assert tax.store.ledger()["effects"] == {KEY: 1}


def test_preparing_needs_no_document(taxed, service):
    prepared = gateway.prepare(gateway.binding_for(service), submission_of())
    assert NOP.encode() in prepared.body and b"<" not in prepared.body
