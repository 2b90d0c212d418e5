"""`/layanan/<slug>/cek/<name>/`: a person asks a department's system something, and reads what it says.

What is asked is sent by POST: a tax number belongs in no address, history or log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import assurance
from accounts.access_log import record_access
from accounts.consents.allowing import allow, has_allowed
from accounts.models import User
from portal.lib.throttle import too_many
from services.adapters.documents import words
from services.adapters.lookups import asking
from services.adapters.lookups.plans import Plan, plan_of
from services.adapters.values import Misconfigured, Rejected, Unavailable
from services.catalogue.queries import service_by_slug

A_MINUTE = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lookup(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The question, and below it the answer."""
    text = service_by_slug(slug)
    plan = plan_of(text.service.code, name) if text is not None else None
    if text is None or plan is None:
        raise Http404
    person = request.user if isinstance(request.user, User) else None
    if plan.level:
        if person is None:
            return redirect_to_login(request.get_full_path())
        away = assurance.rise(request, person, request.path, level=plan.level)
        if away is not None:
            return redirect(away) if away else render(request, "catalogue/lookup_level.html", {"text": text, "plan": plan})
    facts: dict[str, Any] = {
        "text": text,
        "plan": plan,
        "asked": [one for one in plan.parameters if one.source == "asked"],
        "typed": {},
        "errors": {},
        "problems": [],
        "nav": "layanan",
        "needs_consent": plan.consent and person is not None and not has_allowed(person, plan.subject, plan.purpose),
    }
    if request.method == "POST":
        _ask(request, plan, person, facts)
    facts["fields"] = [(one, facts["typed"].get(one.name, ""), facts["errors"].get(one.name, "")) for one in facts["asked"]]
    return render(request, "catalogue/lookup.html", facts)


def _ask(request: HttpRequest, plan: Plan, person: User | None, facts: dict[str, Any]) -> None:
    """Puts the answer, or why there is none, into `facts`."""
    names = {one.name for one in facts["asked"]}
    given = {name: request.POST.getlist(name) for name in request.POST if name in names}
    facts["typed"] = {name: values[0][:200] for name, values in given.items() if values}
    if facts["needs_consent"]:
        if not request.POST.get("izinkan"):
            facts["problems"] = [{"anchor": "izinkan", "text": _("Beri izin dahulu, atau jangan lanjutkan")}]
            return
        assert person is not None
        allow(person, plan.subject, plan.purpose)
        record_access(person, actor="Portal", action="consent.given", data=plan.subject, purpose=plan.purpose)
        facts["needs_consent"] = False
    who = f"u{person.pk}" if person is not None else request.META.get("REMOTE_ADDR", "")
    if too_many(f"lookup:{who}", limit=A_MINUTE, seconds=60):
        facts["trouble"] = _("Terlalu banyak pertanyaan. Coba lagi satu menit lagi.")
        return
    try:
        values = asking.judge(plan, given, person)
        found = asking.ask(plan, values, person=person, actor="Portal")
    except asking.BadValues as error:
        facts["errors"] = {name: _why(plan, name, why) for name, why in error.errors.items()}
        facts["problems"] = [{"anchor": f"f-{name}", "text": said} for name, said in facts["errors"].items()]
    except Rejected as error:
        facts["trouble"] = error.message or _("Sistem dinas menolak isian ini. Periksa lagi.")
    except (Unavailable, Misconfigured):
        facts["trouble"] = _("Sistem dinas sedang tidak bisa menjawab. Coba lagi nanti; ini bukan kesalahan Anda.")
    else:
        facts["found"] = found
        facts["lines"], facts["tables"] = shown(found.data or {}, plan.labels, plan.money)


def _why(plan: Plan, name: str, why: str) -> str:
    label = next((one.label for one in plan.parameters if one.name == name), name)
    example = next((one.example for one in plan.parameters if one.name == name), "")
    if why == "missing":
        return _("Isi %(name)s") % {"name": label}
    if example:
        return _("%(name)s tidak sesuai bentuknya. Contoh: %(example)s") % {"name": label, "example": example}
    return _("%(name)s tidak sesuai bentuknya") % {"name": label}


def shown(
    data: Mapping[str, Any], labels: Mapping[str, str], money: Collection[str] = (), prefix: str = ""
) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """The answer as lines of label and text, and lists of objects as tables. labels: path -> words. money: paths of rupiah."""
    lines: list[tuple[str, str]] = []
    tables: list[dict[str, Any]] = []
    for name, value in data.items():
        path = f"{prefix}{name}"
        label = labels.get(path) or words.spoken(name)
        if isinstance(value, Mapping):
            inner, more = shown(value, labels, money, f"{path}.")
            lines += [(f"{label}: {one}", text) for one, text in inner]
            tables += more
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            columns = list(dict.fromkeys(key for one in value for key in one))
            heads = [labels.get(f"{path}.{key}") or words.spoken(key) for key in columns]
            rows = [
                [(head, plain(one.get(key), f"{path}.{key}" in money)) for key, head in zip(columns, heads, strict=True)]
                for one in value[:200]
            ]
            tables.append({"label": label, "columns": heads, "rows": rows})
        else:
            lines.append((label, ", ".join(map(plain, value)) if isinstance(value, list) else plain(value, path in money)))
    return lines, tables


def plain(value: Any, money: bool = False) -> str:
    """One value as people read it: a day as a date, rupiah as rupiah."""
    if isinstance(value, bool):
        return str(_("Ya") if value else _("Tidak"))
    if value is None or value == "":
        return "–"
    text = str(value)
    if money and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,2})?", text):
        whole, _dot, cents = text.partition(".")
        return "Rp" + f"{int(whole):,}".replace(",", ".") + (f",{cents}" if cents.strip("0") else "")
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date_format(date.fromisoformat(text), "j F Y")
        except ValueError:
            return text
    return text
