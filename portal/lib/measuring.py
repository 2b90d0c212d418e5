"""Counting what happens in all processes of this machine, for `/metrics` (docs/reference/metrics.md).

Without METRICS_TOKEN the figures stay in the process and cost next to nothing. With it, each process writes a file of its
own into VAR_DIR/metrics and holds a lock as long as it lives; a reading adds up all files. What a dead process counted is
moved into one file, so that sums never fall and the folder does not grow.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PAST = "past"  # the files that keep what dead processes counted
_registry = CollectorRegistry()
_lives: dict[int, tuple[str, IO[str]]] = {}  # process id -> its name and the lock it holds


def _folder() -> Path:
    return Path(settings.METRICS_FOLDER)


def _own_name() -> str:
    """The name of this process's files: new after a fork, unique over containers that share the folder."""
    known = _lives.get(os.getpid())
    if known is None:
        _folder().mkdir(parents=True, exist_ok=True)
        name = uuid.uuid4().hex
        with _locked_folder():
            lock = (_folder() / f"{name}.alive").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        known = _lives[os.getpid()] = (name, lock)
    return known[0]


def counter(name: str, text: str, labels: Iterable[str] = ()) -> Counter:
    return Counter(name, text, tuple(labels), registry=_registry)


def histogram(name: str, text: str, labels: Iterable[str] = ()) -> Histogram:
    """Of seconds."""
    return Histogram(name, text, tuple(labels), registry=_registry, buckets=SECONDS)


@contextlib.contextmanager
def counted() -> Iterator[CollectorRegistry]:
    """A registry with what all processes have counted; read it inside the block."""
    if not settings.METRICS_FOLDER:
        yield _registry
        return
    registry = CollectorRegistry()
    _folder().mkdir(parents=True, exist_ok=True)
    with _locked_folder():
        _bury_the_dead()
        MultiProcessCollector(registry, path=str(_folder()))
        yield registry


@contextlib.contextmanager
def _locked_folder() -> Iterator[None]:
    """One reader, buryer or newcomer at a time."""
    with (_folder() / "folder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bury_the_dead() -> None:
    """Move the figures of processes whose lock is free into the files of the past."""
    for sign in _folder().glob("*.alive"):
        with sign.open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            for path in _folder().glob(f"*_{sign.stem}.db"):
                _add_to_past(path)
                path.unlink()
            sign.unlink()


def _add_to_past(path: Path) -> None:
    past = MmapedDict(str(path.with_name(f"{path.name.partition('_')[0]}_{PAST}.db")))
    try:
        for key, value, _timestamp, _position in MmapedDict.read_all_values_from_file(str(path)):
            past.write_value(key, past.read_value(key)[0] + value, 0.0)
    finally:
        past.close()


if settings.METRICS_FOLDER:
    values.ValueClass = values.MultiProcessValue(_own_name)
