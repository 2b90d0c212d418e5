"""Signatures of Standard Webhooks (standardwebhooks.com), for what we receive and what we send."""

import base64
import binascii
import hashlib
import hmac


def key_of(secret: str) -> bytes:
    """The bytes of a `whsec_...` secret (base64, with or without its padding). Raises ValueError."""
    encoded = secret.removeprefix("whsec_").rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not a whsec_ secret") from error
    if len(key) < 16:
        raise ValueError("a webhook secret has at least 16 bytes")
    return key


def sign(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """One `v1,...` signature."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()
