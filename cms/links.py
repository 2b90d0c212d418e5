"""Links on public pages that lead nowhere: asked at night through the guarded transport, and kept for the page's people.

Public addresses only, on the two ports of the web, no redirect is followed: a link in a page is no way into a private network,
and what an editor is told of an address is one of a few words.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from wagtail.blocks import StreamValue
from wagtail.models import Page

from cms.models import ContentPage, DepartmentPage, HomePage, JourneyPage, PageUpkeep, ServicePage
from portal.lib.http import CallError, Cause, Limits, NetworkPolicy, Request, call

_ADDRESS = re.compile(r"https?://[^\s<>\"'“”)\]]+")
_HREF = re.compile(r"href=\"(https?://[^\"]+)\"")
# Of pages that are neither a service nor a text: where their words stand.
_WORDS: dict[type[Page], tuple[str, ...]] = {
    HomePage: ("body",),
    DepartmentPage: ("about",),
    JourneyPage: ("intro", "steps", "shared"),
}
_LIMITS = Limits(body_bytes=256 * 1024)
_SECONDS = 8.0
_MOST = 60  # of one page
_PORTS = {None, 80, 443}
# The door exists, only not for us, or not for this question.
_ANSWERS = frozenset({401, 402, 403, 405, 406, 408, 415, 418, 421, 425, 426, 429, 451})
_GONE = frozenset({"gone", "address", "dns", "forbidden"})  # is said at once; the rest may be a bad night


@dataclass(frozen=True)
class Link:
    url: str
    field: str


def links_of(page: Any) -> list[Link]:
    """Every address outside the portal that a reader of this page may press or copy, with the field it stands in."""
    found: dict[str, Link] = {}
    for field, text in _texts(page):
        for written in _HREF.findall(text) if field == "body" else _ADDRESS.findall(text):
            url = urldefrag(written.rstrip(".,;:!?").replace("&amp;", "&")).url
            found.setdefault(url, Link(url, field))
    return list(found.values())[:_MOST]


def _texts(page: Any) -> Iterator[tuple[str, str]]:
    if isinstance(page, ContentPage):
        yield "body", page.body
        return
    if not isinstance(page, ServicePage):
        for name in _WORDS.get(type(page), ()):
            value = getattr(page, name)
            blocks = value.get_prep_value() if isinstance(value, StreamValue) else None
            yield name, str(value or "") if blocks is None else json.dumps(blocks, ensure_ascii=False).replace('\\"', '"')
        return
    for name in ("app_url", "summary", "fee_note", "product", "late", "other_ways", "sources"):
        yield name, str(getattr(page, name) or "")
    for name in ("who", "requirements", "legal"):
        for block in getattr(page, name):
            yield name, str(block.value)
    for block in page.steps:
        yield "steps", f"{block.value['title']} {block.value['text'] or ''}"
    for block in page.exceptions:
        yield "exceptions", str(block.value["answer"])


def ask(url: str) -> str:
    """ "" when something answers there, else why not: gone, address, dns, forbidden, silent, refused, ill."""
    try:
        if urlsplit(url).port not in _PORTS and not settings.LINK_CHECK_NETWORKS:
            return "forbidden"
    except ValueError:
        return "address"
    policy = NetworkPolicy.of(settings.LINK_CHECK_NETWORKS, allow_http=True)
    try:
        status = _status("HEAD", url, policy)
        if status >= 400 and status not in _ANSWERS:
            status = _status("GET", url, policy)
    except CallError as failed:
        return _why(failed.cause)
    if status in (404, 410):
        return "gone"
    return "ill" if status >= 500 else ""


def _status(method: str, url: str, policy: NetworkPolicy) -> int:
    request = Request(method, iri_to_uri(url), {"User-Agent": "layanan-kota-tautan/1", "Accept": "*/*"})
    try:
        return call(request, policy=policy, fresh=False, deadline_seconds=_SECONDS, limits=_LIMITS).status
    except CallError as failed:
        if failed.cause in (Cause.TOO_LARGE, Cause.TRUNCATED, Cause.ENCODING):
            return 200  # something is there
        raise


def _why(cause: Cause) -> str:
    match cause:
        case Cause.CONFIG:
            return "address"
        case Cause.FORBIDDEN_ADDRESS:
            return "forbidden"
        case Cause.DNS:
            return "dns"
        case Cause.CONNECT | Cause.TLS:
            return "refused"
        case _:
            return "silent"


def broken(upkeep: PageUpkeep | None) -> list[dict[str, Any]]:
    """The links to tell of: what is gone at once, what may have been a bad night from the second night on."""
    rows = upkeep.links if upkeep else []
    return [row for row in rows if row["cause"] in _GONE or row["times"] > 1]


def watched() -> list[Any]:
    """Live pages with words of their own, those whose links were asked longest ago first."""
    pages: list[Any] = []
    kinds: tuple[type[Page], ...] = (ServicePage, ContentPage, *_WORDS)
    for kind in kinds:
        pages += rows_of(kind).filter(live=True, alias_of__isnull=True).select_related("upkeep")
    never = timezone.now().replace(year=2000)
    return sorted(pages, key=lambda page: (getattr(_upkeep(page), "links_checked_at", None) or never, page.pk))


def rows_of(kind: type[Page]) -> QuerySet[Any]:
    rows: QuerySet[Any] = kind._default_manager.all()
    return rows


def _upkeep(page: Any) -> PageUpkeep | None:
    return getattr(page, "upkeep", None)


def check(page: Any, known: dict[str, str] | None = None) -> PageUpkeep:
    """Ask every link of this page and keep what did not answer. `known`: what was asked already in this run."""
    known = {} if known is None else known
    before = {row["url"]: row for row in getattr(_upkeep(page), "links", [])}
    rows = []
    for link in links_of(page):
        if link.url not in known:
            known[link.url] = ask(link.url)
        if cause := known[link.url]:
            times = before[link.url]["times"] + 1 if before.get(link.url, {}).get("cause") == cause else 1
            rows.append({"url": link.url, "field": link.field, "cause": cause, "times": times})
    row, _made = PageUpkeep.objects.update_or_create(
        page_id=page.pk, defaults={"links": rows, "links_checked_at": timezone.now()}
    )
    return row


def check_some(seconds: float) -> int:
    """For so long, but no page twice in twenty hours; returns how many pages were looked at."""
    end = time.monotonic() + seconds
    fresh = timezone.now() - timedelta(hours=20)
    known: dict[str, str] = {}
    done = 0
    for page in watched():
        asked = getattr(_upkeep(page), "links_checked_at", None)
        if time.monotonic() > end or (asked and asked > fresh):
            break
        check(page, known)
        done += 1
    return done
