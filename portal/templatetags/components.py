"""Components as template tags: each is one template under `templates/components/` and one section of the stylesheet."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from portal.icons import ALIASES, PATHS
from portal.lib import languages

register = template.Library()
_IN_SCRIPT = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, extra: str = "") -> SafeString:
    """An inline SVG. Decoration only: the word stands beside it."""
    paths = PATHS.get(ALIASES.get(name, name), PATHS["doc"])
    return format_html(
        '<svg class="k-i {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>'.replace("k-i {}", "k-i{}"),
        f" {extra}" if extra else "",
        mark_safe(paths),
    )


@register.inclusion_tag("components/tag.html")
def tag(word: str, style: str = "", icon_name: str = "") -> dict[str, Any]:
    """The status word. `style`: "", ok, warn, err, info."""
    return {"word": word, "style": style, "icon_name": icon_name}


class _NoticeNode(template.Node):
    def __init__(self, body: NodeList, options: dict[str, FilterExpression]) -> None:
        self.body, self.options = body, options

    def render(self, context: template.Context) -> str:
        values = {name: expression.resolve(context) for name, expression in self.options.items()}
        values.setdefault("icon_name", {"warn": "warn", "ok": "check", "err": "err"}.get(values.get("style", ""), "info"))
        values.setdefault("level", 2)
        return render_to_string("components/notice.html", {**values, "body": self.body.render(context)})


@register.tag
def notice(parser: Parser, token: Token) -> _NoticeNode:
    """`{% notice title=... style="warn" icon_name="cloud" level=3 %}...{% endnotice %}`: one fact about this page."""
    options = token_kwargs(token.split_contents()[1:], parser)
    body = parser.parse(("endnotice",))
    parser.delete_first_token()
    return _NoticeNode(body, options)


@register.inclusion_tag("components/crumbs.html")
def crumbs(*pairs: str) -> dict[str, Any]:
    """`{% crumbs "Beranda" "home" "Layanan" "services" %}`: names of pages with the names or paths of their addresses."""
    steps = zip(pairs[::2], pairs[1::2], strict=True)
    return {"items": [(name, url if "/" in url else reverse(url)) for name, url in steps]}


@register.simple_tag
def spoken(text: Any, member: str = "name") -> SafeString:
    """` lang="id"` for a member of a service's text that is not in the language of the page (WCAG 3.1.2)."""
    there = languages.DEFAULT if member in text.foreign else text.language
    return format_html(' lang="{}"', there) if there != languages.active() else SafeString("")


@register.simple_tag
def url_in(language: str, name: str) -> str:
    """The address of a named page in that language."""
    return languages.path_in(language, reverse(name))


@register.simple_tag
def page_url(path: str) -> str:
    """The address of a page in the language of this page; `path` is the Indonesian one."""
    return languages.path_in(languages.active(), path)


@register.inclusion_tag("components/alternates.html")
def alternates(path: str) -> dict[str, Any]:
    """The address of this page, and of the same page in each language (`path` is the Indonesian one)."""
    urls = {code: settings.PUBLIC_URL + languages.path_in(code, path) for code in languages.CODES}
    return {"here": urls[languages.active()], "versions": [*urls.items(), ("x-default", urls[languages.DEFAULT])]}


@register.inclusion_tag("components/pages.html", takes_context=True)
def pages(context: template.Context, page: Any) -> dict[str, Any]:
    """Links to the pages of a `django.core.paginator.Page`, keeping the rest of the query string."""
    query = context["request"].GET.copy()
    query.pop("hal", None)
    prefix = f"?{query.urlencode()}&" if query else "?"
    return {"page": page, "prefix": prefix, "range": page.paginator.get_elided_page_range(page.number)}


@register.inclusion_tag("components/errors.html")
def error_summary(problems: Iterable[Any]) -> dict[str, Any]:
    """The summary above a form after a failed submit. `problems`: objects or dicts with `anchor` and `text`."""
    return {"problems": list(problems)}


