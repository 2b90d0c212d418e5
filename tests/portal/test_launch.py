"""`make run` says what is wrong instead of starting half a portal."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path


def launch(var: Path, port: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEMO": "1", "VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "portal.settings.dev"}
    command = [sys.executable, "manage.py", "launch", "--port", str(port)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = launch(tmp_path, port)
    assert answer.returncode == 1
    assert f"Port {port} is taken" in answer.stderr and "make run" in answer.stderr
    assert not (tmp_path / "portal.sqlite3").exists(), "nothing was touched"
