"""E-mail: a text and an HTML body from `templates/notifications/`."""

from html import unescape
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def send_mail_message(address: str, *, template: str, context: dict[str, Any], key: str) -> None:
    """Send one mail. Raises what the mail backend raises. Links come from the setting PUBLIC_URL, never from a request."""
    values = {**context, "public_url": settings.PUBLIC_URL, "portal_name": settings.PORTAL_NAME}
    # The subject's template is shown on pages too, so it escapes; a mail header is plain text on one line.
    subject = " ".join(unescape(render_to_string(f"notifications/{template}_subject.txt", values)).split())
    text = render_to_string(f"notifications/{template}.txt", values)
    html = render_to_string(f"notifications/{template}.html", values)
    mail = EmailMultiAlternatives(subject=subject, body=text, to=[address], headers={"X-Message-Key": key})
    mail.attach_alternative(html, "text/html")
    mail.send()
