"""Codes of an authenticator app (RFC 6238, SHA-1, 6 digits, 30 seconds), each worth one use."""

from __future__ import annotations

import base64
import hmac
import struct
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction

PERIOD = 30
DRIFT = 1  # a clock may be one period off, as RFC 6238 advises
DEMO = "demo"  # of a published seed: its codes are shown to everybody, so using one twice harms nobody


def code_at(secret: str, counter: int) -> str:
    digest = hmac.digest(base64.b32decode(secret, casefold=True), struct.pack(">Q", counter), "sha1")
    start = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def counter_now() -> int:
    return int(time.time()) // PERIOD


def matching_counter(secret: str, code: str) -> int | None:
    """The period that this is the code of, at most `DRIFT` periods away."""
    now, found = counter_now(), None
    for counter in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, counter).encode(), code.encode()):
            found = counter
    return found


@transaction.atomic
def spend(authenticator: Authenticator, code: str) -> bool:
    """Is this a code of now, and later than any that was used? The row remembers: no cache, no second process forgets."""
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    counter = matching_counter(decrypt(row.data["secret"]), code)
    if counter is None:
        return False
    if settings.DEMO and row.data.get(DEMO):
        return True
    if counter <= row.data.get("last", 0):
        return False
    row.data["last"] = counter
    row.save(update_fields=["data"])
    return True
