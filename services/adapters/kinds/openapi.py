"""JSON over HTTP, its operations made from the department's own API document."""

from __future__ import annotations

from services.adapters.declared.adapter import DeclaredAdapter
from services.adapters.kinds.base import kinds


@kinds.register("openapi")
class OpenAPI(DeclaredAdapter):
    kind = "openapi"
    label = "REST dari dokumen OpenAPI"
