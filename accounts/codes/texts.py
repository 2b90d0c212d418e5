"""What short messages say. No name and nothing of a case but its number; the last line lets a phone fill in the code for
this site only (the format of WICG "origin-bound one-time codes")."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.codes.models import OneTimeCode


def of_code(row: OneTimeCode) -> str:
    said = {
        OneTimeCode.Purpose.SIGN_IN: _("%(code)s kode masuk %(portal)s."),
        OneTimeCode.Purpose.SIGN_UP: _("%(code)s kode untuk membuat akun %(portal)s."),
        OneTimeCode.Purpose.NUMBER: _("%(code)s kode untuk memakai nomor ini di %(portal)s."),
        OneTimeCode.Purpose.PASSWORD: _("%(code)s kode untuk kata sandi baru %(portal)s."),
    }[OneTimeCode.Purpose(row.purpose)] % {"code": row.code, "portal": settings.PORTAL_NAME}
    warning = _("Berlaku 5 menit. Jangan beri tahu siapa pun, juga petugas.")
    text = f"{said} {warning}"
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    return f"{text}\n\n@{host} #{row.code}" if row.channel == "sms" else text


def of_event(label: str, address: str) -> str:
    question = _("Bukan Anda? Buka")
    return f"{settings.PORTAL_NAME}: {label}. {question} {address}"
