"""Names of headers that an integrator may choose."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from rest_framework import serializers

# Written by the portal itself, or about the connection and how a message is framed (RFC 9110, section 7.6.1; RFC 9112, section 6).
OURS = frozenset(
    "authorization connection content-length cookie expect host http2-settings keep-alive set-cookie te trailer "
    "transfer-encoding upgrade user-agent traceparent x-correlation-id".split()
)
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")


def header_problem(name: str) -> str | None:
    """Why this cannot be the name of a header that is sent; None when it can."""
    if not _NAME.fullmatch(name):
        return "A header's name is of letters, digits and hyphens, at most 60."
    if name.lower() in OURS or name.lower().startswith("proxy-"):
        return "The portal writes this header itself. Credentials belong into `auth`."
    return None


class HeaderField(serializers.CharField):
    """The name of one header; `but`: of the portal's own, those that this one may be."""

    def __init__(self, *, but: Collection[str] = (), **options: Any) -> None:
        super().__init__(max_length=60, **options)
        self.but = but

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name.lower() not in self.but and (wrong := header_problem(name)) is not None:
            raise serializers.ValidationError(wrong)
        return name
