"""Standard Webhooks (standardwebhooks.com): is a message really from the backend, and is it a new one?

Judged over the raw bytes, in constant time, before anything is parsed.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterable, Mapping

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
