"""The protocol engine: oauthlib's public classes over our own grants. Everything else knows no OAuth library.

Its four names: `check_authorization`, `redirect_with`, `answer`, `Refused`. Only what is mounted here exists: the code grant
with PKCE (S256), refresh, client credentials, revocation, introspection.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.idp.oidc.models import Client
from oauthlib.common import Request, add_params_to_uri
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.endpoints import AuthorizationEndpoint, IntrospectEndpoint, RevocationEndpoint, TokenEndpoint
from oauthlib.oauth2.rfc6749.grant_types import ClientCredentialsGrant
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid import RequestValidator
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant

from accounts.sso import clients, grants, keys
from accounts.sso.endings import used
from accounts.sso.models import Grant, GrantToken
from accounts.sso.provider import sub_of

ID_TOKEN_SECONDS = 300
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
PROMPTS = ("none", "login", "consent", "select_account")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class Refused(Exception):
    """An authorization request that is not answered with a code.

    redirect_uri: the app's registered address, which is told `code`; empty when the request cannot be trusted so far, and
    the person gets a page.
    """

    def __init__(self, code: str, text: str, *, redirect_uri: str = "", state: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.redirect_uri, self.state = code, text, redirect_uri, state


@dataclass(frozen=True)
class Asked:
    """A valid authorization request."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    nonce: str
    challenge: str
    prompt: frozenset[str]
    max_age: int | None
    acr_values: str
    id_token_hint: str


def check_authorization(uri: str, query: Mapping[str, str]) -> Asked:
    """Judge an authorization request. uri: its whole address; query: its parameters, each once. Raises Refused."""
    validator = Validator()
    try:
        scopes, found = _server(validator).validate_authorization_request(uri)
    except errors.FatalClientError as error:
        raise Refused(error.error, error.description or "") from error
    except errors.OAuth2Error as error:
        raise _told_to_the_app(validator, query, error.error, error.description or "") from error
    client: Client = found["request"].client
    redirect_uri, state = found["redirect_uri"], found["state"] or ""

    def refuse(code: str, text: str) -> Refused:
        return Refused(code, text, redirect_uri=redirect_uri, state=state)

    for name, code in (("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")):
        if name in query:
            raise refuse(code, "This provider does not read request objects.")
    if query.get("response_mode", "query") != "query":
        raise refuse("invalid_request", "The only response_mode is query.")
    max_age = query.get("max_age", "")
    if max_age and not (max_age.isascii() and max_age.isdigit() and len(max_age) <= 9):
        raise refuse("invalid_request", "max_age is a number of seconds.")
    prompt = frozenset(query.get("prompt", "").split())
    if prompt - set(PROMPTS):  # Initiating User Registration via OpenID Connect 1.0, 4.1
        raise refuse("invalid_request", "prompt: a value is not supported; prompt_values_supported names those that are.")
    if "claims" in query:
        raise refuse("invalid_request", "The claims parameter is not supported; ask by scope.")
    return Asked(
        client=client,
        redirect_uri=redirect_uri,
        scopes=tuple(dict.fromkeys(scopes)),
        state=state,
        nonce=query.get("nonce", ""),
        challenge=query["code_challenge"],
        prompt=prompt,
        max_age=int(max_age) if max_age else None,
        acr_values=query.get("acr_values", ""),
        id_token_hint=query.get("id_token_hint", ""),
    )


def _told_to_the_app(validator: Validator, query: Mapping[str, str], code: str, text: str) -> Refused:
    """Never to an address that is not the app's own, whatever the engine made of it."""
    client = clients.client_of(query.get("client_id"))
    uri = query.get("redirect_uri", "")
    if client is None or uri not in client.get_redirect_uris():
        return Refused(code, text)
    return Refused(code, text, redirect_uri=uri, state=query.get("state", ""))


