"""What a resident does after sending: answer a question, add a file, withdraw. Each is one act, numbered and sent in order.

The body of an act is frozen when it is stored. The same request again (a double press, a repeated API call) is the same
act; a department that cannot take an act says so before anything is promised.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib.waking import wake
from services.adapters import gateway
from services.adapters.values import LaterAct, Misconfigured
from services.cases import queries, timeline
from services.cases.actions import ConflictError, KeyReusedError
from services.cases.attachments import JudgedFile, RefusedFileError, add_to_case, as_submitted, nothing_left_behind
from services.cases.constants import NEXT, Act, DeliveryState, Phase, Status
from services.cases.models import Attachment, Case, Delivery

_log = logging.getLogger(__name__)
MOST_ACTS = 100
MOST_FILES = 10
MOST_LETTERS = 2_000
_FILES_ARE = {Act.ANSWER: "jawaban", Act.ATTACHMENT: "susulan"}  # what a department reads as the files' question


class NotOfferedError(ConflictError):
    """The department's system cannot take this act; the message says what to do instead."""


def answer_question(case: Case, *, text: str, files: Sequence[JudgedFile], request_key: str) -> Delivery:
    """The resident's answer. Raises ConflictError, NotOfferedError, KeyReusedError, RefusedFileError."""
    return _do(case, Act.ANSWER, text=text, files=files, request_key=request_key)


def add_files(case: Case, *, text: str, files: Sequence[JudgedFile], request_key: str) -> Delivery:
    """Files that the resident adds. Raises ConflictError, NotOfferedError, KeyReusedError, RefusedFileError."""
    return _do(case, Act.ATTACHMENT, text=text, files=files, request_key=request_key)


def withdraw_case(case: Case, *, reason: str, request_key: str) -> Delivery:
    """The resident's wish to withdraw. A submission that never left is cancelled and the case is withdrawn at once.

    Where the department's system cannot be told, its staff find the wish in their work list.
    Raises ConflictError, KeyReusedError.
    """
    return _do(case, Act.WITHDRAW, text=reason, files=(), request_key=request_key)


def act_of(request_key: str, digest: str) -> Delivery | None:
    """The act that this key has made before. Raises KeyReusedError when it was made of something else."""
    found = Delivery.objects.filter(request_key=request_key).first()
    if found is not None and found.request_digest != digest:
        raise KeyReusedError(request_key)
    return found


def _do(case: Case, act: Act, *, text: str, files: Sequence[JudgedFile], request_key: str) -> Delivery:
    digest = _digest(case, act, text, files)
    known = act_of(request_key, digest)
    if known is not None:
        return known
    try:
        with transaction.atomic(), nothing_left_behind() as stored:
            locked = timeline.lock_case(case.pk)
            known = act_of(request_key, digest)
            if known is not None:
                return known
            _judge(locked, act, files)
            delivery = _store(locked, act, text=text, files=files, stored=stored, request=(request_key, digest))
            _log.info("act stored", extra={"delivery": delivery.key, "act": act, "files": len(files)})
    except IntegrityError:  # the same key for another case, at the same moment
        if (known := act_of(request_key, digest)) is None:
            raise
        return known
    return delivery


