"""What an app learns of a person: the name they have there, and the claims of the scopes that they allowed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.codes import numbers
from accounts.models import User
from accounts.sso.clients import issuer
from accounts.sso.models import LinkedAccount, Subject

# What each scope tells, in the words of the consent screen. `openid` alone tells no more than that it is the same person.
TOLD: dict[str, Any] = {
    "openid": _("bahwa ini Anda, dengan nama samaran khusus aplikasi ini"),
    "profile": _("nama lengkap Anda"),
    "email": _("alamat email Anda"),
    "phone": _("nomor HP Anda"),
    "nik": _("NIK Anda dan tingkat kepastian akun"),
    "cases:read": _("permohonan Anda dan keadaannya"),
    "cases:write": _("mengajukan dan mengubah permohonan atas nama Anda"),
    "profile:read": _("profil portal Anda"),
}


def sub_of(client: Client, user: User) -> str:
    """The person's name in this app's sector; made at the first need."""
    sector = client.profile.sector
    found = Subject.objects.filter(user=user, sector=sector).values_list("sub", flat=True).first()
    if found:
        return str(found)
    try:
        with transaction.atomic():
            return Subject.objects.create(user=user, sector=sector, sub=secrets.token_urlsafe(24)).sub
    except IntegrityError:
        return Subject.objects.get(user=user, sector=sector).sub


def claims_of(client: Client, user: User, scopes: Iterable[str]) -> dict[str, Any]:
    """`sub` and what these scopes tell; what the person has not given is left out."""
    given, claims = set(scopes), {"sub": sub_of(client, user)}
    told: dict[str, Any] = {}
    if "profile" in given:
        told |= {"name": user.name, "given_name": user.first_name, "family_name": user.last_name, "locale": user.language}
    if "email" in given and user.email:
        verified = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()
        told |= {"email": user.email, "email_verified": verified}
    if "phone" in given and user.phone:
        told |= {"phone_number": user.phone, "phone_number_verified": numbers.number_of(user) == user.phone}
    if "nik" in given and user.nik:
        told |= {"nik": user.nik, "assurance_level": user.assurance_level}
    linked = LinkedAccount.objects.filter(user=user, client=client).first()
    if linked is not None:  # the app's own name for them, proved by the app itself
        told |= {"linked_account": linked.account}
    return claims | {name: value for name, value in told.items() if value != ""}


class ProviderHooks(DefaultOIDCAdapter):
    """allauth asks here where its own views need to know (keys, end of a session)."""

    def get_issuer(self) -> str:
        return issuer()

    def get_user_sub(self, client: Client, user: Any) -> str:
        return sub_of(client, user)

    def get_user_by_sub(self, client: Client, sub: str) -> User | None:
        row = (
            Subject.objects.filter(sector=client.profile.sector, sub=sub, user__is_active=True)
            .select_related("user")
            .first()
        )
        return row.user if row else None

    def get_claims(self, purpose: Any, user: Any, client: Client, scopes: Any, **kwargs: Any) -> dict[str, Any]:
        return claims_of(client, user, scopes)
