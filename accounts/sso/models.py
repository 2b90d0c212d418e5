"""What the portal remembers as the city's OIDC provider. Clients and tokens themselves are allauth's `Client` and `Token`.

A `Grant` is one authorization of a person for an app, and the family of everything that was issued from it: the code, each
access and refresh token, the sign-on session. Codes, refresh tokens and assertions are kept as digests after their use: that
memory is how a second use is noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.crypto import EncryptedTextField

if TYPE_CHECKING:
    from allauth.idp.oidc.models import Client, Token

    from accounts.models import User

CLIENT = "allauth_idp_oidc.Client"
TOKEN = "allauth_idp_oidc.Token"  # noqa: S105  (the name of a model)


class ClientProfile(models.Model):
    """What we ask of an app beyond allauth's `Client`: who stands behind it, why, and how sure it must be of a person."""

    client = models.OneToOneField(CLIENT, on_delete=models.CASCADE, primary_key=True, related_name="profile")
    department = models.CharField(_("Dinas"), max_length=60, blank=True)  # code; empty: the city's own
    purpose = models.CharField(_("Untuk apa data dipakai"), max_length=200)
    purpose_en = models.CharField(_("Untuk apa data dipakai (Inggris)"), max_length=200, blank=True)
    is_approved = models.BooleanField(_("Disetujui operator"), default=False)
    sector = models.CharField(max_length=200)  # apps of one sector see the same `sub`
    min_level = models.PositiveSmallIntegerField(default=1)
    jwks = models.JSONField(default=dict, blank=True)  # public keys: the app proves itself by private_key_jwt
    backchannel_logout_uri = models.URLField(max_length=400, blank=True)
    address = models.URLField(_("Alamat aplikasi"), max_length=400, blank=True)  # where its tile leads: begins the sign-in
    service = models.SlugField(_("Layanan"), max_length=100, blank=True)  # code of the service whose tile this is
    link_uri = models.URLField(max_length=400, blank=True, db_default="")  # where a person proves an older account there

    client_id: str

    def __str__(self) -> str:
        return self.client_id


class Grant(models.Model):
    client = models.ForeignKey(CLIENT, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    code_digest = models.CharField(max_length=64, unique=True)
    code_expires_at = models.DateTimeField()
    code_used_at = models.DateTimeField(null=True)
    redirect_uri = models.CharField(max_length=2000)
    challenge = models.CharField(max_length=43)
    nonce = models.CharField(max_length=512, blank=True)
    scopes = models.TextField()  # separated by spaces, as granted
    sid = models.CharField(max_length=43, db_index=True)
    acr = models.CharField(max_length=60)
    amr = models.JSONField(default=list)
    auth_time = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()  # of the whole family: rotation does not renew it
    revoked_at = models.DateTimeField(null=True)
    logged_out_at = models.DateTimeField(null=True)

    client_id: str
    user_id: int
    if TYPE_CHECKING:
        client: Client  # type: ignore[no-redef]
        user: User  # type: ignore[no-redef]

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "client"])]

    def scope_list(self) -> list[str]:
        return self.scopes.split()


class GrantToken(models.Model):
    """A token of a family. `spent_at`: when a refresh token was used; the row stays as memory of that."""

    token = models.OneToOneField(TOKEN, on_delete=models.CASCADE, primary_key=True, related_name="link")
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="links")
    spent_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        token: Token  # type: ignore[no-redef]
        grant: Grant  # type: ignore[no-redef]


class ForwardSession(models.Model):
    """A person at an app behind forward-auth: what lies in their browser there. Ends with its grant."""

    digest = models.CharField(max_length=64, unique=True)
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="forward_sessions")
    began_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    if TYPE_CHECKING:
        grant: Grant  # type: ignore[no-redef]


class LinkedAccount(models.Model):
    """An older account at an app that belongs to this person: both were proved in one sitting."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="linked_accounts")
    client = models.ForeignKey(CLIENT, on_delete=models.CASCADE, related_name="linked_accounts")
    account = EncryptedTextField()  # what the app calls it
    account_index = models.CharField(max_length=64)
    linked_at = models.DateTimeField(auto_now_add=True)

    user_id: int
    client_id: str
    if TYPE_CHECKING:
        client: Client  # type: ignore[no-redef]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "user"], name="one_linked_account_a_person"),
            models.UniqueConstraint(fields=["client", "account_index"], name="one_person_a_linked_account"),
        ]


class LinkRequest(models.Model):
    """A person on their way to prove an older account: ten minutes, one use."""

    digest = models.CharField(max_length=64, unique=True)  # of the ticket that the app receives
    proof_digest = models.CharField(max_length=64, null=True, unique=True)  # of what it hands to the browser that signed in
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(CLIENT, on_delete=models.CASCADE, related_name="+")
    account = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField(db_index=True)

    user_id: int
    client_id: str
    if TYPE_CHECKING:
        client: Client  # type: ignore[no-redef]


class Subject(models.Model):
    """What a person is called in one sector (pairwise `sub`): random and stored, so that it says nothing and can be found."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subjects")
    sector = models.CharField(max_length=200)
    sub = models.CharField(max_length=43, unique=True)

    user_id: int

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "sector"], name="one_sub_a_sector")]


class Consent(models.Model):
    """What a person allows an app to know, until taken back."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents")
    client = models.ForeignKey(CLIENT, on_delete=models.CASCADE, related_name="consents")
    scopes = models.TextField()
    given_at = models.DateTimeField(auto_now=True)

    user_id: int
    client_id: str
    if TYPE_CHECKING:
        client: Client  # type: ignore[no-redef]

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "client"], name="one_consent_an_app")]

    def scope_set(self) -> frozenset[str]:
        return frozenset(self.scopes.split())


class UsedAssertion(models.Model):
    """The `jti` of a client assertion that was accepted: worth one use until it expires."""

    client = models.ForeignKey(CLIENT, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "digest"], name="one_use_an_assertion")]


class LogoutNotice(models.Model):
    """One app to be told that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""

    client = models.ForeignKey(CLIENT, on_delete=models.CASCADE, related_name="+")
    sub = models.CharField(max_length=43)
    sid = models.CharField(max_length=43)
    jti = models.CharField(max_length=43, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    next_try = models.DateTimeField(null=True, db_index=True)  # none: told, or given up
    tries = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    client_id: str
    if TYPE_CHECKING:
        client: Client  # type: ignore[no-redef]

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "sid"], name="one_notice_an_app_and_session")]
