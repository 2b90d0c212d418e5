"""The link that confirms an address: signed, for three days, and it names nobody's row."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.core import signing
from django.http import HttpRequest

from portal.lib.crypto import blind_index

LIFETIME = timedelta(days=3)
_SALT = "accounts.confirm"


class Confirmation:
    """What allauth's view wants of one."""

    def __init__(self, email_address: EmailAddress) -> None:
        self.email_address = email_address

    @property
    def key(self) -> str:
        return signing.dumps([self.email_address.user.public_id, _mark(self.email_address.email)], salt=_SALT)

    @classmethod
    def from_key(cls, key: str) -> Confirmation | None:
        """None: forged, too old, used, or the address is no longer one of the account's."""
        try:
            name, mark = signing.loads(key, salt=_SALT, max_age=LIFETIME)
        except (signing.BadSignature, ValueError, TypeError):
            return None
        waiting = EmailAddress.objects.select_related("user").filter(user__public_id=name, verified=False)
        return next((cls(address) for address in waiting if _mark(address.email) == mark), None)

    def confirm(self, request: HttpRequest) -> EmailAddress | None:
        done = get_adapter(request).confirm_email(request, self.email_address)
        return self.email_address if done else None


def _mark(email: str) -> str:
    return blind_index(email.lower(), purpose="confirm")[:16]
