"""Which addresses may be told: the same guard as for departments' systems, with a sentence for who typed the address."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.lib.http import CallError, Cause, judge_url
from portal.lib.http.guard import judge_addresses
from portal.lib.http.resolver import resolve
from services.adapters.wire import policy

LONGEST = 500
RESOLVE_SECONDS = 2.0


class TargetRefusedError(Exception):
    """The address may not be used; the text says so in plain words."""


def check_target(url: str) -> None:
    """Raises TargetRefusedError. A name that does not resolve now is let through: it is judged again at each sending."""
    if len(url) > LONGEST:
        raise TargetRefusedError(_("Alamat paling banyak 500 huruf"))
    try:
        target = judge_url(url, policy())
        if target.literal is None:
            judge_addresses(resolve(target.host, wait_seconds=RESOLVE_SECONDS), policy())
    except CallError as error:
        if error.cause is Cause.FORBIDDEN_ADDRESS:
            raise TargetRefusedError(
                _("Alamat itu tidak terbuka dari internet, jadi tidak boleh dihubungi portal. Pakai alamat umum sistem Anda")
            ) from error
        if error.cause is Cause.CONFIG:
            raise TargetRefusedError(
                _("Bukan alamat yang bisa dipakai. Contoh: https://sistem.contoh.id/kejadian, tanpa nama dan kata sandi")
            ) from error
