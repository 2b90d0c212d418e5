"""The table of `docs/reference/faults.md`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.faults.verdict import Verdict

KINDS = ("key", "lookup", "none", "key-openapi", "key-soap")  # in the order of the table

HEAD = """# Faults: what was broken, and what became of the submissions

Written by `make faults`, row by row: each row says when it was run and how often its fault happened. On the full stack (PostgreSQL,
Redis, nginx, one web process, four workers, beat) with shortened waits. Judged from two records: the portal's rows and each
department's own ledger. Classes: `key` honours our key, `lookup` can be asked, `none` can do neither; these three by `rest`. Rows about one
delivery also run over the other kinds that have a network: `key-openapi` and `key-soap`. `inbox` has none; `email` is a mail server's
and is tested in `tests/services/adapters/kinds/test_email.py`.

**Lost**: a receipt was shown and the department has nothing although the portal says sent, or there is no row. **Doubled**: more than one
effect, or a second request to a `none` backend. **Keyless**: requests without our key. **Unclear**: a `none` backend did not
confirm; a person decides, nothing goes again by machine. The two rows of full disks mount a small file system and
need root. A row is good with 0 lost, 0 doubled, 0 keyless and nothing left on its way.

| fault | promise | class | date | faults | submitted | effects | unclear | lost | doubled | keyless | verdict |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
"""


def table_row(name: str, promise: str, kind: str, verdict: Verdict) -> str:
    remarks = "; ".join([*verdict.remarks, *([f"{len(verdict.unsettled)} still on their way"] if verdict.unsettled else [])])
    word = "; ".join(["good" if verdict.is_good else f"**BROKEN** {remarks}".strip(), *verdict.notes])
    counts = (verdict.faults, verdict.submitted, verdict.effects, verdict.unclear, len(verdict.lost), len(verdict.doubled))
    words = (name, promise, kind, str(datetime.now(UTC).date()), *map(str, counts), str(verdict.keyless), word)
    return f"| {' | '.join(words)} |"


def class_of(line: str) -> str:
    return line.split(" | ")[2].strip()


def write(path: Path, order: list[str], name: str, promise: str, verdicts: dict[str, Verdict]) -> None:
    """Put a row, one line a class, in the place of the one of that name and class; `order`: all names, others are dropped."""
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| ")] if path.exists() else []
    lines = {wanted: [line for line in kept if line.startswith(f"| {wanted} |")] for wanted in order}
    others = [line for line in lines[name] if class_of(line) not in verdicts]
    lines[name] = [*others, *(table_row(name, promise, kind, verdict) for kind, verdict in verdicts.items())]
    lines[name].sort(key=lambda line: KINDS.index(class_of(line)) if class_of(line) in KINDS else len(KINDS))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "\n".join(line for found in lines.values() for line in found) + "\n", encoding="utf-8")
