"""What an adapter is given about its connection: frozen values, secrets already read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.lib.http import Answer, Request
from portal.lib.secrets import read_secret
from services.adapters.models import ApiDocument, Connection
from services.adapters.values import Misconfigured

CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")  # of a connection
_LAST_PART = re.compile(r"(?!.*_FILE$)[A-Z0-9]+(?:_[A-Z0-9]+)*")

StandIn = Callable[[Request], Answer]  # raises CallError like the transport


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
    stand_in: StandIn | None = field(default=None, repr=False)  # answers in place of the network
    watch: Callable[[str, Answer], None] | None = field(default=None, repr=False)  # sees every answer
    testing: bool = False

    def document(self, digest: str) -> Mapping[str, str]:
        """The files of an API document of this connection by name (`main` is the first). Raises Misconfigured."""
        found = ApiDocument.objects.filter(connection_id=self.connection_id, digest=digest).first()
        if found is None:
            raise Misconfigured("document", detail=f"there is no document {digest[:12]}")
        return dict(found.files)


def setup_of(connection: Connection) -> Setup:
    """Raises Misconfigured when a secret named by `env:` is not there."""
    return Setup(
        connection_id=connection.pk,
        code=connection.code,
        base_url=connection.base_url,
        idempotency=connection.idempotency,
        options=connection.options,
        secrets=plain_secrets(connection.code, connection.secrets),
        operations=live_specs(connection),
    )


def setup_for_tests(
    connection: Connection,
    stand_in: StandIn | None,
    watch: Callable[[str, Answer], None] | None = None,
    *,
    operations: Mapping[str, Mapping[str, Any]] | None = None,
) -> Setup:
    """The same for tests: the test address, or what stands in for it. Never the real one. The newest operations unless given.

    Raises Misconfigured.
    """
    if stand_in is None and not connection.test_url:
        raise Misconfigured("test_address", detail="there is no test address, and the stand-in is off")
    return Setup(
        connection_id=connection.pk,
        code=connection.code,
        idempotency=connection.idempotency,
        options=connection.options,
        operations=newest_specs(connection) if operations is None else operations,
        base_url=connection.test_url if stand_in is None else "https://stand-in.invalid",
        secrets=_stand_in_secrets(connection)
        if stand_in
        else plain_secrets(connection.code, {**connection.secrets, **connection.test_secrets}),
        stand_in=stand_in,
        watch=watch,
        testing=True,
    )


def live_specs(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Operation name -> its newest spec that is in service."""
    live = connection.operations.filter(live_at__isnull=False, retired_at=None).order_by("version")
    return {operation.name: operation.spec for operation in live}


def newest_specs(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Operation name -> its newest spec, drafts too: what tests use."""
    return {
        operation.name: operation.spec for operation in connection.operations.filter(retired_at=None).order_by("version")
    }


def _stand_in_secrets(connection: Connection) -> dict[str, Any]:
    """No real secret is needed to speak to what stands in."""
    names = ("api_key", "token", "password", "client_secret", "hmac")
    return dict.fromkeys(names, "stand-in") | {"webhook": connection.secrets.get("webhook", [])}


def environment_prefix(code: str) -> str:
    """How the names of a connection's own secrets in the environment begin: `kir-uji` -> `ADAPTER_SECRET__KIR_UJI__`.

    No code has two hyphens or an underscore, so no connection's prefix is that of another.
    """
    return f"ADAPTER_SECRET__{code.upper().replace('-', '_')}__"


def environment_name(code: str, value: str) -> str:
    """The variable that `env:...` names, or "" where it is none of this connection's own: another's secret, or another secret
    of the server, must not be sent to a backend that the integrator chooses."""
    prefix = f"env:{environment_prefix(code)}"
    if not CODE.fullmatch(code) or not value.startswith(prefix) or len(value) > 200:
        return ""
    return value.removeprefix("env:") if _LAST_PART.fullmatch(value.removeprefix(prefix)) else ""


def plain_secrets(code: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The values themselves, those of the environment read. Raises Misconfigured for a name that is not the connection's own."""
    return {
        name: [_plain(code, v) for v in value] if isinstance(value, list) else _plain(code, value)
        for name, value in stored.items()
    }


def _plain(code: str, value: str) -> str:
    if not value.startswith("env:"):
        return value
    named = environment_name(code, value)
    found = read_secret(named, default="") if named else ""
    if not found:
        raise Misconfigured("secret_missing", detail=value[:80])
    return found
