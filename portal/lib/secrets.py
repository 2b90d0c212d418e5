"""Reading operators' secrets from the environment or from a file."""

import os
from pathlib import Path


def read_secret(name: str, *, default: str) -> str:
    """The value of NAME, or the stripped content of the file named in NAME_FILE, or `default`."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)
