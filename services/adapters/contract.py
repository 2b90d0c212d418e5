"""Contract tests: does a backend still do what its operations promise? Against the test address or what stands in, never the
real one.

One run per binding: mapping, request by the schema, one submission, its answer by the schema, the same submission again by its
class of idempotency, its status, a refusal, a withdrawal, and what was written down about it. Only invented values are sent.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib import strict_json
from portal.lib.clocks import today
from portal.lib.http import Answer
from services.adapters import envelope, gateway, mapping, outcomes
from services.adapters.documents import judging, samples
from services.adapters.documents.fields import leaves
from services.adapters.gateway import Adapter
from services.adapters.mapping import MappingError, value_at
from services.adapters.models import Binding, ContractRun, Exchange, Idempotency
from services.adapters.sandbox import StandIn
from services.adapters.sentences import sentence_of
from services.adapters.setup import newest_specs, setup_for_tests
from services.adapters.values import (
    AdapterError,
    Capability,
    LaterAct,
    Misconfigured,
    Outgoing,
    Receipt,
    Rejected,
    Submission,
    SubmittedFile,
)
from services.catalogue.regions import kelurahan_source
from services.forms.documents import load
from services.forms.queries import current_version
from services.forms.samples import Sample, sample_answers

GOOD, BAD, ODD, SKIPPED = "good", "bad", "odd", "skipped"
CALL_SECONDS = 10.0
SLOW_MILLISECONDS = 5_000
# A picture of one grey point, so that a backend which looks into files finds one.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080000000"
    "03a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


@dataclass
class Row:
    """One test as it is shown: name, result, a sentence, and how long the call took."""

    name: str
    result: str
    text: str = ""
    milliseconds: int = 0

    def plain(self) -> dict[str, Any]:
        return {"name": self.name, "result": self.result, "text": self.text[:300], "milliseconds": self.milliseconds}


@dataclass
class _Run:
    binding: Binding
    adapter: Adapter
    spec: Mapping[str, Any]
    target: str
    rows: list[Row] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    drift: str = ""
    reference: str = ""

    def say(self, name: str, result: str, text: str = "", milliseconds: int = 0) -> None:
        self.rows.append(Row(name, result, text, milliseconds))


def specs_digest(binding: Binding) -> str:
    """What a run has tested: mapping, operations, options and form. Another digest means that the run is old."""
    connection = binding.connection
    form = binding.service.form
    version = form.versions.order_by("-number").values_list("digest", flat=True).first() if form else ""
    said = [newest_specs(connection), binding.mapping, binding.operation, connection.options, connection.kind, version]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def last_run(binding: Binding) -> ContractRun | None:
    """The newest run of what the binding is now; None when it was never tested so."""
    return binding.runs.filter(specs=specs_digest(binding)).first()


def run(binding: Binding, *, nightly: bool = False) -> ContractRun:
    """Test one binding and keep the result. Raises nothing of the backend's: what fails is a row."""
    connection = binding.connection
    target = ContractRun.Target.STAND_IN if connection.stand_in else ContractRun.Target.TEST
    answers: list[tuple[str, Answer]] = []
    digest = specs_digest(binding)
    try:
        adapter_class = gateway.kind_of(connection.kind)
        stand_in = StandIn(connection) if connection.stand_in else None
        setup = setup_for_tests(connection, stand_in, lambda operation, answer: answers.append((operation, answer)))
        spec = setup.operations.get(binding.operation)
        if spec is None:
            raise Misconfigured("operation", detail=_("operasi %(name)s belum ada") % {"name": binding.operation})
        state = _Run(binding, adapter_class(setup), spec, target, answers=answers)
    except Misconfigured as error:
        rows = [Row("setup", BAD, sentence_of(error)).plain()]
        return ContractRun.objects.create(
            binding=binding, target=target, green=False, rows=rows, specs=digest, nightly=nightly
        )
    _all(state)
    return ContractRun.objects.create(
        binding=binding,
        target=target,
        green=all(row.result != BAD for row in state.rows),
        drift=state.drift[:200],
        rows=[row.plain() for row in state.rows],
        specs=digest,
        nightly=nightly,
    )


def _all(state: _Run) -> None:
    state.reference = f"UJI-{secrets.token_hex(6).upper()}"
    began = timezone.now()
    sample = _sample(state)
    if sample is None:
        return
    state.say("form", GOOD, _("Contoh isian diterima formulir"))
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


