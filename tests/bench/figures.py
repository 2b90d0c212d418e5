"""The figures of one run, goal by goal, and the table made of them."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.processes import CORES, ROOT

QUICK = bool(os.environ.get("QUICK"))
SECONDS = 2.0 if QUICK else 5.0
SIZES = [94, 940] if QUICK else [94, 940, 9400]
VAR = ROOT / "var" / "bench"
LOG = VAR / "log"
GZIP = {"Accept-Encoding": "gzip"}


@dataclass
class Row:
    goal: str
    what: str
    figure: str
    wanted: str = ""
    reached: bool | None = None


rows: list[Row] = []
notes: list[str] = []
loads: list[float] = []
profiles: dict[str, str] = {}


def say(goal: str, what: str, figure: str, wanted: str = "", reached: bool | None = None) -> None:
    rows.append(Row(goal, what, figure, wanted, reached))
    mark = "" if reached is None else "   reached" if reached else "   MISSED"
    print(f"{goal:4} {what}: {figure}{f'  (goal {wanted})' if wanted else ''}{mark}", flush=True)


def step(what: str) -> None:
    print(f"--- {what}", flush=True)


def report(seconds: float) -> None:
    moment = datetime.now().astimezone()
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    machine = f"{len(CORES)} cores of {model}, Python {platform.python_version()}"
    lines = [
        "# Bench",
        "",
        f"{moment:%Y-%m-%d %H:%M}, {machine}; `make bench{' QUICK=1' if QUICK else ''}` took {seconds / 60:.0f} minutes.",
        "Ratios of one run; absolute figures are of this machine. The target has one core, wrk (16 connections) the other; CPU is user",
        "and system time of the target's processes for each completed request. Pages are compared on SQLite; search, growth and load",
        "run on PostgreSQL and Redis when they are installed. The Wagtail site is of our own making, in the likeness of bakerydemo",
        "(menus, crumbs, renditions, rich text blocks, tags), with the same 94 texts; it is not bakerydemo. Services beyond the 94 are",
        "real pages of the tree, copied as rows and projected as always. "
        f"Load average before the run {loads[0]:.1f}, when the load rows began {loads[-1]:.1f}.",
        "",
        "| goal | what | figure | wanted | |",
        "|---|---|---|---|---|",
        *(
            f"| {r.goal} | {r.what} | {r.figure} | {r.wanted} | {'' if r.reached is None else 'reached' if r.reached else '**missed**'} |"
            for r in rows
        ),
        "",
        *(f"- {note}" for note in notes),
        *(["## Where the time goes in what was missed", ""] if profiles else []),
        *(f"{title}:\n\n```\n{text.rstrip()}\n```\n" for title, text in profiles.items()),
    ]
    text = "\n".join(lines).rstrip() + "\n"
    name = f"{moment:%Y-%m-%d-%H%M}{'-quick' if QUICK else ''}"
    (VAR / f"{name}.md").write_text(text)
    data = {"at": moment.isoformat(), "machine": machine, "quick": QUICK, "rows": [asdict(r) for r in rows], "notes": notes}
    (VAR / f"{name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False))
    missed = sum(r.reached is False for r in rows)
    print(f"\n{sum(r.reached is True for r in rows)} goals reached, {missed} missed. The table is in {VAR / name}.md")
