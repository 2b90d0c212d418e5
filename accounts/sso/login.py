"""Our hooks into allauth's own sign-in (allauth calls these classes adapters; that word is taken here)."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class LoginHooks(DefaultAccountAdapter):
    """Redirects stay on our own host; links in mails come from the setting, not from the request."""

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: object) -> str:
        path = super().get_email_confirmation_url(None, emailconfirmation)
        return path if path.startswith("http") else f"{settings.PUBLIC_URL}{path}"