def _sample(state: _Run, *, full: bool = True) -> Sample | None:
    """Invented answers that the service's form accepts, and the mapping and the schema behind it too where that can be."""
    form = state.binding.service.form
    if form is None or not form.versions.exists():
        state.say("form", BAD, _("Layanan ini belum punya formulir yang terbit"))
        return None
    wishes = _Wishes(state)
    sample = sample_answers(
        load(current_version(form).document),
        today=today(),
        hints=wishes.hints,
        accepts=wishes.accept,
        sources=kelurahan_source(),
        full=full,
    )
    if sample.missing:
        names = ", ".join(sample.missing)
        state.say("form", BAD, _("Tidak ada contoh isian yang diterima untuk %(names)s") % {"names": names})
        return None
    return sample


class _Wishes:
    """What an answer must be so that the rows that read it make what the schema asks for."""

    def __init__(self, state: _Run) -> None:
        schema = state.spec.get("request_schema")
        defs = schema.get("$defs", {}) if isinstance(schema, Mapping) else {}
        self.fields = {one.path: one for one in leaves(schema, defs)} if isinstance(schema, Mapping) else {}
        self.defs = defs
        self.rows: dict[str, list[Mapping[str, Any]]] = {}
        for row in state.binding.mapping:
            if isinstance(row.get("from"), str) and "." not in row["from"]:
                self.rows.setdefault(row["from"], []).append(row)
        self.hints: dict[str, Any] = {}
        for key, rows in self.rows.items():
            one = self.fields.get(rows[0]["to"])
            value = samples.sample(one.schema, defs) if one is not None and "each" not in rows[0] else None
            if value is not None:
                self.hints[key] = value

    def accept(self, key: str, value: Any) -> bool:
        for row in self.rows.get(key, []):
            try:
                made = value_at(mapping.run([row], {key: value}, {}), row["to"])
            except MappingError:
                return False
            one = self.fields.get(row["to"])
            if one is not None and made is not None and judging.mismatches(made, {**one.schema, "$defs": self.defs}):
                return False
        return True


def _submission(state: _Run, sample: Sample) -> Submission:
    files = tuple(
        SubmittedFile(
            ref, question, f"{question}.png", "image/png", len(PICTURE), hashlib.sha256(PICTURE).hexdigest(), _picture
        )
        for ref, question in sample.files.items()
        if question in sample.answers
    )
    answers = {key: value for key, value in sample.answers.items() if key not in sample.files.values()}
    service = state.binding.service
    department = service.department.code if service.department else ""
    return Submission(state.reference, service.code, department, timezone.now().replace(microsecond=0), answers, files)


def _picture() -> bytes:
    return PICTURE


def _mapped(state: _Run, sample: Sample) -> bytes | None:
    try:
        body = state.adapter.prepare(_submission(state, sample), state.spec, state.binding.mapping)
        if (little := _sample(state, full=False)) is not None:
            state.adapter.prepare(_submission(state, little), state.spec, state.binding.mapping)
    except MappingError as error:
        state.say("mapping", BAD, "; ".join(error.problems))
        return None
    state.say("mapping", GOOD, _("%(n)d baris pemetaan berjalan") % {"n": len(state.binding.mapping)})
    return body


def _fits_request(state: _Run, prepared: bytes) -> bool:
    schema = state.spec.get("request_schema")
    if not schema or state.spec.get("format", "json") != "json":
        state.say("request", SKIPPED, _("Tidak ada skema permintaan"))
        return True
    files = (state.spec.get("files") or {}).get("to")
    wrong = [one for one in judging.mismatches(envelope.opened(prepared).body, schema) if not files or one.path != files]
    if wrong:
        state.drift = _("permintaan: %(field)s") % {"field": wrong[0].path or "-"}
        state.say("request", BAD, _("Tidak sesuai skema permintaan: %(where)s") % {"where": _where(wrong)})
        return False
    state.say("request", GOOD, _("Permintaan sesuai skema"))
    return True


def _where(wrong: list[judging.Mismatch]) -> str:
    return ", ".join(f"{one.path or '(isi)'} ({one.rule})" for one in wrong[:5])


def _outgoing(
    state: _Run, prepared: bytes, sample: Sample, *, key: str = "", act: str = "SUBMIT", number: str = ""
) -> Outgoing:
    return Outgoing(
        connection_id=state.binding.connection_id,
        operation_id=None,
        key=key or state.reference,
        act=act,
        body=prepared,
        files=_submission(state, sample).files,
        backend_reference=number,
    )


