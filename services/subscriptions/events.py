"""Events as CloudEvents 1.0 in structured JSON: what happened to which case, and nobody's personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

CONTENT_TYPE = "application/cloudevents+json"


def event_of(
    *, event_id: str, event_type: str, at: datetime, data: dict[str, Any], subject: str = "", sequence: int = 0
) -> str:
    """The frozen body. `sequence` (CloudEvents extension): twelve digits or more, greater for what came later in one case."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"{settings.PUBLIC_URL}/api/v1",
        "type": event_type,
        "time": timezone.localtime(at).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    if subject:
        event |= {"subject": subject, "sequence": f"{sequence:012d}"}
    return orjson.dumps(event).decode()
