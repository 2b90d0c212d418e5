"""What goes down to an adapter and comes back: frozen values and three errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Capability(StrEnum):
    SUBMIT = "SUBMIT"
    STATUS = "STATUS"
    ANSWER = "ANSWER"
    WITHDRAW = "WITHDRAW"
    ATTACHMENTS = "ATTACHMENTS"
    WEBHOOK = "WEBHOOK"
    LOOKUP = "LOOKUP"
    RECONCILE = "RECONCILE"


@dataclass(frozen=True)
class SubmittedFile:
    """A resident's file. `read` decrypts and returns the bytes; it is called only while sending."""

    ref: str
    question: str
    name: str
    content_type: str
    size: int
    sha256: str
    read: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Submission:
    """One case as a department may see it: effective answers only."""

    reference: str
    service_code: str
    department_code: str
    submitted_at: datetime
    answers: dict[str, Any] = field(repr=False)
    files: tuple[SubmittedFile, ...] = ()


@dataclass(frozen=True)
class LaterAct:
    """What a resident adds to a case that was submitted before: an answer, a file, the wish to withdraw.

    `act` is the Capability that it needs, `key` the reference of the case with the number of the act (`reference.n`).
    """

    act: str
    reference: str
    key: str
    service_code: str
    department_code: str
    acted_at: datetime
    text: str = field(repr=False)
    files: tuple[SubmittedFile, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """What is frozen in the outbox row: which connection and operation, and the body without file contents."""

    connection_id: int
    operation_id: int | None
    idempotency: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """One attempt at a prepared delivery. `key` is what the backend gets as Idempotency-Key.

    `backend_reference`: the department's number of the case, known once its submission has arrived.
    """

    connection_id: int
    operation_id: int | None
    key: str
    act: str
    body: bytes = field(repr=False)
    files: tuple[SubmittedFile, ...] = ()
    backend_reference: str = ""


@dataclass(frozen=True)
class StatusUpdate:
    """What a backend says about a case. `status` is ours after mapping, or "" for a word nobody has mapped."""

    reference: str
    word: str
    status: str
    backend_reference: str = ""
    message: str = ""
    version: str = ""
    event_id: str = ""
    at: datetime | None = None
    results: Mapping[str, str] = field(default_factory=dict)  # what it names besides, such as the number of a certificate


@dataclass(frozen=True)
class Receipt:
    """The backend has it. `accepted` is the department's own receipt (an inbox has none until a clerk acts).

    `status`: where the case stands now (ours after mapping), when the answer says so.
    """

    backend_reference: str
    accepted: bool = True
    status: str = ""


@dataclass(frozen=True)
class Health:
    configured: bool
    reachable: bool
    authorised: bool
    milliseconds: int = 0
    cause: str = ""
    detail: str = field(default="", compare=False)  # for people


class AdapterError(Exception):
    """Base of the three. `cause` is a short word for staff; no text of the backend is in it."""

    def __init__(self, cause: str, *, detail: str = "") -> None:
        super().__init__(f"{cause}{': ' + detail if detail else ''}")
        self.cause = cause
        self.detail = detail


class Unavailable(AdapterError):
    """Try again.

    `maybe_sent`: at least one byte may have left, so the effect is uncertain (the unclear rule applies).
    `retry_after`: seconds the backend asked for. `counts`: a failure for the circuit breaker. `alert`: tell the operator.
    """

    def __init__(
        self,
        cause: str,
        *,
        maybe_sent: bool,
        retry_after: float | None = None,
        counts: bool = True,
        slow: bool = False,
        alert: bool = False,
        detail: str = "",
    ) -> None:
        super().__init__(cause, detail=detail)
        self.maybe_sent = maybe_sent
        self.retry_after = retry_after
        self.counts = counts
        self.slow = slow  # retry at the longest wait
        self.alert = alert


class Rejected(AdapterError):
    """Never again with this content; `field_errors` maps our form keys to the department's sentences."""

    def __init__(self, cause: str, *, field_errors: dict[str, str] | None = None, message: str = "") -> None:
        super().__init__(cause, detail="")
        self.field_errors = field_errors or {}
        self.message = message


class Misconfigured(AdapterError):
    """Nothing was sent and nothing will work until the operator changes something."""


class InvalidWebhook(AdapterError):
    """Not them, too old, or not readable. `status` is what the door answers (401 or 400)."""

    def __init__(self, cause: str, *, status: int = 401) -> None:
        super().__init__(cause)
        self.status = status
