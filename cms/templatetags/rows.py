"""How the rows of a service page are put into words: papers, opening hours, ways to reach somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.blocks import DAY_CODES, DAYS, PAPER_FORMS, WAYS, days_of
from portal.lib import languages

register = template.Library()
_DAY, _FORM, _WAY = dict(DAYS), dict(PAPER_FORMS), dict(WAYS)


@register.filter
def paper(row: Mapping[str, Any]) -> str:
    """"Asli", "Fotokopi, 2 lembar", or nothing for what is not a paper."""
    copies = row.get("copies")
    sheets = ngettext("%(n)d lembar", "%(n)d lembar", copies) % {"n": copies} if copies else ""
    return ", ".join(word for word in (str(_FORM.get(row.get("form") or "", "")), sheets) if word)


@register.filter
def days(row: Mapping[str, Any]) -> str:
    """"Senin sampai Kamis" or "Jumat"."""
    codes = [d for d in (row["days"] if "days" in row else days_of(row)) if d in DAY_CODES]
    if len(codes) < 2:
        return "".join(str(_DAY[code]) for code in codes)
    return _("%(first)s sampai %(last)s") % {"first": _DAY[codes[0]], "last": _DAY[codes[-1]]}


@register.filter
def span(row: Mapping[str, Any]) -> str:
    """"08.00–15.00" (English: 08:00–15:00)."""
    times = [value if isinstance(value, str) else f"{value:%H:%M}" for value in (row["opens"], row["closes"])]
    return "–".join(times if languages.active() == "en" else [value.replace(":", ".") for value in times])


@register.filter
def way(kind: str) -> str:
    return str(_WAY.get(kind, ""))


@register.filter
def reach(row: Mapping[str, Any]) -> str:
    """Where a press on this number or address leads; empty when it is not one to press."""
    kind, value = row.get("kind"), str(row.get("value") or "").strip()
    digits = "".join(c for c in value if c.isdigit())
    if kind == "phone" and digits:
        return f"tel:{'+' if value.startswith('+') else ''}{digits}"
    if kind == "whatsapp" and digits:
        return f"https://wa.me/{'62' + digits[1:] if digits.startswith('0') else digits}"
    if kind == "email" and "@" in value and not set(value) & set(' ?&"<>'):
        return f"mailto:{value}"
    if kind == "web" and value.lower().startswith(("https://", "http://")):
        return value
    return ""
