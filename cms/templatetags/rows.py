"""How the rows of a service page are put into words: papers, opening hours, ways to reach somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nh3
from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.rich_text import expand_db_html

from cms.blocks import DAY_CODES, DAYS, PAPER_FORMS, WAYS, days_of
from cms.rows import web as web_address
from portal.lib import languages

register = template.Library()
_DAY, _FORM, _WAY = dict(DAYS), dict(PAPER_FORMS), dict(WAYS)


@register.filter
def paper(row: Mapping[str, Any]) -> str:
    """ "Asli", "Fotokopi, 2 lembar", or nothing for what is not a paper."""
    copies = row.get("copies")
    sheets = ngettext("%(n)d lembar", "%(n)d lembar", copies) % {"n": copies} if copies else ""
    return ", ".join(word for word in (str(_FORM.get(row.get("form") or "", "")), sheets) if word)


@register.filter
def days(row: Mapping[str, Any]) -> str:
    """ "Senin sampai Kamis" or "Jumat"."""
    codes = [d for d in (row["days"] if "days" in row else days_of(row)) if d in DAY_CODES]
    if len(codes) < 2:
        return "".join(str(_DAY[code]) for code in codes)
    return _("%(first)s sampai %(last)s") % {"first": _DAY[codes[0]], "last": _DAY[codes[-1]]}


@register.filter
def span(row: Mapping[str, Any]) -> str:
    """ "08.00–15.00" (English: 08:00–15:00)."""
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
    return web_address(value) if kind == "web" else ""


@register.filter
def web(value: Any) -> str:
    return web_address(value)


_PROSE = {"p", "br", "hr", "h2", "h3", "b", "strong", "i", "em", "ul", "ol", "li", "a"}


@register.filter
def prose(value: Any) -> SafeString:
    """Rich text for readers: only what the editor offers, whatever was stored through whatever door."""
    html = str(expand_db_html(str(value or "")))
    return mark_safe(
        nh3.clean(
            html, tags=_PROSE, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto", "tel"}, link_rel=None
        )
    )
