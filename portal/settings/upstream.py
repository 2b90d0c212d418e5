"""How allauth wants to be told of the national identity provider."""

from typing import Any


def upstream(
    issuer: str, name: str, client_id: str, secret: str, *, scopes: list[str] | None = None, acr: list[str] | None = None
) -> dict[str, Any]:
    app = {
        "provider_id": "nasional",
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {
            "server_url": issuer,
            "token_auth_method": "client_secret_post",
            "scope": scopes or ["openid", "profile", "nik"],
            "auth_params": {"acr_values": " ".join(acr)} if acr else {},
        },
    }
    return {"openid_connect": {"provider_class": "accounts.sso.national.NationalProvider", "APPS": [app]}}
