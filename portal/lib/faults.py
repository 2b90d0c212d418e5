"""Named fault points for the kill tests: a no-op unless `settings.FAULT_FILE` names a file.

The file holds one JSON object: {"point": ..., "class": ... (optional), "action": "kill"|"stop"|"raise"|"sleep",
"seconds": ...}. It is consumed by `unlink`, so exactly one process takes it; the hit is written and fsynced to
FILE.hit before the action.
"""

import json
import os
import signal
import time

from django.conf import settings


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
        case _:
            raise InjectedFault(point)
