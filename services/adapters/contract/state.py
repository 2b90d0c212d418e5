"""What the tests of one run share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.lib.http import Answer
from services.adapters import gateway
from services.adapters.documents import judging
from services.adapters.models import Binding
from services.adapters.sandbox import StandIn
from services.adapters.values import AdapterError

EXAMPLE_NIK = "3576010101900001"  # belongs to nobody
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
class Run:
    binding: Binding
    adapter: gateway.Adapter
    spec: Mapping[str, Any]
    target: str
    rows: list[Row] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    drift: str = ""
    reference: str = ""
    stand_in: StandIn | None = None
    document: Mapping[str, Any] | None = None  # a form that is not published yet, in place of the service's own

    def note(self, name: str, result: str, text: str = "", milliseconds: int = 0) -> None:
        self.rows.append(Row(name, result, text, milliseconds))


def timed(call: Callable[[], Any]) -> tuple[Any, AdapterError | None, int]:
    began = time.monotonic()
    try:
        return call(), None, round((time.monotonic() - began) * 1000)
    except AdapterError as error:
        return None, error, round((time.monotonic() - began) * 1000)


def where(wrong: list[judging.Mismatch]) -> str:
    return ", ".join(f"{one.path or '(isi)'} ({one.rule})" for one in wrong[:5])