@register.inclusion_tag("components/errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """The error summary of a Django form; each line leads to its field."""
    problems = [{"anchor": field.id_for_label, "text": f"{field.label}: {text}"} for field in form for text in field.errors]
    first = next((field.id_for_label for field in form), "isi")
    problems += [{"anchor": first, "text": text} for text in form.non_field_errors()]
    return {"problems": problems}


@register.inclusion_tag("components/form_field.html")
def form_field(field: Any, width: str = "k-w24") -> dict[str, Any]:
    """One bound Django form field (sign-in and staff forms; applications have their own question templates)."""
    identity = field.id_for_label
    described = [f"{identity}-h"] if field.help_text else []
    described += [f"{identity}-e"] if field.errors else []
    checkbox = getattr(field.field.widget, "input_type", "") == "checkbox"
    attrs = {"class": "" if checkbox else f"k-input {width}", "placeholder": False}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return {
        "field": field,
        "widget": field.as_widget(attrs=attrs),
        "identity": identity,
        "checkbox": checkbox,
        "password": getattr(field.field.widget, "input_type", "") == "password",
    }


@register.filter
def json_ld(document: dict[str, Any]) -> SafeString:
    """A data block for machines: never run by a browser, and no text in it can end it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


_CLOCK = {"id": "H.i", "en": "H:i"}


@register.filter
def rupiah(amount: int | None) -> str:
    """148000 -> Rp148.000 (English: Rp148,000)"""
    return "" if amount is None else "Rp" + languages.written(f"{amount:,}")


@register.filter
def long_date(value: date | datetime | None) -> str:
    """Selasa, 24 November 2026"""
    if value is None:
        return ""
    return date_format(timezone.localtime(value) if isinstance(value, datetime) else value, "l, j F Y")


@register.filter
def clock(value: datetime | None) -> str:
    """09.52 (English: 09:52)"""
    return "" if value is None else date_format(timezone.localtime(value), _CLOCK[languages.active()])


@register.filter
def moment(value: datetime | None) -> str:
    """Sel 24 Nov, 09.52 (English: Tue 24 Nov, 09:52)"""
    return "" if value is None else date_format(timezone.localtime(value), f"D j M, {_CLOCK[languages.active()]}")


@register.filter
def age(seconds: float) -> str:
    """42 -> 42 detik; 5000 -> 1 jam 23 menit; 200000 -> 2 hari 7 jam"""
    minutes = int(seconds // 60)
    if not minutes:
        return _counted("detik", int(seconds))
    if minutes < 60:
        return _counted("menit", minutes)
    if minutes < 1440:
        return f"{_counted('jam', minutes // 60)} {_counted('menit', minutes % 60)}"
    return f"{_counted('hari_kalender', minutes // 1440)} {_counted('jam', minutes % 1440 // 60)}"


def _counted(unit: str, count: int) -> str:
    return str(_UNITS[unit] % {"n": count})


@register.filter
def file_size(size: int) -> str:
    """421888 -> 412 KB; 1153434 -> 1,1 MB (English: 1.1 MB)"""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return languages.written(f"{size / 1024 / 1024:.1f} MB")


_UNITS = {
    "detik": ngettext_lazy("%(n)d detik", "%(n)d detik", "n"),
    "menit": ngettext_lazy("%(n)d menit", "%(n)d menit", "n"),
    "jam": ngettext_lazy("%(n)d jam", "%(n)d jam", "n"),
    "hari_kerja": ngettext_lazy("%(n)d hari kerja", "%(n)d hari kerja", "n"),
    "hari_kalender": ngettext_lazy("%(n)d hari", "%(n)d hari", "n"),
}


@register.simple_tag
def duration(value: int | None, unit: str) -> str:
    """3, hari_kerja -> 3 hari kerja"""
    if unit == "langsung":
        return _("Langsung")
    return _UNITS[unit] % {"n": value} if value and unit in _UNITS else _("Lihat keterangan")
