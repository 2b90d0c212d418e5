"""The frozen body of a delivery, the same for every kind that sends JSON or XML.

An envelope: the mapped body, the parameters beside it (path, query, header), the files without their contents, and the way
back from the backend's field names to our questions. It is written in the transaction of the submission and opened while sending.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone

from services.adapters import mapping
from services.adapters.values import LaterAct, Misconfigured, Submission, SubmittedFile

PLACES = ("path", "query", "header")


@dataclass(frozen=True)
class Envelope:
    """`parameters`: place (path, query, header) -> name -> value. `fields`: their path -> our question key."""

    reference: str
    body: dict[str, Any] = field(repr=False)
    parameters: Mapping[str, Mapping[str, Any]] = field(repr=False)
    fields: Mapping[str, str]
    files: list[dict[str, Any]]


def of_submission(submission: Submission, rows: list[Any]) -> bytes:
    """The frozen body of a submission. Raises MappingError."""
    known = {
        "reference": submission.reference,
        "service": submission.service_code,
        "department": submission.department_code,
        "submitted_at": local(submission.submitted_at),
    }
    made = mapping.run(rows, submission.answers, known)
    return seal(submission.reference, made, mapping.sources_of(rows), submission.files)


def of_act(act: LaterAct, rows: list[Any]) -> bytes:
    """The frozen body of a later act. Raises MappingError."""
    known = {
        "reference": act.reference,
        "key": act.key,
        "service": act.service_code,
        "department": act.department_code,
        "text": act.text,
        "at": local(act.acted_at),
    }
    return seal(act.reference, mapping.run(rows, {}, known), {}, act.files)


def seal(reference: str, made: Mapping[str, Any], fields: Mapping[str, str], files: tuple[SubmittedFile, ...]) -> bytes:
    """`made` is what a mapping gave: `@path`, `@query` and `@header` are taken out of the body as parameters."""
    body = {name: value for name, value in made.items() if name[1:] not in PLACES or not name.startswith("@")}
    parameters = {place: made[f"@{place}"] for place in PLACES if made.get(f"@{place}")}
    sealed = {
        "v": 1,
        "reference": reference,
        "body": body,
        "fields": fields,
        "files": [
            {
                "ref": file.ref,
                "question": file.question,
                "name": file.name,
                "content_type": file.content_type,
                "size": file.size,
                "sha256": file.sha256,
            }
            for file in files
        ],
        **({"parameters": parameters} if parameters else {}),
    }
    return orjson.dumps(sealed, option=orjson.OPT_SORT_KEYS)


def opened(body: bytes) -> Envelope:
    """Raises Misconfigured for a body of another version."""
    held = orjson.loads(body)
    if not isinstance(held, dict) or held.get("v") != 1:
        raise Misconfigured("body", detail="the frozen body is of another version")
    return Envelope(held["reference"], held["body"], held.get("parameters") or {}, held["fields"], held["files"])


def contents(listed: list[dict[str, Any]], files: tuple[SubmittedFile, ...]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The files with their bytes, in the order in which they were frozen. Raises Misconfigured when one is gone or has changed."""
    held = {file.ref: file for file in files}
    for entry in listed:
        file = held.get(entry["ref"])
        content = file.read() if file is not None else b""
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise Misconfigured("file_changed", detail=f"file {entry['ref'][:32]} is not what was submitted")
        yield entry, content


def local(moment: datetime) -> str:
    """ISO 8601 in the city's own zone, so that a backend that wants only the day gets the right one."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


def text_of(value: Any) -> str:
    """A short text or whole number as text; anything else is nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def moment_of(text: str) -> datetime | None:
    """The moment a backend names, in the city's zone when it names none; None for what is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 <= moment.year <= 2100:  # a clock that far off says nothing, and some dates cannot be converted
        return None
    return moment if moment.tzinfo else timezone.make_aware(moment)
