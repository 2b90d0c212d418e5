"""The menu, the crumbs and the footer, as tags that ask the page tree."""

from __future__ import annotations

from typing import Any

from django import template
from wagtail.models import Page, Site

from tests.bench.likeness.models import FooterText

register = template.Library()


@register.inclusion_tag("likeness/menu.html", takes_context=True)
def menu(context: dict[str, Any]) -> dict[str, Any]:
    root = Site.find_for_request(context["request"]).root_page
    items = root.get_children().live().in_menu()
    for item in items:
        item.has_children = item.get_children().live().in_menu().exists()
    return {"items": items, "request": context["request"]}


@register.inclusion_tag("likeness/crumbs.html", takes_context=True)
def crumbs(context: dict[str, Any]) -> dict[str, Any]:
    page = context.get("page")
    above = Page.objects.ancestor_of(page, inclusive=True).filter(depth__gt=1) if page else ()
    return {"above": above, "request": context["request"]}


@register.inclusion_tag("likeness/footer.html")
def footer() -> dict[str, Any]:
    text = FooterText.objects.first()
    return {"text": text.body if text else ""}
