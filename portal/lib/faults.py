"""Named fault points for the kill tests: a no-op unless `settings.FAULT_FILE` names a file.

The file holds one JSON object: {"point": ..., "class": ... (optional), "action": "kill"|"stop"|"raise"|"sleep"|"full",
"seconds": ...}. It is consumed by `unlink`, so exactly one process takes it; the hit is written and fsynced to
FILE.hit before the action.
"""

import errno
import json
import os
import signal
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone


class InjectedFault(RuntimeError):
    """Raised by the action "raise"."""


def reach(point: str, kind: str = "") -> None:
    """Say that this process has reached `point` (for a delivery of idempotency class `kind`)."""
    path: str = settings.FAULT_FILE
    if not path:
        return
    try:
        with open(path, encoding="utf-8") as file:
            wanted = json.load(file)
        if wanted["point"] != point or wanted.get("class", kind) != kind:
            return
        os.unlink(path)
    except (FileNotFoundError, ValueError):
        return
    descriptor = os.open(path + ".hit", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{point} {kind} {os.getpid()}\n".encode())
    os.fsync(descriptor)
    os.close(descriptor)
    match wanted["action"]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            time.sleep(float(wanted.get("seconds", 1)))
        case "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case _:
            raise InjectedFault(point)


def shift_clock() -> None:
    """In a process named by FAULT_CLOCK, `timezone.now` is off by the seconds in FAULT_FILE.clock while that file is there."""
    if not (settings.FAULT_FILE and settings.FAULT_CLOCK):
        return
    true_now, offset = timezone.now, Path(settings.FAULT_FILE + ".clock")

    def now() -> datetime:
        try:
            return true_now() + timedelta(seconds=float(offset.read_text(encoding="ascii")))
        except (FileNotFoundError, ValueError):
            return true_now()

    timezone.now = now