def _digest(case: Case, act: Act, text: str, files: Sequence[JudgedFile]) -> str:
    parts = [case.reference, act, text, [[file.name, hashlib.sha256(file.data).hexdigest()] for file in files]]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def _judge(case: Case, act: Act, files: Sequence[JudgedFile]) -> None:
    """May this be done now? Raises ConflictError, NotOfferedError, RefusedFileError."""
    if len(files) > MOST_FILES or sum(len(file.data) for file in files) > settings.CASE_ATTACHMENTS_MAX_BYTES:
        raise RefusedFileError(
            _("Paling banyak %(count)d berkas, bersama paling besar %(mb)d MB. Kirim sisanya sesudah ini")
            % {"count": MOST_FILES, "mb": settings.CASE_ATTACHMENTS_MAX_BYTES // 1024 // 1024}
        )
    if case.phase == Phase.CLOSED:
        raise ConflictError(
            _("Permohonan ini sudah ditutup: %(word)s. Tidak ada lagi yang bisa dikirim.")
            % {"word": case.get_status_display()}
        )
    if case.deliveries.count() >= MOST_ACTS:
        raise ConflictError(_("Terlalu banyak kiriman untuk satu permohonan. Hubungi dinas langsung."))
    if act == Act.ANSWER:
        _judge_answer(case)
    elif queries.open_withdrawal(case) is not None:
        raise _withdrawn_already()
    if act != Act.WITHDRAW and not gateway.can(queries.backend_of(case), act):
        raise NotOfferedError(
            _("Sistem %(name)s belum bisa menerima ini lewat portal. Hubungi %(name)s dan sebutkan nomor %(reference)s.")
            % {"name": case.department.short_name, "reference": case.reference}
        )
    if act == Act.WITHDRAW and Status.WITHDRAWN not in NEXT[case.status]:
        raise ConflictError(_("Permohonan ini tidak bisa dibatalkan lagi."))


def _withdrawn_already() -> ConflictError:
    return ConflictError(_("Anda sudah meminta pembatalan. Tunggu jawaban dinas."))


def _judge_answer(case: Case) -> None:
    if case.status != Status.WAITING_FOR_RESIDENT:
        raise ConflictError(_("Permohonan ini tidak sedang menunggu jawaban Anda."))
    wish = queries.open_withdrawal(case)
    if wish is not None and not queries.asked_since(case, wish):
        raise _withdrawn_already()
    if queries.answer_on_its_way(case) is not None:
        raise ConflictError(_("Jawaban Anda sudah kami terima dan sedang diteruskan ke dinas."))


def _store(
    case: Case,
    act: Act,
    *,
    text: str,
    files: Sequence[JudgedFile],
    stored: list[str],
    request: tuple[str, str],
) -> Delivery:
    _supersede_rejected(case, act)
    number = case.deliveries.order_by("-number").values_list("number", flat=True)[0] + 1
    key, now = f"{case.reference}.{number}", timezone.now()
    added = []
    for file in files:
        assert case.resident is not None, "only a resident adds files"
        added.append(add_to_case(case, case.resident, _FILES_ARE[act], file))
        stored.append(added[-1].ref)
    backend = queries.backend_of(case)
    delivery = Delivery(
        case=case,
        number=number,
        act=act,
        key=key,
        connection=backend,
        body=b"{}",
        idempotency=backend.idempotency,
        correlation_id=case.correlation_id,
        created_at=now,
        next_try=now,
    )
    delivery.request_key, delivery.request_digest = request
    cancelled = act == Act.WITHDRAW and _cancel_unsent_submission(case)
    if cancelled:
        delivery.state = DeliveryState.CANCELLED
    elif gateway.can(backend, act):
        _freeze(delivery, text, added)
    else:
        delivery.state, delivery.last_error = DeliveryState.NEEDS_ATTENTION, f"no operation {act.lower()}"
    delivery.save()
    Attachment.objects.filter(pk__in=[attachment.pk for attachment in added]).update(delivery=delivery)
    timeline.record_act(case, delivery, text)
    if cancelled:
        timeline.set_status(case, Status.WITHDRAWN, actor="resident", key=f"{key}:withdrawn")
    elif act == Act.ANSWER and gateway.works_here(backend):
        timeline.set_status(case, Status.RECEIVED, actor="resident", key=f"{key}:received")
    if delivery.state == DeliveryState.PENDING:
        transaction.on_commit(lambda: wake("services.cases.tasks.deliver_case", delivery.pk))
    return delivery


def _freeze(delivery: Delivery, text: str, added: Sequence[Attachment]) -> None:
    case = delivery.case
    later = LaterAct(
        act=delivery.act,
        reference=case.reference,
        key=delivery.key,
        service_code=case.service.code if case.service else "",
        department_code=case.department.code,
        acted_at=delivery.created_at,
        text=text,
        files=tuple(as_submitted(attachment) for attachment in added),
    )
    try:
        prepared = gateway.prepare_act(delivery.connection, later)
    except Misconfigured as error:
        _log.error("act cannot be prepared", extra={"delivery": delivery.key, "cause": error.cause, "detail": error.detail})
        raise NotOfferedError(_("Ini sedang tidak bisa dikirim. Coba lagi nanti atau hubungi dinas.")) from error
    delivery.operation_id, delivery.body = prepared.operation_id, prepared.body
    delivery.idempotency = prepared.idempotency


def _cancel_unsent_submission(case: Case) -> bool:
    """Cancel a submission of which no byte ever left, or which the department refused; never one that is being sent."""
    first = Delivery.objects.filter(case=case, number=0)
    states = (DeliveryState.PENDING, DeliveryState.NEEDS_ATTENTION)
    unsent = first.filter(state__in=states, offered_at=None) | first.filter(state=DeliveryState.NEEDS_ATTENTION).exclude(
        problem={}
    )
    return bool(unsent.update(state=DeliveryState.CANCELLED))


def _supersede_rejected(case: Case, act: Act) -> None:
    """A corrected answer or file is a new act with a new key; the one that was refused is not sent again."""
    if act != Act.WITHDRAW:
        refused = Delivery.objects.filter(case=case, number__gt=0, state=DeliveryState.NEEDS_ATTENTION).exclude(problem={})
        refused.update(state=DeliveryState.CANCELLED)
