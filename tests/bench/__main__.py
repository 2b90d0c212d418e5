"""`make bench`: ratios of one run on this machine, goal by goal; nothing here is a test and nothing asserts a time."""

from __future__ import annotations

import os
import shutil
import time

from tests.bench.figures import LOG, VAR, loads, report
from tests.bench.gateway import gateway
from tests.bench.growth import full
from tests.bench.pages import enumeration, make_sites, pages, starts
from tests.bench.processes import missing_programs


def main() -> None:
    if missing := missing_programs():
        raise SystemExit(f"Not installed: {', '.join(missing)}. On Debian: apt-get install wrk util-linux nginx-light")
    begin = time.monotonic()
    only = os.environ.get("ONLY", "pages,gateway,full").split(",")
    for folder in [
        *(("portal", "likeness", "nginx", "floors") if "pages" in only else ()),
        *(("full",) if "full" in only else ()),
    ]:
        shutil.rmtree(VAR / folder, ignore_errors=True)
    (VAR / "floors").mkdir(parents=True, exist_ok=True)
    LOG.mkdir(parents=True, exist_ok=True)
    loads.append(os.getloadavg()[0])
    if "pages" in only:
        ours, theirs = make_sites()
        starts(ours, theirs)
        pages(ours, theirs)
        enumeration(ours)
    if "gateway" in only:
        gateway()
    if "full" in only:
        full()
    report(time.monotonic() - begin)


if __name__ == "__main__":
    main()
