"""What a call's end means for a delivery: the outcome table (docs/explanation/delivery.md) as two functions."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Never

from portal.lib import strict_json
from portal.lib.http import Answer, CallError, Cause, Sent
from services.adapters.mapping import value_at
from services.adapters.values import AdapterError, Misconfigured, Receipt, Rejected, Unavailable

LONGEST_RETRY_AFTER = 900.0
LONGEST_SENTENCE = 300
LONGEST_REFERENCE = 120


def from_call_error(error: CallError) -> AdapterError:
    """The error for a call that has no answer."""
    if error.cause in {Cause.CONFIG, Cause.FORBIDDEN_ADDRESS}:
        return Misconfigured(error.cause.value, detail=error.detail)
    return Unavailable(
        error.cause.value,
        maybe_sent=error.sent is Sent.MAYBE,
        counts=error.cause is not Cause.MARK,
        alert=error.cause is Cause.TLS,
        detail=error.detail,
    )


def retry_after(answer: Answer) -> float | None:
    """Seconds the backend asked for (a number or a date), at most 15 minutes; None when it said nothing readable."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), LONGEST_RETRY_AFTER)


def json_of(answer: Answer) -> Any:
    """The strict JSON of an answer. Raises InvalidJSON."""
    kind = answer.headers.get("content-type", "").lower()
    media, _, parameters = kind.partition(";")
    if media.strip() != "application/json" and not media.strip().endswith("+json"):
        raise strict_json.InvalidJSON("the content type is not JSON")
    if "charset=" in parameters and "utf-8" not in parameters:
        raise strict_json.InvalidJSON("the charset is not UTF-8")
    return strict_json.loads(answer.body)


def receipt_of(data: Any, path: str, *, accepted: bool = True) -> Receipt:
    """The backend's own number: a short printable text or a whole number. Raises InvalidJSON."""
    value = value_at(data, path)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_REFERENCE or not value.isprintable():
        raise strict_json.InvalidJSON("no receipt number where one was declared")
    return Receipt(value.strip(), accepted=accepted)


def judge_write(answer: Answer, operation: Mapping[str, Any], fields: Mapping[str, str]) -> Receipt:
    """The receipt of a write, or Unavailable or Rejected by the table. `fields`: their path -> our question key."""
    status = answer.status
    if status in operation["accepted"]:
        if not operation["receipt"]:  # declared: the answer carries no number
            return Receipt("")
        try:
            return receipt_of(json_of(answer), operation["receipt"])
        except strict_json.InvalidJSON as error:
            raise Unavailable("shape", maybe_sent=True, alert=True, detail=str(error)) from error
    if status < 300:
        raise Unavailable("shape", maybe_sent=True, alert=True, detail=f"status {status} is not an accepted one")
    if status < 400:
        raise Unavailable("redirect", maybe_sent=True, slow=True, alert=True, detail=f"status {status}")
    if status in {401, 403}:
        raise Unavailable("unauthorised", maybe_sent=False, slow=True, alert=True, detail=f"status {status}")
    if status == 429:
        raise Unavailable("busy", maybe_sent=False, counts=False, retry_after=retry_after(answer))
    if status == 409:
        raise Unavailable("conflict", maybe_sent=True, counts=False, retry_after=retry_after(answer))
    if status == 408 or status >= 500:
        raise Unavailable("server_error", maybe_sent=True, retry_after=retry_after(answer), detail=f"status {status}")
    _reject(answer, operation.get("rejection") or {}, fields)


def judge_read(answer: Answer) -> Any:
    """The strict JSON of a good answer to a read. Raises Unavailable for everything else: never an empty value."""
    status = answer.status
    if status in {401, 403}:
        raise Unavailable("unauthorised", maybe_sent=False, slow=True, alert=True, detail=f"status {status}")
    if status == 429:
        raise Unavailable("busy", maybe_sent=False, counts=False, retry_after=retry_after(answer))
    if status >= 500 or status == 408:
        raise Unavailable("server_error", maybe_sent=False, retry_after=retry_after(answer), detail=f"status {status}")
    try:
        return json_of(answer)
    except strict_json.InvalidJSON as error:
        raise Unavailable("shape", maybe_sent=False, alert=True, detail=f"status {status}: {error}") from error


def is_absent(answer: Answer, data: Any, declared: Mapping[str, Any] | None) -> bool:
    """Does the answer prove that the backend has nothing of the kind? Only what was declared does."""
    if not declared:
        return False
    return bool(answer.status == declared["status"] and value_at(data, declared["path"]) == declared["equals"])


def refuse(answer: Answer, declared: Mapping[str, str]) -> Never:
    """A read that the backend refuses because of what was asked. Raises Rejected with its sentence."""
    _reject(answer, declared, {})


def _reject(answer: Answer, declared: Mapping[str, str], fields: Mapping[str, str]) -> Never:
    try:
        data = json_of(answer)
    except strict_json.InvalidJSON:
        data = None
    listed = value_at(data, declared["list"]) if declared.get("list") else None
    raise rejection(f"rejected {answer.status}", listed, data, declared, fields)


def rejection(cause: str, listed: Any, data: Any, declared: Mapping[str, str], fields: Mapping[str, str]) -> Rejected:
    """A refusal with our questions named: `listed` are the backend's field errors, `data` is where its sentence lies."""
    message = sentence(value_at(data, declared["message"])) if declared.get("message") else ""
    found: dict[str, str] = {}
    unknown: list[str] = []
    for path, text in _pairs(listed, declared):
        if path in fields:
            found.setdefault(fields[path].split(".", 1)[0], text)
        elif text:
            unknown.append(text)
    message = message or (unknown[0] if unknown else "")
    return Rejected(cause, field_errors=found, message=message)


def _pairs(errors: Any, declared: Mapping[str, str]) -> list[tuple[str, str]]:
    """Field errors as [{field, text}, ...] or as {field: text or [text, ...]}."""
    pairs: list[tuple[str, str]] = []
    if isinstance(errors, list):
        for item in errors[:100]:
            if isinstance(item, dict):
                pairs.append(
                    (str(item.get(declared.get("field", "field"), "")), sentence(item.get(declared.get("text", "message"))))
                )
    elif isinstance(errors, dict):
        for path, text in list(errors.items())[:100]:
            pairs.append((path, sentence(text[0] if isinstance(text, list) and text else text)))
    return pairs


def sentence(value: Any) -> str:
    """A backend's words as plain text for people: one line, no controls or direction marks, cut. Templates escape it."""
    if not isinstance(value, str):
        return ""
    text = " ".join("".join(sign if sign.isprintable() or sign.isspace() else "" for sign in value).split())
    return text if len(text) <= LONGEST_SENTENCE else text[: LONGEST_SENTENCE - 1] + "…"
