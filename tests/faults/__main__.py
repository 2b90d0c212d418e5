"""`make faults`: the matrix at full repetition, then a storm of random faults; result in docs/reference/faults.md.

python -m tests.faults [--times 20] [--only TEXT] [--class KIND,...] [--start TEXT] [--storm 10000] [--report FILE]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults import report
from tests.faults.rows import (
    CLASSLESS,
    LASTING,
    MODES,
    WORKER_POINTS,
    Row,
    database_connections_cut,
    postgres_killed,
    postgres_restarted,
    process_killed,
    redis_flushed,
    redis_restarted,
    rows,
)
from tests.faults.site import CLASSES, EVERY, Site
from tests.faults.verdict import Verdict

STORM = "storm of random faults"


def storm(site: Site, count: int, seed: int) -> dict[str, Verdict]:
    """`count` submissions by six clients, at departments of all classes, while something random breaks every few seconds."""
    chance = random.Random(seed)
    over = threading.Event()
    broken: list[str] = []
    kills = [process_killed(name) for name in ("worker-1", "worker-2", "web", "beat", "nginx")]
    servers = [redis_restarted, redis_flushed, postgres_restarted, postgres_killed, database_connections_cut]

    def break_things() -> None:
        while not over.wait(chance.uniform(1, 5)):
            roll = chance.random()
            if roll < 0.4:
                point, kind = chance.choice(WORKER_POINTS), chance.choice(CLASSES)
                site.arm(point, **({} if point in CLASSLESS else {"class": kind}))
                broken.append(f"killed at {point}")
            elif roll < 0.65:
                mode, kind = chance.choice(list(MODES)), chance.choice(CLASSES)
                site.tell(kind, mode=mode, seconds=5, times=chance.randint(1, 8))
                broken.append(mode)
                if mode in LASTING:
                    over.wait(3)
                    site.tell(kind, mode="normal")
            else:
                act = chance.choice(kills if roll < 0.85 else servers)
                act(site)
                broken.append(act.__name__)

    breaker = threading.Thread(target=break_things)
    breaker.start()
    per_class = {kind: count // 3 + (1 if index < count % 3 else 0) for index, kind in enumerate(CLASSES)}
    made: dict[str, list[str]] = {kind: [] for kind in CLASSES}
    work = [kind for kind, number in per_class.items() for _ in range(number)]
    chance.shuffle(work)

    def submit(numbered: tuple[int, str]) -> tuple[str, str]:
        number, kind = numbered
        return kind, site.submit(kind, file_bytes=64 * 1024 if number % 20 == 0 else 0, seconds=300)

    with ThreadPoolExecutor(6) as pool:
        for number, (kind, reference) in enumerate(pool.map(submit, enumerate(work)), 1):
            made[kind].append(reference)
            if number % 500 == 0:
                print(f"  {number} submitted, {len(broken)} faults", flush=True)
    over.set()
    breaker.join()
    site.disarm()
    for kind in CLASSES:
        site.tell(kind, mode="normal")
    site.settle([reference for references in made.values() for reference in references])
    return {kind: site.verdict(kind, made[kind], faults=len(broken), after=6) for kind in CLASSES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument(
        "--class",
        dest="classes",
        default="",
        help=f"only these of {', '.join(EVERY)}, by comma: the rows about one delivery; the report keeps the other classes",
    )
    parser.add_argument(
        "--start", default="", help="begin at the first row whose name contains this; the report keeps the others"
    )
    parser.add_argument("--storm", type=int, default=0, help="so many submissions under random faults")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--no-matrix", action="store_true")
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    classes = tuple(filter(None, asked.classes.split(",")))
    if unknown := set(classes) - set(EVERY):
        parser.error(f"there is no class {', '.join(sorted(unknown))}; there are {', '.join(EVERY)}")
    var = Path(tempfile.mkdtemp(prefix="faults-"))
    var.chmod(0o755)
    chosen = [] if asked.no_matrix else [row for row in rows() if asked.only in row.name and (row.by_class or not classes)]
    if asked.storm:
        chosen.append(Row(STORM, "nothing lost, nothing doubled", lambda site, _times: storm(site, asked.storm, asked.seed)))
    chosen = chosen[next((at for at, row in enumerate(chosen) if asked.start in row.name), 0) :]
    good = True
    with Site(var).running() as site:
        site.chosen = classes or EVERY
        for row in chosen:
            began = time.monotonic()
            verdicts = row.run(site, asked.times)
            good = _say(row.name, verdicts, time.monotonic() - began) and good
            if asked.report:
                report.write(asked.report, [*(known.name for known in rows()), STORM], row.name, row.promise, verdicts)
    if good:
        shutil.rmtree(var, ignore_errors=True)
    else:
        print(f"Logs and data of the broken run: {var}", flush=True)
    return 0 if good and chosen else 1


def _say(name: str, verdicts: dict[str, Verdict], seconds: float) -> bool:
    good = all(verdict.is_good for verdict in verdicts.values())
    print(f"{'good  ' if good else 'BROKEN'} {name} ({seconds:.0f} s)", flush=True)
    for kind, verdict in verdicts.items():
        if not verdict.is_good:
            print(f"       {kind}: {verdict}"[:1500], flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
