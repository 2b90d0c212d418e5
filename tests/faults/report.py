"""The table of `docs/reference/faults.md`."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.faults.site import CLASSES
from tests.faults.verdict import Verdict

HEAD = """# Faults: what was broken, and what became of the submissions

Written by `make faults`; the last run was on {date}, {seconds:.0f} s long, each kill point {times} times a class, on the full stack
(PostgreSQL, Redis, nginx, one web process, four workers, beat) with shortened waits. Judged from two records: the portal's rows and
each department's own ledger. Classes: `key` honours our key, `lookup` can be asked, `none` can do neither.

**Lost**: a receipt was shown and the department has nothing although the portal says sent, or there is no row. **Doubled**: more than one
effect, or a second request to a `none` backend. **Keyless**: requests without our key. **Unclear**: a `none` backend did not
confirm; a person decides, nothing goes again by machine. The two rows of full disks mount a small file system and
need root. A row is good with 0 lost, 0 doubled, 0 keyless and nothing left on its way.

| fault | promise | class | faults | submitted | effects | unclear | lost | doubled | keyless | verdict |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
"""


def table_row(name: str, promise: str, kind: str, verdict: Verdict) -> str:
    remarks = "; ".join([*verdict.remarks, *([f"{len(verdict.unsettled)} still on their way"] if verdict.unsettled else [])])
    word = "good" if verdict.is_good else f"**BROKEN** {remarks}".strip()
    counts = (verdict.faults, verdict.submitted, verdict.effects, verdict.unclear, len(verdict.lost), len(verdict.doubled))
    return f"| {name} | {promise} | {kind} | {' | '.join(map(str, counts))} | {verdict.keyless} | {word} |"


def table(found: list[tuple[str, str, dict[str, Verdict]]], *, times: int, seconds: float) -> str:
    lines = [
        table_row(name, promise, kind, verdicts[kind])
        for name, promise, verdicts in found
        for kind in CLASSES
        if kind in verdicts
    ]
    return HEAD.format(date=datetime.now(UTC).date(), times=times, seconds=seconds) + "\n".join(lines) + "\n"