def _timed(call: Callable[[], Any]) -> tuple[Any, AdapterError | None, int]:
    began = time.monotonic()
    try:
        return call(), None, round((time.monotonic() - began) * 1000)
    except AdapterError as error:
        return None, error, round((time.monotonic() - began) * 1000)


def _submitted(state: _Run, prepared: bytes, sample: Sample) -> Receipt | None:
    outgoing = _outgoing(state, prepared, sample)
    receipt, error, took = _timed(lambda: _send(state, outgoing))
    if error is not None or not isinstance(receipt, Receipt):
        assert error is not None
        if error.cause == "shape":
            state.drift = _("jawaban: %(field)s") % {"field": state.spec.get("receipt", "id")}
        state.say("submit", BAD, sentence_of(error), took)
        return None
    slow = took > SLOW_MILLISECONDS
    said = _("Nomor tanda terima: %(number)s") % {"number": receipt.backend_reference or "-"}
    state.say("submit", ODD if slow else GOOD, said, took)
    return receipt


def _send(state: _Run, outgoing: Outgoing) -> Receipt:
    return state.adapter.submit(outgoing, state.spec, on_mark=lambda: None, deadline_seconds=CALL_SECONDS)


def _answer_shape(state: _Run) -> None:
    """The whole answer by the document: what is mapped must be there; what else differs is said, not refused."""
    schema = state.spec.get("answer_schema")
    found = [answer for operation, answer in state.answers if operation == "submit"]
    if not schema or not found:
        state.say("answer", SKIPPED, _("Tidak ada skema jawaban"))
        return
    try:
        data = outcomes.json_of(found[-1])
    except strict_json.InvalidJSON:
        state.say("answer", BAD, _("Jawaban bukan JSON yang sah"))
        return
    wrong = judging.mismatches(data, schema)
    mapped = {state.spec.get("receipt", "id"), state.spec.get("status"), state.spec.get("echo")}
    if serious := [one for one in wrong if one.path in mapped]:
        state.drift = _("jawaban: %(field)s") % {"field": serious[0].path}
        state.say("answer", BAD, _("Bagian yang dipakai tidak sesuai dokumen: %(where)s") % {"where": _where(serious)})
    elif wrong:
        state.say("answer", ODD, _("Berbeda dari dokumen, tetapi tidak dipakai: %(where)s") % {"where": _where(wrong)})
    else:
        state.say("answer", GOOD, _("Jawaban sesuai dokumen"))


def _twice(state: _Run, prepared: bytes, sample: Sample, receipt: Receipt) -> None:
    """The promise of the connection about a request that comes twice."""
    match state.spec.get("idempotency") or state.binding.connection.idempotency:
        case Idempotency.KEY:
            again, error, took = _timed(lambda: _send(state, _outgoing(state, prepared, sample)))
            if error is not None:
                state.say(
                    "idempotency",
                    BAD,
                    _("Kiriman kedua dengan kunci sama gagal: %(why)s") % {"why": sentence_of(error)},
                    took,
                )
            elif again.backend_reference != receipt.backend_reference:
                state.say("idempotency", BAD, _("Kunci sama memberi dua nomor: sistem mencatat dua kali"), took)
            else:
                state.say("idempotency", GOOD, _("Kunci sama memberi nomor yang sama"), took)
        case Idempotency.LOOKUP:
            _asked(state, receipt)
        case _:
            state.say(
                "idempotency",
                SKIPPED,
                _("Sistem tidak bisa mengenali kiriman ulang; kiriman yang tak jelas ditangani orang"),
            )


def _asked(state: _Run, receipt: Receipt) -> None:
    found, error, took = _timed(lambda: state.adapter.reconcile(state.reference, deadline_seconds=CALL_SECONDS))
    if error is None and found is not None and found.backend_reference == receipt.backend_reference:
        unknown = f"UJI-{secrets.token_hex(6).upper()}"
        none, error, took = _timed(lambda: state.adapter.reconcile(unknown, deadline_seconds=CALL_SECONDS))
        if error is None and none is None:
            state.say("idempotency", GOOD, _("Sistem menemukan nomor kita, dan membuktikan bila tidak punya"), took)
            return
        why = sentence_of(error) if error else _("sistem mengaku punya nomor yang tidak pernah dikirim")
        state.say("idempotency", BAD, _("Pertanyaan tentang nomor yang tidak ada: %(why)s") % {"why": why}, took)
        return
    why = sentence_of(error) if error else _("nomor yang ditemukan berbeda atau tidak ada")
    state.say("idempotency", BAD, _("Pertanyaan tentang nomor yang baru dikirim: %(why)s") % {"why": why}, took)


