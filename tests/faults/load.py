"""Residents who go on submitting while something is broken."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.faults.site import CLASSES, Site
from tests.faults.verdict import Verdict


@contextlib.contextmanager
def clients(site: Site) -> Iterator[dict[str, list[str]]]:
    """Three clients, one a class, submit meanwhile: the references of every receipt by class. A refusal raises at the end."""
    made: dict[str, list[str]] = {kind: [] for kind in CLASSES}
    over = threading.Event()

    def client(kind: str) -> None:
        while not over.is_set():
            made[kind].append(site.submit(kind))

    with ThreadPoolExecutor(len(CLASSES)) as pool:
        running = [pool.submit(client, kind) for kind in CLASSES]
        try:
            yield made
        finally:
            over.set()
    for one in running:
        one.result()


def under_load(break_it: Callable[[Site], None]) -> Callable[[Site, int], dict[str, Verdict]]:
    """The clients submit while `break_it` runs again and again, and on for a moment."""

    def run(site: Site, times: int) -> dict[str, Verdict]:
        rounds = max(1, times // 5)
        with clients(site) as made:
            for _ in range(rounds):
                time.sleep(1)
                break_it(site)
            time.sleep(2)
        return {kind: site.verdict(kind, made[kind], faults=rounds) for kind in CLASSES}

    return run
