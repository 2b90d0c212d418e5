"""A connection and its keys."""

from __future__ import annotations

import base64
import logging
import secrets as random_secrets
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib.http import CallError, judge_url
from services.adapters import expiry, gateway
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.models import Connection, Idempotency
from services.adapters.sandbox import Fault
from services.adapters.setup import CODE, environment_name, environment_prefix
from services.adapters.wire import policy
from services.catalogue.models import Department

_log = logging.getLogger(__name__)
RESERVED = frozenset({"baru", "langganan"})  # addresses of the console
SETTABLE = (
    *("label", "base_url", "test_url", "options", "idempotency", "settle_seconds", "ceiling"),
    *("stand_in", "stand_in_fault"),
)


class Old(StrEnum):
    """What becomes of a secret when a new one is set: it goes on beside the new, only when that is asked for, or never."""

    STAYS = "stays"
    ON_REQUEST = "on_request"
    GOES = "goes"


# The names of the secrets that an adapter reads.
SECRETS = {
    "api_key": Old.ON_REQUEST,
    "token": Old.ON_REQUEST,
    "password": Old.ON_REQUEST,
    "client_secret": Old.ON_REQUEST,
    "hmac": Old.ON_REQUEST,
    "certificate": Old.GOES,
    "certificate_key": Old.GOES,
    "webhook": Old.STAYS,
}
LONGEST_SECRET = 20_000
MOST_AT_ONCE = 2


def register(department: Department, values: Mapping[str, Any], *, by: str) -> Connection:
    """by: who does it, for the log. Raises ConnectionProblem."""
    code, kind = str(values.get("code", "")), str(values.get("kind", ""))
    errors: dict[str, list[str]] = {}
    if not CODE.fullmatch(code) or len(code) > 60:
        errors["code"] = [_("Kode terdiri dari huruf kecil, angka, dan tanda hubung, paling banyak 60.")]
    elif code in RESERVED or Connection.objects.filter(code=code).exists():
        errors["code"] = [_("Kode ini sudah dipakai. Pilih yang lain.")]
    if kind not in selectable_kinds():
        errors["kind"] = [_("Pilih salah satu: %(kinds)s.") % {"kinds": ", ".join(selectable_kinds())}]
    connection = Connection(code=code, department=department, kind=kind, label=str(values.get("label") or code)[:120])
    _fill(connection, {name: values[name] for name in SETTABLE if name in values}, errors)
    connection.save()
    _log.info("connection registered", extra={"connection": code, "by": by})
    return connection


def selectable_kinds() -> list[str]:
    """Every kind but the one that exists for tests."""
    gateway.load_kinds()
    return [name for name in gateway.kinds if name != "demo"]


def change(connection: Connection, values: Mapping[str, Any], *, by: str) -> list[str]:
    """The names of what is different now. Raises ConnectionProblem."""
    errors: dict[str, list[str]] = {name: [_("Tidak ada pengaturan ini.")] for name in values if name not in SETTABLE}
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        before = {name: getattr(locked, name) for name in SETTABLE}
        _fill(locked, values, errors)
        changed = [name for name in SETTABLE if getattr(locked, name) != before[name]]
        if changed:
            locked.save(update_fields=changed)
    connection.refresh_from_db()
    if changed:
        _log.info("connection changed", extra={"connection": connection.code, "by": by, "changed": changed})
    return changed


