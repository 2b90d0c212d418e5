"""What an adapter is given about its connection: frozen values, secrets already read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.lib.secrets import read_secret
from services.adapters.models import ApiDocument, Connection, Operation
from services.adapters.values import Misconfigured

# An integrator may name only variables that were made for this: no other secret of the server can be sent to a backend.
_ENVIRONMENT = re.compile(r"env:(ADAPTER_SECRET_[A-Z0-9_]{1,60})")


@dataclass(frozen=True)
class Setup:
    """`operations`: name -> the newest spec. `secrets`: plain values, never printed."""

    connection_id: int
    code: str
    base_url: str
    idempotency: str
    options: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(repr=False)
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def document(self, digest: str) -> Mapping[str, str]:
        """The files of an API document of this connection by name (`main` is the first). Raises Misconfigured."""
        found = ApiDocument.objects.filter(connection_id=self.connection_id, digest=digest).first()
        if found is None:
            raise Misconfigured("document", detail=f"there is no document {digest[:12]}")
        return dict(found.files)


def setup_of(connection: Connection) -> Setup:
    """Raises Misconfigured when a secret named by `env:` is not there."""
    operations: dict[str, Mapping[str, Any]] = {}
    for operation in Operation.objects.filter(connection=connection).order_by("version"):
        operations[operation.name] = operation.spec
    return Setup(
        connection_id=connection.pk,
        code=connection.code,
        base_url=connection.base_url,
        idempotency=connection.idempotency,
        options=connection.options,
        secrets=plain_secrets(connection.secrets),
        operations=operations,
    )


def plain_secrets(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [_plain(v) for v in value] if isinstance(value, list) else _plain(value) for name, value in stored.items()}


def _plain(value: str) -> str:
    if not value.startswith("env:"):
        return value
    named = _ENVIRONMENT.fullmatch(value)
    found = read_secret(named.group(1), default="") if named else ""
    if not found:
        raise Misconfigured("secret_missing", detail=value[:80])
    return found
