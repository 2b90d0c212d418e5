"""Is a message really from the backend, and is it a new one? Standard Webhooks (standardwebhooks.com), or what it declares.

Judged over the raw bytes, in constant time, before anything is parsed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from portal.lib.standard_webhooks import sign
from services.adapters.values import InvalidWebhook

TOLERANCE_SECONDS = 300
MOST_BYTES = 256 * 1024
_ID = re.compile(r"[\x21-\x7e]{1,100}")


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> str:
    """The event's id. Several secrets are accepted, so that one can be changed for another. Raises InvalidWebhook."""
    if len(body) > MOST_BYTES:
        raise InvalidWebhook("too_large", status=400)
    found = {name.lower(): value for name, value in headers.items()}
    event_id, stamp, given = (found.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not _ID.fullmatch(event_id) or not re.fullmatch(r"[0-9]{1,12}", stamp) or not given or len(given) > 2000:
        raise InvalidWebhook("headers")
    genuine = False
    signatures = [part.encode("utf-8", "replace") for part in given.split(" ")[:20]]
    for secret in secrets:
        try:
            expected = sign(secret, event_id, int(stamp), body).encode()
        except ValueError:
            continue
        for signature in signatures:
            genuine |= hmac.compare_digest(signature, expected)
    if not genuine:
        raise InvalidWebhook("signature")
    moment = time.time() if now is None else now
    if abs(moment - int(stamp)) > TOLERANCE_SECONDS:
        raise InvalidWebhook("too_old" if int(stamp) < moment else "too_new")
    return event_id


WEAKEST_SECRET = 16
_ALGORITHMS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


def prove(proof: Mapping[str, Any], secrets: Iterable[str], headers: Mapping[str, str], body: bytes) -> str:
    """The event's id from a proven header, or "" when it has to be read from the body. Raises InvalidWebhook.

    proof: how the backend proves itself (`ProofOptions`); nothing of the body is parsed before.
    """
    if len(body) > MOST_BYTES:
        raise InvalidWebhook("too_large", status=400)
    found = {name.lower(): value for name, value in headers.items()}
    match proof.get("scheme", "standard"):
        case "standard":
            return verify(secrets, headers, body)
        case "hmac":
            event_id = _event_id(proof, found)
            _check_hmac(proof, secrets, found, event_id, body)
            return event_id
        case "bearer":
            _check_bearer(proof, secrets, found)
            return _event_id(proof, found)
    raise InvalidWebhook("not_configured")


def _event_id(proof: Mapping[str, Any], found: Mapping[str, str]) -> str:
    name = proof.get("event_id_header")
    if not name:
        return ""
    event_id = found.get(name.lower(), "")
    if not _ID.fullmatch(event_id):
        raise InvalidWebhook("headers")
    return event_id


def _check_hmac(
    proof: Mapping[str, Any], secrets: Iterable[str], found: Mapping[str, str], event_id: str, body: bytes
) -> None:
    given, stamp = found.get(proof["header"].lower(), ""), ""
    if name := proof.get("timestamp_header"):
        stamp = found.get(name.lower(), "")
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise InvalidWebhook("headers")
    prefix = proof.get("prefix") or ""
    if not given.startswith(prefix) or not 0 < len(given) <= 300:
        raise InvalidWebhook("headers")
    parts = {"id": event_id.encode(), "timestamp": stamp.encode(), "body": body}
    signed = (proof.get("separator") or "").encode().join(parts[part] for part in proof.get("signed") or ["body"])
    hexadecimal = proof.get("encoding", "hex") == "hex"
    value = given[len(prefix) :]
    shown = (value.lower() if hexadecimal else value).encode("utf-8", "replace")
    genuine = False
    for secret in secrets:
        if len(secret.encode()) < WEAKEST_SECRET:
            continue
        digest = hmac.new(secret.encode(), signed, _ALGORITHMS[proof.get("algorithm", "sha256")]).digest()
        expected = digest.hex().encode() if hexadecimal else base64.b64encode(digest)
        genuine |= hmac.compare_digest(shown, expected)
    if not genuine:
        raise InvalidWebhook("signature")
    if stamp and abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        raise InvalidWebhook("too_old" if int(stamp) < time.time() else "too_new")


def _check_bearer(proof: Mapping[str, Any], secrets: Iterable[str], found: Mapping[str, str]) -> None:
    """`Authorization: Bearer ...`, or the bare token in a header of their own. Digests are compared, so no length leaks."""
    given = found.get((proof.get("header") or "authorization").lower(), "")
    if not proof.get("header"):
        scheme, _space, given = given.partition(" ")
        given = given if scheme.lower() == "bearer" else ""
    shown = hashlib.sha256(given.encode("utf-8", "replace")).digest()
    genuine = False
    for secret in secrets:
        if len(secret.encode()) >= WEAKEST_SECRET:
            genuine |= hmac.compare_digest(shown, hashlib.sha256(secret.encode()).digest())
    if not genuine:
        raise InvalidWebhook("signature")


def event_id_in(value: str, body: bytes) -> str:
    """The id of an event that no header names: what lies in the body, or the digest of the body when nothing is declared."""
    if value and not _ID.fullmatch(value):
        raise InvalidWebhook("event_id", status=400)
    return value or f"sha256:{hashlib.sha256(body).hexdigest()}"