def redirect_with(redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """The app's address with these parameters; empty ones are left out."""
    return str(add_params_to_uri(redirect_uri, [(name, value) for name, value in parameters.items() if value]))


def answer(
    endpoint: str, uri: str, headers: Mapping[str, str], form: Sequence[tuple[str, str]]
) -> tuple[dict[str, str], str, int]:
    """`token`, `revocation` or `introspect`: (headers, JSON, status)."""
    validator = Validator(endpoint=endpoint, address=uri)
    server = _server(validator)
    try:
        found: tuple[dict[str, str], str, int]
        found = getattr(server, f"create_{endpoint}_response")(uri, "POST", list(form), dict(headers))
    except errors.OAuth2Error as error:
        return {"Content-Type": "application/json"}, error.json, error.status_code
    return found


class _Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint, IntrospectEndpoint):
    def __init__(self, validator: Validator) -> None:
        bearer = BearerToken(
            validator,
            token_generator=_random,
            refresh_token_generator=_random,
            expires_in=int(grants.ACCESS_LIVES.total_seconds()),
        )
        code = AuthorizationCodeGrant(validator)
        kinds = {
            "authorization_code": code,
            "refresh_token": RefreshTokenGrant(validator),
            "client_credentials": ClientCredentialsGrant(validator),
        }
        AuthorizationEndpoint.__init__(self, "code", bearer, {"code": code})
        TokenEndpoint.__init__(self, "authorization_code", bearer, kinds)
        RevocationEndpoint.__init__(self, validator)
        IntrospectEndpoint.__init__(self, validator)


def _server(validator: Validator) -> _Server:
    return _Server(validator)


def _random(request: Request) -> str:
    return secrets.token_urlsafe(32)