def _status(state: _Run, receipt: Receipt) -> None:
    declared = state.adapter.setup.operations.get("status")
    if Capability.STATUS not in state.adapter.capabilities or declared is None:
        state.say("status", SKIPPED, _("Status tidak ditanyakan"))
        return
    update, error, took = _timed(
        lambda: state.adapter.fetch_status(receipt.backend_reference, deadline_seconds=CALL_SECONDS)
    )
    if error is not None:
        if error.cause == "shape":
            state.drift = _("status: %(field)s") % {"field": declared.get("status", "status")}
        state.say("status", BAD, sentence_of(error), took)
    elif not update.status:
        state.say("status", ODD, _("Kata status %(word)s belum ada di tabel") % {"word": update.word}, took)
    else:
        state.say("status", GOOD, f"{update.word} → {update.status}", took)


def _refused(state: _Run, prepared: bytes, sample: Sample) -> None:
    """A body without one thing that must be there must come back as a refusal, not as a number or a fault."""
    schema = state.spec.get("request_schema")
    path = _required_path(state, envelope.opened(prepared).body)
    if path is None:
        state.say("rejection", SKIPPED, _("Tidak ada isian wajib untuk diuji"))
        return
    sealed = orjson.loads(prepared)
    _remove(sealed["body"], path)
    broken = _outgoing(state, orjson.dumps(sealed), sample, key=f"UJI-{secrets.token_hex(6).upper()}")
    receipt, error, took = _timed(lambda: _send(state, broken))
    where = {"field": path}
    if isinstance(error, Rejected):
        named = bool(error.field_errors)
        text = _("Isian tanpa %(field)s ditolak dengan nama isiannya") if named else _("Isian tanpa %(field)s ditolak")
        state.say("rejection", GOOD if named else ODD, text % where, took)
    elif receipt is not None:
        state.say("rejection", ODD, _("Isian tanpa %(field)s diterima juga") % where, took)
    else:
        why = sentence_of(error) if error else ""
        result = BAD if schema else ODD
        state.say(
            "rejection", result, _("Isian tanpa %(field)s tidak ditolak dengan 4xx: %(why)s") % {**where, "why": why}, took
        )


def _required_path(state: _Run, body: Mapping[str, Any]) -> str | None:
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
    *folders, last = path.split(".")
    for part in folders:
        body = body[part]
    body.pop(last, None)


def _withdrawn(state: _Run, receipt: Receipt) -> None:
    """The test case is taken back, where that can be done."""
    spec = state.adapter.setup.operations.get("withdraw")
    if Capability.WITHDRAW not in state.adapter.capabilities or spec is None:
        state.say("withdraw", SKIPPED, _("Pembatalan tidak disambungkan"))
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
        state.say("withdraw", BAD, "; ".join(error.problems))
        return
    outgoing = Outgoing(state.binding.connection_id, None, act.key, "WITHDRAW", body, (), receipt.backend_reference)
    _receipt, error_, took = _timed(
        lambda: state.adapter.submit(outgoing, spec, on_mark=lambda: None, deadline_seconds=CALL_SECONDS)
    )
    state.say("withdraw", BAD if error_ else GOOD, sentence_of(error_) if error_ else _("Kiriman uji dibatalkan"), took)


def _written_down(state: _Run, sample: Sample, began: datetime) -> None:
    """Nothing that was answered may be in the record of the exchanges."""
    values = {str(value) for value in _texts(sample.answers) if len(str(value)) >= 6}
    rows = Exchange.objects.filter(connection_id=state.binding.connection_id, at__gte=began, reference__startswith="UJI-")
    kept = "\n".join(json.dumps(row.detail) for row in rows)
    leaked = any(value in kept for value in values)
    state.say(
        "redaction",
        BAD if leaked else GOOD,
        _("Isi ikut tercatat") if leaked else _("Catatan hanya memuat bentuk dan ukuran"),
    )


def _texts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
