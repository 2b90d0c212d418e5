"""What a call proves who we are with: headers, a key in the query, a signature, a client certificate. docs/how-to/authenticate.md"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

from portal.lib.http import Answer, Identity
from services.adapters import oauth
from services.adapters.setup import Setup
from services.adapters.values import Misconfigured


def secret_of(setup: Setup, name: str) -> str:
    """The newest of this name. Raises Misconfigured."""
    value = setup.secrets.get(name)
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, str) or not value:
        raise Misconfigured("secret_missing", detail=name)
    return value


def with_old_secrets(setup: Setup) -> Setup | None:
    """The same with the secrets before the newest, for while the backend does not know the new ones yet; None: there are none."""
    old = {name: value[1] for name, value in setup.secrets.items() if isinstance(value, list) and len(value) > 1}
    old.pop("webhook", None)
    return replace(setup, secrets={**setup.secrets, **old}) if old else None


def auth_of(setup: Setup) -> Mapping[str, Any]:
    auth: Mapping[str, Any] = setup.options.get("auth") or {}
    return auth


def identity_of(setup: Setup) -> Identity | None:
    """The client certificate of a connection with mutual TLS. Raises Misconfigured."""
    if not auth_of(setup).get("mutual_tls"):
        return None
    return Identity(secret_of(setup, "certificate").encode(), secret_of(setup, "certificate_key").encode())


def headers_of(setup: Setup, ask_token: Callable[[], Answer]) -> dict[str, str]:
    """Raises Misconfigured; Unavailable when a token cannot be had."""
    auth = auth_of(setup)
    match auth.get("type", "none"):
        case "none":
            return {}
        case "api_key":
            return {} if auth.get("query") else {auth.get("header") or "X-API-Key": secret_of(setup, "api_key")}
        case "bearer":
            return {"Authorization": f"Bearer {secret_of(setup, 'token')}"}
        case "basic":
            return {"Authorization": _basic(f"{auth.get('username', '')}:{secret_of(setup, 'password')}")}
        case "oauth2":
            return {"Authorization": f"Bearer {oauth.token_of(setup, ask_token)}"}
        case other:
            raise Misconfigured("auth", detail=f"unknown kind of credentials {str(other)[:40]!r}")


def query_of(setup: Setup) -> list[tuple[str, str]]:
    """A key that the backend wants in the address. Raises Misconfigured."""
    auth = auth_of(setup)
    if auth.get("type") != "api_key" or not auth.get("query"):
        return []
    return [(auth["query"], secret_of(setup, "api_key"))]


def token_request(setup: Setup) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of OAuth client credentials.

    With mutual TLS and without a `client_secret` the certificate alone proves who asks (RFC 8705). Raises Misconfigured.
    """
    auth = auth_of(setup)
    form = {"grant_type": "client_credentials", **({"scope": auth["scope"]} if auth.get("scope") else {})}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    client_id = auth.get("client_id", "")
    if auth.get("mutual_tls") and not setup.secrets.get("client_secret"):
        form["client_id"] = client_id
    else:
        secret = secret_of(setup, "client_secret")
        headers["Authorization"] = _basic(f"{quote(client_id, safe='')}:{quote(secret, safe='')}")
    return auth.get("token_path") or "/oauth/token", headers, urlencode(form).encode()


def _basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def signature_headers(setup: Setup, method: str, target: str, body: bytes) -> dict[str, str]:
    """The signature of one request and what it names: its time and the digest of its body.

    target: path and query as they are sent. Raises Misconfigured.
    """
    declared: Mapping[str, Any] = auth_of(setup).get("sign") or {}
    if not declared:
        return {}
    algorithm = declared.get("algorithm") or "sha256"
    written = _base64 if declared.get("encoding") == "base64" else bytes.hex
    moment = _moment(declared.get("date_format") or "http")
    digest = written(hashlib.new(algorithm, body).digest())
    known = {
        "method": method.encode(),
        "path": target.encode(),
        "date": moment.encode(),
        "digest": digest.encode(),
        "body": body,
    }
    parts = declared.get("signed") or SIGNED
    text = (declared.get("separator") or "\n").encode().join(known[name] for name in parts)
    made = hmac.new(secret_of(setup, "hmac").encode(), text, algorithm).digest()
    headers = {declared["header"]: (declared.get("prefix") or "") + written(made)}
    if "date" in parts:
        headers[declared.get("date_header") or "Date"] = moment
    if declared.get("digest_header"):
        headers[declared["digest_header"]] = (declared.get("digest_prefix") or "") + digest
    return headers


SIGNED = ("method", "path", "date", "digest")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _moment(how: str) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    match how:
        case "seconds":
            return str(int(now.timestamp()))
        case "iso":
            return now.isoformat().replace("+00:00", "Z")
        case _:
            return format_datetime(now, usegmt=True)