class Validator(RequestValidator):
    """oauthlib asks, our grants and clients answer. One a request: what it learns on the way it keeps itself, because
    oauthlib's `Request` reads unknown names from the visitor's parameters."""

    def __init__(self, endpoint: str = "", address: str = "") -> None:
        super().__init__()
        self.endpoint, self.address = endpoint, address
        self.grant: Grant | None = None
        self.link: GrantToken | None = None

    # --- the app ---

    def _use(self, request: Request, client: Client | None) -> bool:
        if client is None:
            return False
        client.client_id = client.pk
        request.client, request.client_id = client, client.pk
        return True

    def validate_client_id(self, client_id: Any, request: Request, *args: Any, **kwargs: Any) -> bool:
        return self._use(request, clients.client_of(client_id))

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        proofs = ("client_secret", "client_assertion")
        if request.headers.get("Authorization") or any(_given(request, name) for name in proofs):
            return True
        return self.endpoint == "introspect" or clients.public_client(_given(request, "client_id")) is None

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        form = {
            name: _given(request, name)
            for name in ("client_id", "client_secret", "client_assertion", "client_assertion_type")
        }
        audiences = [clients.issuer(), self.address]
        return self._use(request, clients.authenticate(request.headers, form, audiences=audiences))

    def authenticate_client_id(self, client_id: Any, request: Request, *args: Any, **kwargs: Any) -> bool:
        return self._use(request, clients.public_client(client_id))

    def validate_grant_type(self, client_id: Any, grant_type: str, client: Any, request: Request, *a: Any, **k: Any) -> bool:
        return grant_type in client.get_grant_types()

    # --- authorization ---

    def validate_redirect_uri(self, client_id: Any, redirect_uri: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        return redirect_uri in request.client.get_redirect_uris()

    def get_default_redirect_uri(self, client_id: Any, request: Request, *args: Any, **kwargs: Any) -> None:
        return None

    def validate_response_type(self, client_id: Any, kind: str, client: Any, request: Request, *a: Any, **k: Any) -> bool:
        return kind == "code" and "authorization_code" in request.client.get_grant_types()

    def is_pkce_required(self, client_id: Any, request: Request) -> bool:
        """Asked at both ends. At the first, more is demanded than that there is a challenge."""
        challenge = _given(request, "code_challenge")
        if _given(request, "response_type") and challenge is not None:
            if _given(request, "code_challenge_method") != "S256":
                raise errors.InvalidRequestError("The only code_challenge_method is S256.", request=request)
            if not CHALLENGE.fullmatch(challenge):
                raise errors.InvalidRequestError("code_challenge has 43 signs of base64url.", request=request)
        return True

    def validate_scopes(self, client_id: Any, scopes: Any, client: Any, request: Request, *args: Any, **kwargs: Any) -> bool:
        machine = _given(request, "grant_type") == "client_credentials"
        allowed = set(request.client.get_scopes()) & set(clients.CLIENT_SCOPES if machine else clients.SCOPES)
        return bool(scopes) and set(scopes) <= allowed

    def get_default_scopes(self, client_id: Any, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        if _given(request, "grant_type") == "client_credentials":
            return [scope for scope in request.client.get_scopes() if scope in clients.CLIENT_SCOPES]
        return []

    def validate_user_match(self, id_token_hint: Any, scopes: Any, claims: Any, request: Request) -> bool:
        return True  # the view compares: only it knows who is here

    def validate_silent_login(self, request: Request) -> bool:
        return True  # likewise

    def validate_silent_authorization(self, request: Request) -> bool:
        return True

    # --- tokens ---

    def validate_code(self, client_id: Any, code: str, client: Any, request: Request, *args: Any, **kwargs: Any) -> bool:
        self.grant = grants.redeem_code(client, code)
        if self.grant is None:
            return False
        request.user, request.scopes = self.grant.user, self.grant.scope_list()
        verifier = _given(request, "code_verifier")
        if verifier is not None and not VERIFIER.fullmatch(verifier):
            raise errors.InvalidGrantError(request=request)
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        assert self.grant is not None
        return self.grant.challenge

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: Any, code: str, redirect_uri: str, client: Any, request: Request, *a: Any, **k: Any
    ) -> bool:
        assert self.grant is not None
        if redirect_uri != self.grant.redirect_uri:
            raise errors.InvalidGrantError("redirect_uri is not the one of the authorization.", request=request)
        return True

    def invalidate_authorization_code(self, client_id: Any, code: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """It was used up when it was validated."""

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any) -> bool:
        self.link = grants.find_refresh(client, refresh_token)
        if self.link is None:
            return False
        self.grant = self.link.grant
        request.user = self.grant.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        assert self.grant is not None
        return self.grant.scope_list()

    def rotate_refresh_token(self, request: Request) -> bool:
        return True

    def refresh_id_token(self, request: Request) -> bool:
        return True

    def save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises InvalidGrantError when somebody else used the code or the token meanwhile."""
        if self.grant is None:
            grants.add_client_token(request.client, access=token["access_token"], scopes=request.scopes)
            return
        if "refresh_token" not in request.client.get_grant_types():
            token.pop("refresh_token", None)
        if self.link is not None and not grants.spend_refresh(self.link):
            raise errors.InvalidGrantError(request=request)
        if self.link is not None:
            used(self.grant)
        refresh = token.get("refresh_token", "")
        if not grants.add_tokens(self.grant, access=token["access_token"], refresh=refresh, scopes=request.scopes):
            raise errors.InvalidGrantError(request=request)

    def get_authorization_code_nonce(self, client_id: Any, code: str, redirect_uri: str, request: Request) -> str | None:
        assert self.grant is not None
        return self.grant.nonce or None

    def get_id_token(self, token: Any, token_handler: Any, request: Request) -> None:
        return None

    def finalize_id_token(self, id_token: dict[str, Any], token: Any, token_handler: Any, request: Request) -> str:
        """`sub` and facts of the sign-in, as they were when the code was issued; never a claim about the person."""
        grant, now = self.grant, int(time.time())
        assert grant is not None
        told = {
            "iss": clients.issuer(),
            "sub": sub_of(request.client, grant.user),
            "exp": now + ID_TOKEN_SECONDS,
            "auth_time": int(grant.auth_time.timestamp()),
            "acr": grant.acr,
            "amr": grant.amr,
            "sid": grant.sid,
        }
        return keys.sign({**id_token, "aud": request.client.pk, **told})

    # --- afterwards ---

    def revoke_token(self, token: str, token_type_hint: Any, request: Request, *args: Any, **kwargs: Any) -> None:
        grants.revoke(request.client, token)

    def introspect_token(
        self, token: str, token_type_hint: Any, request: Request, *a: Any, **k: Any
    ) -> dict[str, Any] | None:
        found = grants.find_own(request.client, token)
        if found is None:
            return None
        told = {
            "iss": clients.issuer(),
            "client_id": request.client.pk,
            "scope": " ".join(found.get_scopes()),
            "token_type": "Bearer",
            "iat": int(found.created_at.timestamp()),
        }
        if found.expires_at is not None:
            told["exp"] = int(found.expires_at.timestamp())
        if found.user is not None:
            told["sub"] = sub_of(request.client, found.user)
        return told


def _given(request: Request, name: str) -> str | None:
    """A parameter as it was sent, or None; oauthlib's own attribute access raises for a name it does not know."""
    value = request._params.get(name)
    return value if isinstance(value, str) else None
