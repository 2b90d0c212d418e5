"""The tests of something that is sent: mapping, request, submission, answer, twice, status, refusal, withdrawal, record."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from services.adapters import envelope
from services.adapters.contract.reads import looked_up
from services.adapters.contract.samples import sample_of, submission_of, texts
from services.adapters.contract.state import (
    BAD,
    CALL_SECONDS,
    GOOD,
    ODD,
    SKIPPED,
    SLOW_MILLISECONDS,
    Run,
    timed,
    where,
)
from services.adapters.documents import judging
from services.adapters.mapping import MappingError, put_at, split_path, value_at
from services.adapters.models import Exchange, Idempotency
from services.adapters.sentences import sentence_of
from services.adapters.values import (
    Capability,
    LaterAct,
    Outgoing,
    Receipt,
    Rejected,
)
from services.forms.samples import Sample

ACCEPTED = (200, 201, 202)


def everything(state: Run) -> None:
    state.reference = f"UJI-{secrets.token_hex(6).upper()}"
    began = timezone.now()
    for name, spec in sorted(state.adapter.setup.operations.items()):
        if "lookup" in spec:
            looked_up(state, name, spec)
    if "lookup" in state.spec:
        return
    sample = sample_of(state)
    if sample is None:
        return
    state.note("form", GOOD, _("Contoh isian diterima formulir"))
    prepared = _mapped(state, sample)
    if prepared is None or not _fits_request(state, prepared):
        return
    receipt = _submitted(state, prepared, sample)
    if receipt is None:
        return
    _answer_shape(state)
    _twice(state, prepared, sample, receipt)
    _status(state, receipt)
    _refused(state, prepared, sample)
    _withdrawn(state, receipt)
    _written_down(state, sample, began)


def once(state: Run) -> None:
    """One submission of invented answers, taken back where that can be done: does this form reach the system?"""
    state.reference = f"UJI-{secrets.token_hex(6).upper()}"
    began = timezone.now()
    sample = sample_of(state)
    if sample is None:
        return
    state.note("form", GOOD, _("Contoh isian diterima formulir"))
    prepared = _mapped(state, sample)
    if prepared is None or not _fits_request(state, prepared):
        return
    receipt = _submitted(state, prepared, sample)
    if receipt is None:
        return
    _answer_shape(state)
    _withdrawn(state, receipt)
    _written_down(state, sample, began)


def _mapped(state: Run, sample: Sample) -> bytes | None:
    try:
        body = state.adapter.prepare(submission_of(state, sample), state.spec, state.binding.mapping)
        if (little := sample_of(state, full=False)) is not None:
            state.adapter.prepare(submission_of(state, little), state.spec, state.binding.mapping)
    except MappingError as error:
        state.note("mapping", BAD, "; ".join(error.problems))
        return None
    state.note("mapping", GOOD, _("%(n)d baris pemetaan berjalan") % {"n": len(state.binding.mapping)})
    return body


def _fits_request(state: Run, prepared: bytes) -> bool:
    """The body as it is sent, with our key where the operation puts it into a field. Not drift: what we send is ours."""
    body = envelope.opened(prepared).body
    key = state.spec.get("key") or {}
    try:
        if key.get("place") == "field":
            put_at(body, key["name"], state.reference)
    except MappingError:
        said = _("%(field)s sudah diisi portal dengan kunci kirim-ulang (key). Hapus baris pemetaannya")
        state.note("request", BAD, said % {"field": key["name"]})
        return False
    schema = state.spec.get("request_schema")
    if not schema or state.spec.get("format", "json") != "json":
        state.note("request", SKIPPED, _("Tidak ada skema permintaan"))
        return True
    files = (state.spec.get("files") or {}).get("to")
    wrong = [one for one in judging.mismatches(body, schema) if not files or one.path != files]
    if wrong:
        state.note("request", BAD, _("Tidak sesuai skema permintaan: %(where)s") % {"where": where(wrong)})
        return False
    state.note("request", GOOD, _("Permintaan sesuai skema"))
    return True


def _outgoing(
    state: Run, prepared: bytes, sample: Sample, *, key: str = "", act: str = "SUBMIT", number: str = ""
) -> Outgoing:
    return Outgoing(
        connection_id=state.binding.connection_id,
        operation_id=None,
        key=key or state.reference,
        act=act,
        body=prepared,
        files=submission_of(state, sample).files,
        backend_reference=number,
    )


def _submitted(state: Run, prepared: bytes, sample: Sample) -> Receipt | None:
    outgoing = _outgoing(state, prepared, sample)
    receipt, error, took = timed(lambda: _send(state, outgoing))
    if error is not None or not isinstance(receipt, Receipt):
        assert error is not None
        if error.cause == "shape":
            state.drift = _("jawaban: %(field)s") % {"field": _unlike(state, state.spec, state.spec.get("receipt", "id"))}
        state.note("submit", BAD, sentence_of(error), took)
        return None
    slow = took > SLOW_MILLISECONDS
    said = _("Nomor tanda terima: %(number)s") % {"number": receipt.backend_reference or "-"}
    state.note("submit", ODD if slow else GOOD, said, took)
    return receipt


def _unlike(state: Run, spec: Mapping[str, Any], path: str) -> str:
    """What in the last answer is not as declared: its status, or else the field that was read."""
    status = state.answers[-1][1].status if state.answers else 0
    return f"HTTP {status}" if status and status not in (spec.get("accepted") or ACCEPTED) else path


def _send(state: Run, outgoing: Outgoing) -> Receipt:
    return state.adapter.submit(outgoing, state.spec, on_mark=lambda: None, deadline_seconds=CALL_SECONDS)


def _answer_shape(state: Run) -> None:
    """The whole answer by the document: what is mapped must be there; what else differs is said, not refused."""
    schema = state.spec.get("answer_schema")
    found = [answer for operation, answer in state.answers if operation == "submit"]
    if not schema or not found:
        state.note("answer", SKIPPED, _("Tidak ada skema jawaban"))
        return
    try:
        data = state.adapter.values_of(found[-1], state.spec)
    except ValueError:
        state.note("answer", BAD, _("Jawaban tidak sah"))
        return
    wrong = judging.mismatches(data, schema)
    mapped = {state.spec.get("receipt", "id"), state.spec.get("status"), state.spec.get("echo")}
    if serious := [one for one in wrong if one.path in mapped]:
        state.drift = _("jawaban: %(field)s") % {"field": serious[0].path}
        state.note("answer", BAD, _("Bagian yang dipakai tidak sesuai dokumen: %(where)s") % {"where": where(serious)})
    elif wrong:
        state.note("answer", ODD, _("Berbeda dari dokumen, tetapi tidak dipakai: %(where)s") % {"where": where(wrong)})
    else:
        state.note("answer", GOOD, _("Jawaban sesuai dokumen"))


def _twice(state: Run, prepared: bytes, sample: Sample, receipt: Receipt) -> None:
    """The promise of the connection about a request that comes twice."""
    match state.spec.get("idempotency") or state.binding.connection.idempotency:
        case Idempotency.KEY:
            again, error, took = timed(lambda: _send(state, _outgoing(state, prepared, sample)))
            if error is not None:
                state.note(
                    "idempotency",
                    BAD,
                    _("Kiriman kedua dengan kunci sama gagal: %(why)s") % {"why": sentence_of(error)},
                    took,
                )
            elif again.backend_reference != receipt.backend_reference:
                state.note("idempotency", BAD, _("Kunci sama memberi dua nomor: sistem mencatat dua kali"), took)
            else:
                state.note("idempotency", GOOD, _("Kunci sama memberi nomor yang sama"), took)
        case Idempotency.LOOKUP:
            _asked(state, receipt)
        case _:
            state.note(
                "idempotency",
                SKIPPED,
                _("Sistem tidak bisa mengenali kiriman ulang; kiriman yang tak jelas ditangani orang"),
            )


def _asked(state: Run, receipt: Receipt) -> None:
    found, error, took = timed(lambda: state.adapter.reconcile(state.reference, deadline_seconds=CALL_SECONDS))
    if error is None and found is not None and found.backend_reference == receipt.backend_reference:
        unknown = f"UJI-{secrets.token_hex(6).upper()}"
        none, error, took = timed(lambda: state.adapter.reconcile(unknown, deadline_seconds=CALL_SECONDS))
        if error is None and none is None:
            state.note("idempotency", GOOD, _("Sistem menemukan nomor kita, dan membuktikan bila tidak punya"), took)
            return
        why = sentence_of(error) if error else _("sistem mengaku punya nomor yang tidak pernah dikirim")
        state.note("idempotency", BAD, _("Pertanyaan tentang nomor yang tidak ada: %(why)s") % {"why": why}, took)
        return
    why = sentence_of(error) if error else _("nomor yang ditemukan berbeda atau tidak ada")
    state.note("idempotency", BAD, _("Pertanyaan tentang nomor yang baru dikirim: %(why)s") % {"why": why}, took)


def _status(state: Run, receipt: Receipt) -> None:
    declared = state.adapter.setup.operations.get("status")
    if Capability.STATUS not in state.adapter.capabilities or declared is None:
        state.note("status", SKIPPED, _("Status tidak ditanyakan"))
        return
    update, error, took = timed(lambda: state.adapter.fetch_status(receipt.backend_reference, deadline_seconds=CALL_SECONDS))
    if error is not None:
        if error.cause == "shape":
            state.drift = _("status: %(field)s") % {"field": _unlike(state, declared, declared.get("status", "status"))}
        state.note("status", BAD, sentence_of(error), took)
    elif not update.status:
        state.note("status", ODD, _("Kata status %(word)s belum ada di tabel") % {"word": update.word}, took)
    else:
        state.note("status", GOOD, f"{update.word} → {update.status}", took)


def _refused(state: Run, prepared: bytes, sample: Sample) -> None:
    """A body without one thing that must be there must come back as a refusal, not as a number or a fault."""
    schema = state.spec.get("request_schema")
    path = _required_path(state, envelope.opened(prepared).body)
    if path is None:
        state.note("rejection", SKIPPED, _("Tidak ada isian wajib untuk diuji"))
        return
    sealed = orjson.loads(prepared)
    _remove(sealed["body"], path)
    broken = _outgoing(state, orjson.dumps(sealed), sample, key=f"UJI-{secrets.token_hex(6).upper()}")
    receipt, error, took = timed(lambda: _send(state, broken))
    where = {"field": path}
    if isinstance(error, Rejected):
        named = bool(error.field_errors)
        text = _("Isian tanpa %(field)s ditolak dengan nama isiannya") if named else _("Isian tanpa %(field)s ditolak")
        state.note("rejection", GOOD if named else ODD, text % where, took)
    elif error is not None and error.cause == "body":
        state.note("rejection", GOOD, _("Isian tanpa %(field)s tidak dikirim: dokumennya sendiri melarang") % where, took)
    elif receipt is not None:
        state.note("rejection", ODD, _("Isian tanpa %(field)s diterima juga") % where, took)
    else:
        why = sentence_of(error) if error else ""
        result = BAD if schema else ODD
        state.note(
            "rejection", result, _("Isian tanpa %(field)s tidak ditolak dengan 4xx: %(why)s") % {**where, "why": why}, took
        )


def _required_path(state: Run, body: Mapping[str, Any]) -> str | None:
    """A mapped value from an answer that must be there."""
    for row in state.binding.mapping:
        to = row["to"]
        if not to.startswith("@") and not str(row.get("from", "@")).startswith("@") and value_at(body, to) is not None:
            trial = json.loads(json.dumps(body))
            _remove(trial, to)
            schema = state.spec.get("request_schema")
            if row.get("required") or (schema and any(one.path == to for one in judging.mismatches(trial, schema))):
                return str(to)
    return None


def _remove(body: dict[str, Any], path: str) -> None:
    *folders, last = split_path(path)
    for part in folders:
        body = body[part]
    body.pop(last, None)


def _withdrawn(state: Run, receipt: Receipt) -> None:
    """The test case is taken back, where that can be done."""
    spec = state.adapter.setup.operations.get("withdraw")
    if Capability.WITHDRAW not in state.adapter.capabilities or spec is None:
        state.note("withdraw", SKIPPED, _("Pembatalan tidak disambungkan"))
        return
    service = state.binding.service
    act = LaterAct(
        act="WITHDRAW",
        reference=state.reference,
        key=f"{state.reference}.1",
        service_code=service.code,
        department_code=service.department.code if service.department else "",
        acted_at=timezone.now().replace(microsecond=0),
        text="Uji sambungan",
    )
    try:
        body = state.adapter.prepare_act(act, spec)
    except MappingError as error:
        state.note("withdraw", BAD, "; ".join(error.problems))
        return
    outgoing = Outgoing(state.binding.connection_id, None, act.key, "WITHDRAW", body, (), receipt.backend_reference)
    _receipt, error_, took = timed(
        lambda: state.adapter.submit(outgoing, spec, on_mark=lambda: None, deadline_seconds=CALL_SECONDS)
    )
    state.note("withdraw", BAD if error_ else GOOD, sentence_of(error_) if error_ else _("Kiriman uji dibatalkan"), took)


def _written_down(state: Run, sample: Sample, began: datetime) -> None:
    """Nothing that was answered may be in the record of the exchanges."""
    values = {str(value) for value in texts(sample.answers) if len(str(value)) >= 6}
    rows = Exchange.objects.filter(connection_id=state.binding.connection_id, at__gte=began, reference__startswith="UJI-")
    kept = "\n".join(json.dumps(row.detail) for row in rows)
    leaked = any(value in kept for value in values)
    state.note(
        "redaction",
        BAD if leaked else GOOD,
        _("Isi ikut tercatat") if leaked else _("Catatan hanya memuat bentuk dan ukuran"),
    )
