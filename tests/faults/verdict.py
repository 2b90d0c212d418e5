"""Judging a row of the matrix from two independent records: the portal's rows and each department's own ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Verdict:
    """What became of the submissions of one row at one class of backend. Counts of submissions, but `keyless`: requests."""

    submitted: int = 0
    effects: int = 0
    unclear: int = 0
    faults: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    keyless: int = 0
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # figures to be read; they turn nothing red

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.unsettled or self.keyless or self.remarks)

    def add(self, other: Verdict) -> None:
        for name in ("submitted", "effects", "unclear", "faults"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.keyless = max(self.keyless, other.keyless)
        for name in ("lost", "doubled", "unsettled", "remarks", "notes"):
            getattr(self, name).extend(getattr(other, name))


def judge(kind: str, references: Iterable[str], states: Mapping[str, str], ledger: Mapping[str, Any]) -> Verdict:
    """`references`: those for which a receipt was shown. `states`: delivery state by key. `ledger`: the department's own.

    Lost: no row, or sent without an effect, or a refusal nobody asked for. Doubled: more than one effect, or a second
    request to a backend that can do neither. An UNCLEAR row of such a backend is not lost: a person decides.
    """
    verdict = Verdict(keyless=ledger["keyless"])
    for reference in references:
        state, effects = states.get(reference, ""), ledger["effects"].get(reference, 0)
        verdict.submitted += 1
        verdict.effects += effects
        if effects > 1 or (kind == "none" and ledger["requests"].get(reference, 0) > 1):
            verdict.doubled.append(reference)
        match state:
            case "SENT":
                if effects == 0:
                    verdict.lost.append(reference)
            case "UNCLEAR":
                verdict.unclear += 1
                if kind != "none":
                    verdict.unsettled.append(reference)
            case "PENDING" | "SENDING":
                verdict.unsettled.append(reference)
            case _:
                verdict.lost.append(reference)
    return verdict
