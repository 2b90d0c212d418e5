"""What the end of a SOAP call means for a delivery: the outcome table (docs/explanation/delivery.md) for envelopes and faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Never

from portal.lib.http import Answer
from services.adapters import outcomes
from services.adapters.documents.wsdl import Call, Description
from services.adapters.mapping import value_at
from services.adapters.soap.messages import Fault, WrongAnswer, opened
from services.adapters.values import Rejected, Unavailable


def opened_write(
    found: Description, call: Call, answer: Answer, declared: Mapping[str, Any], fields: Mapping[str, str]
) -> Any:
    """What a good answer to a write says. Raises Unavailable or Rejected: whatever is not clearly a no may have had its effect."""
    _refuse_by_status(answer, write=True)
    outcome = _opened(found, call, answer, write=True)
    if isinstance(outcome, Fault):
        if outcome.kind == "client" or (outcome.name and outcome.name in (declared.get("refusals") or [])):
            raise rejected(outcome.code or "Client", _named(outcome), declared, fields)
        _raise(outcome, answer, write=True)
    good = declared.get("good")
    if good and value_at(outcome, good["path"]) not in good["equals"]:
        if value_at(outcome, good["path"]) in (good.get("refused") or []):
            raise rejected("answer", outcome, declared, fields)
        raise Unavailable("server_error", maybe_sent=True, detail="the answer says neither yes nor no")
    return outcome


def opened_read(found: Description, call: Call, answer: Answer, declared: Mapping[str, Any]) -> Any:
    """What the answer to a read says; None for a proven "there is none". Raises Unavailable for everything else."""
    _refuse_by_status(answer, write=False)
    outcome = _opened(found, call, answer, write=False)
    absent: Mapping[str, Any] = declared.get("absent") or {}
    if isinstance(outcome, Fault):
        if absent.get("fault") and absent["fault"] == outcome.name:
            return None
        _raise(outcome, answer, write=False)
    if "path" in absent and value_at(outcome, absent["path"]) == absent.get("equals"):
        return None
    good = declared.get("good")
    if good and value_at(outcome, good["path"]) not in good["equals"]:
        raise Unavailable("server_error", maybe_sent=False, detail="the answer says that it is no good")
    return outcome


def _refuse_by_status(answer: Answer, *, write: bool) -> None:
    """Statuses that speak for themselves, before a byte of the body is looked at."""
    status = answer.status
    if 300 <= status < 400:
        raise Unavailable("redirect", maybe_sent=write, slow=True, alert=True, detail=f"status {status}")
    if status in {401, 403}:
        raise Unavailable("unauthorised", maybe_sent=False, slow=True, alert=True, detail=f"status {status}")
    if status == 429:
        raise Unavailable("busy", maybe_sent=False, counts=False, retry_after=outcomes.retry_after(answer))
    if status == 409:
        raise Unavailable("conflict", maybe_sent=write, counts=False, retry_after=outcomes.retry_after(answer))
    if status in {404, 405, 415}:
        raise Unavailable("address", maybe_sent=False, slow=True, alert=True, detail=f"status {status}")
    if status == 408 or status > 500:
        wait = outcomes.retry_after(answer)
        raise Unavailable("server_error", maybe_sent=write, retry_after=wait, detail=f"status {status}")


def _opened(found: Description, call: Call, answer: Answer, *, write: bool) -> Any:
    status = answer.status
    try:
        outcome = opened(found, call, answer.body, answer.headers.get("content-type", ""))
    except WrongAnswer as error:
        if status >= 400:
            cause = "server_error" if status >= 500 else "shape"
            raise Unavailable(cause, maybe_sent=write, alert=status < 500, detail=f"status {status}: {error}") from error
        raise Unavailable("shape", maybe_sent=write, alert=True, detail=f"status {status}: {error}") from error
    if not isinstance(outcome, Fault) and status not in {200, 201, 202}:
        raise Unavailable("shape", maybe_sent=write, alert=True, detail=f"status {status} with an answer in it")
    return outcome


def _raise(fault: Fault, answer: Answer, *, write: bool) -> Never:
    """A fault that is no verdict on what was sent. Its text is the backend's and may quote a resident: it is not kept."""
    code = f"fault {fault.code or '?'}{' ' + fault.name if fault.name else ''}"
    match fault.kind:
        case "security":
            raise Unavailable("unauthorised", maybe_sent=False, slow=True, alert=True, detail=code)
        case "understanding":
            raise Unavailable("shape", maybe_sent=False, slow=True, alert=True, detail=code)
        case "client":  # our question was wrong, which it will be the next time
            raise Unavailable("shape", maybe_sent=False, slow=True, alert=True, detail=code)
    raise Unavailable("server_error", maybe_sent=write, retry_after=outcomes.retry_after(answer), detail=code)


def _named(fault: Fault) -> Any:
    """What the paths of `rejection` lead into: the fault's own element, and `faultstring` beside it for who declares that."""
    inside = fault.detail if isinstance(fault.detail, dict) else {}
    return {"faultstring": fault.text, **inside}


def rejected(code: str, data: Any, declared: Mapping[str, Any], fields: Mapping[str, str]) -> Rejected:
    """The refusal with our questions named, as far as the operation says where to look."""
    where: Mapping[str, str] = declared.get("rejection") or {}
    listed = value_at(data, where["list"]) if where.get("list") else None
    if isinstance(listed, dict) and where.get("field") in listed:  # one alone, in a detail that no schema describes
        listed = [listed]
    return outcomes.rejection(f"rejected {code}"[:60], listed, data, where, fields)
