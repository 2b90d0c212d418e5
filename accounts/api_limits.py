"""How much a consumer of the API may ask: so many requests a minute and so many a day, told in every answer.

Headers: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers). Counted in the cache by fixed windows; while the
cache is away nothing is refused.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import APIException, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.api_tokens import consumer_of
from portal.lib import problems
from portal.lib.throttle import counted


@dataclass(frozen=True)
class Standing:
    """What is left of one window. name: of the policy; quota: requests; left: of them; seconds: until it begins anew."""

    name: str
    quota: int
    window: int
    left: int
    seconds: int


class ConsumerLimits(BaseThrottle):
    """Every window is counted; the first that is used up refuses."""

    def __init__(self) -> None:
        self.refusing: Standing | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        consumer = consumer_of(request)
        standings = [_count(consumer, *policy) for policy in settings.API_LIMITS]
        request._request.api_standings = standings  # type: ignore[attr-defined]
        self.refusing = next((standing for standing in standings if standing.left < 0), None)
        return self.refusing is None

    def wait(self) -> float | None:
        return float(self.refusing.seconds) if self.refusing else None


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """As everywhere; and who is not let in is counted, too: a stranger by address (401), a token that does not reach so far by
    its consumer (403). The framework asks for permission before it counts."""
    request = context["request"]
    refused = isinstance(error, APIException) and error.status_code in (401, 403)
    if refused and not hasattr(request._request, "api_standings"):
        for limits in (found for found in context["view"].get_throttles() if isinstance(found, ConsumerLimits)):
            if not limits.allow_request(request, context["view"]):
                error = Throttled(limits.wait())
    return problems.exception_handler(error, context)


def _count(consumer: str, name: str, quota: int, window: int) -> Standing:
    now = time.time()
    used = counted(f"api:{name}:{consumer}", seconds=window) or 1
    return Standing(name, quota, window, quota - used, max(1, int(window - now % window)))


def tell_limits(response: HttpResponse, standings: list[Standing]) -> None:
    """All policies, and of the windows the one that is nearest to its end."""
    response["RateLimit-Policy"] = ", ".join(f'"{s.name}";q={s.quota};w={s.window}' for s in standings)
    nearest = min(standings, key=lambda standing: standing.left / standing.quota)
    response["RateLimit"] = f'"{nearest.name}";r={max(0, nearest.left)};t={nearest.seconds}'
