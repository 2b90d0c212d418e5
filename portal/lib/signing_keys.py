"""The OIDC provider's signing keys as a JSON list of `{"pem", "issued_at", "not_before", "expires_at"}` (setting `OIDC_KEYS`).

Rotation overlaps: a new key is published a day before it signs, the old one stays readable for a day after.

`python -m portal.lib.signing_keys FILE` does the same as `manage.py oidc_keys rotate FILE`, on a machine that has no keys yet and
so cannot start the portal.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PUBLISHED_BEFORE = timedelta(days=1)
READ_AFTER = timedelta(days=1)
Key = dict[str, Any]


def new_key(now: datetime, *, begins: datetime | None = None) -> Key:
    """An RSA key of 3072 bits that signs from `begins` on (at once, unless said)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return {
        "pem": pem,
        "issued_at": (begins or now).isoformat(),
        "not_before": (begins or now).isoformat(),
        "expires_at": None,
    }


def rotated(keys: list[Key], now: datetime) -> list[Key]:
    """With a new key that begins in a day; those of today end a day after that. What has expired is dropped."""
    if not keys:
        return [new_key(now)]
    begins = now + PUBLISHED_BEFORE
    kept = [key for key in keys if not key.get("expires_at") or datetime.fromisoformat(key["expires_at"]) > now]
    ending = [{**key, "expires_at": key.get("expires_at") or (begins + READ_AFTER).isoformat()} for key in kept]
    return [*ending, new_key(now, begins=begins)]


def read(path: Path) -> list[Key]:
    """Raises OSError and ValueError."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, list) or not all(isinstance(key, dict) and key.get("pem") for key in found):
        raise ValueError("not a list of keys")
    return found


def write(path: Path, keys: list[Key]) -> None:
    """In one step, readable by its owner only."""
    _place(path, keys, os.replace)


def kept_here(path: Path) -> list[Key]:
    """The keys of a demo or a test, made at the first need. Several processes may come first together: one key wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _place(path, [new_key(datetime.now(UTC))], os.link)
    return read(path)


def elliptic_key_kept_here(path: Path) -> str:
    """An EC key (P-256, PEM) of a demo or a test, made at the first need."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        with contextlib.suppress(FileExistsError):
            _place(path, [{"pem": pem}], os.link)
    return str(read(path)[0]["pem"])


def _place(path: Path, keys: list[Key], how: Any) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(keys, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        how(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target, rotated(read(target) if target.exists() else [], datetime.now(UTC)))
    print(f"{len(read(target))} keys in {target}")
