"""JSON over HTTP, its operations written by hand."""

from __future__ import annotations

from services.adapters.declared.adapter import DeclaredAdapter
from services.adapters.kinds.base import kinds


@kinds.register("rest")
class Rest(DeclaredAdapter):
    kind = "rest"
    label = "REST (JSON)"