def _fill(connection: Connection, values: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    """Judge and set. Raises ConnectionProblem with what was wrong before, too."""
    for name in ("base_url", "test_url"):
        if name in values and (problem := address_problem(values[name])):
            errors[name] = [problem]
    if "label" in values and not str(values["label"]).strip():
        errors["label"] = [_("Isi nama sambungan.")]
    for name, low, high in (("settle_seconds", 1, 86_400), ("ceiling", 1, 64)):
        value = values.get(name, low)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            errors[name] = [_("Isi angka antara %(low)d dan %(high)d.") % {"low": low, "high": high}]
    if values.get("idempotency", Idempotency.NONE) not in Idempotency.values:
        errors["idempotency"] = [_("Pilih salah satu: %(kinds)s.") % {"kinds": ", ".join(Idempotency.values)}]
    if values.get("stand_in_fault", "") not in Fault.values:
        errors["stand_in_fault"] = [_("Pilih salah satu: %(kinds)s.") % {"kinds": ", ".join(filter(None, Fault.values))}]
    if "options" in values and "kind" not in errors:
        found = gateway.check_settings(connection.kind, options=values["options"], operations={}, mappings={})
        if found:
            errors["options"] = [one.removeprefix("options: ") for one in found]
    if errors:
        raise ConnectionProblem(errors)
    for name, value in values.items():
        setattr(connection, name, value.strip() if isinstance(value, str) else value)


def address_problem(url: Any) -> str:
    """Why a backend's address cannot be used, or "". An empty one is fine: it may come later."""
    if url in ("", None):
        return ""
    if not isinstance(url, str):
        return str(_("Isi alamat sebagai teks."))
    try:
        target = judge_url(url.strip(), policy())
    except CallError as error:
        return str(_("Alamat ini tidak bisa dipakai: %(why)s.") % {"why": error.detail})
    if len(url) > 300 or "?" in target.path:
        return str(_("Isi alamat dasar saja, tanpa tanda tanya, paling banyak 300 huruf."))
    return ""


def set_secret(
    connection: Connection,
    name: str,
    value: str,
    *,
    by: str,
    testing: bool = False,
    expires_on: date | None = None,
    keep_old: bool = False,
) -> None:
    """Write a secret; it is never shown again. A webhook's old one stays valid beside the new until it is removed.

    value: the secret itself, or `env:ADAPTER_SECRET__<CODE>__<NAME>`, a variable of this connection's own. keep_old: the one
    before is tried where the backend refuses the new one (401). A certificate says itself when it ends. Raises ConnectionProblem.
    """
    if name not in SECRETS:
        raise ConnectionProblem({"name": [_("Pilih salah satu: %(kinds)s.") % {"kinds": ", ".join(SECRETS)}]})
    given = value.strip() if isinstance(value, str) else ""
    if not 0 < len(given) <= LONGEST_SECRET or "\0" in given:
        raise ConnectionProblem({"value": [_("Isi rahasianya.")]})
    if name not in {"certificate", "certificate_key"} and not given.isprintable():
        raise ConnectionProblem({"value": [_("Rahasia ini memuat baris baru atau huruf kendali. Salin lagi tanpa itu.")]})
    if name in {"api_key", "token"} and not given.isascii():
        raise ConnectionProblem(
            {"value": [_("Rahasia ini dikirim sebagai header, jadi hanya boleh huruf, angka, dan tanda ASCII.")]}
        )
    if given.startswith("env:") and not environment_name(connection.code, given):
        begins = f"env:{environment_prefix(connection.code)}"
        raise ConnectionProblem({"value": [_("Nama di lingkungan server harus %(begins)s...") % {"begins": begins}]})
    if name in {"certificate", "certificate_key"} and not given.startswith("env:"):
        expires_on = _judge_pem(name, given) or expires_on
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        kept = locked.test_secrets if testing else locked.secrets
        if SECRETS[name] is Old.STAYS or (keep_old and SECRETS[name] is Old.ON_REQUEST and kept.get(name)):
            before = kept.get(name) or []
            before = before if isinstance(before, list) else [before]
            kept[name] = [given, *(one for one in before if one != given)][:MOST_AT_ONCE]
        else:
            kept[name] = given
        info = {
            "set_at": timezone.now().isoformat(timespec="seconds"),
            "expires_on": expires_on.isoformat() if expires_on else "",
        }
        locked.secret_info[_label(name, testing)] = info
        locked.save(update_fields=["test_secrets" if testing else "secrets", "secret_info"])
    connection.refresh_from_db()
    _log.info("secret set", extra={"connection": connection.code, "secret": _label(name, testing), "by": by})


def _judge_pem(name: str, given: str) -> date | None:
    """When a certificate ends; None for a key. Raises ConnectionProblem."""
    try:
        if name == "certificate":
            return expiry.end_of_certificate(given)
        expiry.check_key(given)
    except ValueError as error:
        said = _("Isi sertifikat sebagai PEM.") if name == "certificate" else _("Isi kunci sebagai PEM tanpa kata sandi.")
        raise ConnectionProblem({"value": [said]}) from error
    return None


def new_webhook_secret(connection: Connection, *, by: str) -> str:
    """A secret for the department's messages to us, shown this once; the one before stays valid beside it."""
    made = "whsec_" + base64.b64encode(random_secrets.token_bytes(32)).decode()
    set_secret(connection, "webhook", made, by=by)
    return made


def remove_secret(connection: Connection, name: str, *, by: str, testing: bool = False, only_old: bool = False) -> bool:
    """Forget a secret (`only_old`: all but the newest). Returns whether there was one."""
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        kept = locked.test_secrets if testing else locked.secrets
        if name not in kept or (only_old and (not isinstance(kept[name], list) or len(kept[name]) < 2)):
            return False
        if only_old:
            kept[name] = kept[name][:1]
        else:
            del kept[name]
            locked.secret_info.pop(_label(name, testing), None)
        locked.save(update_fields=["test_secrets" if testing else "secrets", "secret_info"])
    connection.refresh_from_db()
    _log.info("secret removed", extra={"connection": connection.code, "secret": _label(name, testing), "by": by})
    return True


def _label(name: str, testing: bool) -> str:
    return f"test:{name}" if testing else name


def secrets_shown(connection: Connection) -> list[dict[str, Any]]:
    """What may be said about the secrets: name, since when, until when, where from. Never a value."""
    shown = []
    for testing, kept in ((False, connection.secrets), (True, connection.test_secrets)):
        for name, value in sorted(kept.items()):
            info = connection.secret_info.get(_label(name, testing)) or {}
            values = value if isinstance(value, list) else [value]
            shown.append(
                {
                    "name": name,
                    "testing": testing,
                    "count": len(values),
                    "from_environment": all(str(one).startswith("env:") for one in values),
                    "set_at": info.get("set_at") or None,
                    "expires_on": info.get("expires_on") or None,
                }
            )
    return shown
