"""Signing with the provider's own keys, and reading what was signed with them (setting `OIDC_KEYS`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jwt
from allauth.core.internal.jwkkit import load_jwk_from_pem
from allauth.idp.oidc.adapter import get_adapter

ALGORITHM = "RS256"
OLDEST_HINT_SECONDS = 30 * 24 * 3600


def sign(claims: Mapping[str, Any], *, kind: str = "JWT") -> str:
    """A JWT under the newest active key. kind: its `typ`."""
    public, private = load_jwk_from_pem(get_adapter().get_signing_key().pem)
    return jwt.encode(dict(claims), private, ALGORITHM, headers={"kid": public["kid"], "typ": kind})


def read_own(token: str, *, audience: str, issuer: str) -> dict[str, Any] | None:
    """The claims of an id_token that we signed for this app in the last 30 days, expired or not; None for anything else.

    As a hint it names a session, also after its end (OpenID Connect RP-Initiated Logout 1.0, 2); it proves nobody. No session
    and no family of tokens lives longer.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "JWT":  # a logout token is no id_token
            return None
        kid = header.get("kid")
        for key in get_adapter().list_private_keys(is_active=True):
            public, private = load_jwk_from_pem(key.pem)
            if public["kid"] == kid:
                found: dict[str, Any] = jwt.decode(
                    token,
                    private.public_key(),
                    [ALGORITHM],
                    audience=audience,
                    issuer=issuer,
                    options={"verify_exp": False, "require": ["iat"]},
                )
                return found if time.time() - found["iat"] <= OLDEST_HINT_SECONDS else None
    except (jwt.PyJWTError, ValueError):
        return None
    return None
