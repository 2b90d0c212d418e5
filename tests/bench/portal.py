"""Running the portal's own commands for the bench, with data of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

from tests.bench.figures import VAR, profiles
from tests.bench.processes import ROOT

PYTHON = sys.executable


def python(*arguments: str, environment: dict[str, str]) -> tuple[str, float, float]:
    """Run to the end: what it printed, CPU seconds, seconds."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [PYTHON, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, cpu, time.monotonic() - begin


def portal_environment(folder: str, **more: str) -> dict[str, str]:
    """The portal with data of its own and no demo keys of anybody else's."""
    path = VAR / folder
    path.mkdir(parents=True, exist_ok=True)
    return {
        "DJANGO_SETTINGS_MODULE": "portal.settings.dev",
        "VAR_DIR": str(path),
        "DEMO": "1",
        "LOG_LEVEL": "ERROR",
        "API_LIMIT_MINUTE": "1000000",
        "API_LIMIT_DAY": "100000000",
        "WEB_THREADS": "16",
        "DATABASE_URL": f"sqlite:///{path / 'portal.sqlite3'}",
        **more,
    }


def profile(title: str, what: str, environment: dict[str, str]) -> None:
    """A goal that is missed comes with its profile."""
    profiles[title] = python("-m", "tests.bench.inside", "profile", what, environment=environment)[0]
