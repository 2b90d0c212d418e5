"""Whole pages for visitors without a session, exact at every moment: docs/explanation/page-cache.md.

A kept page carries the edition (`portal.lib.editions`) that was current before its first row was read. It is served
while that is the edition, and never otherwise; nothing has to be purged.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags, quote_etag

from portal.lib import editions

MAX_QUERY = 200
MAX_BYTES = 2 * 1024 * 1024
# Set by middleware further out on kept and fresh answers alike, or made anew for each answer.
_NOT_KEPT = {"content-length", "vary", "cache-control", "expires", "etag", "content-encoding"}


@dataclass(frozen=True)
class KeptPage:
    edition: str
    headers: tuple[tuple[str, str], ...]
    etag: str
    packed: bytes  # gzip
    cache_control: str


class PageCacheMiddleware:
    """Answers from the cache before sessions, CSRF and accounts are looked at; keeps what `public_page` views answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_stranger(request):
            return self.get_response(request)
        key = _key(request)
        page, word = _look_up(key)
        if page is not None and page.edition == editions.known(word):
            return _answer(request, page, "hit")
        response = self.get_response(request)
        edition: str | None = getattr(request, "edition_before", None)
        if edition is None or not _may_be_kept(response):
            return response
        made = _keep(key, edition, response, word_missing=word is None)
        return _answer(request, made, "miss")

    def process_view(self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The edition is noted before the view reads anything: a page that is overtaken is kept under a past edition."""
        allowed = getattr(view, "public_parameters", None)
        if allowed is not None and _is_stranger(request) and _names(request) <= allowed:
            request.edition_before = editions.current()  # type: ignore[attr-defined]


def _is_stranger(request: HttpRequest) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and len(request.META.get("QUERY_STRING", "")) <= MAX_QUERY
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "messages" not in request.COOKIES
        and "HTTP_AUTHORIZATION" not in request.META
    )


def _names(request: HttpRequest) -> set[str]:
    pairs = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)
    return {name for name, _value in pairs}


def _key(request: HttpRequest) -> str:
    """Host, scheme, path and query as they came: two spellings of one query are two pages, never one mixed up."""
    parts = (release(), request.scheme or "", request.get_host(), request.path, request.META.get("QUERY_STRING", ""))
    return "page." + hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@once
def release() -> str:
    """A digest of everything but the rows that a page is made from: code, templates, words, styles, the city's names."""
    digest = hashlib.sha256()
    for folder in ("portal", "cms", "services", "accounts", "templates"):
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*")):
            if path.suffix in (".py", ".txt", ".html", ".xml", ".mo", ".css", ".js", ".svg"):
                digest.update(str(path.relative_to(settings.BASE_DIR)).encode() + path.read_bytes())
    for name in (
        "CITY_NAME",
        "PORTAL_NAME",
        "PORTAL_TAGLINE",
        "PORTAL_TAGLINE_EN",
        "PUBLIC_URL",
        "SOURCE_CODE_URL",
        "DEMO",
        "STATIC_URL",
    ):
        digest.update(repr(getattr(settings, name)).encode())
    return digest.hexdigest()[:16]


def _look_up(key: str) -> tuple[KeptPage | None, str | None]:
    """The kept page and the cache's word of the edition."""
    found = caches[editions.CACHE].get_many([key, editions.WORD])
    page = found.get(key)
    return (page if isinstance(page, KeptPage) else None), found.get(editions.WORD)


def _may_be_kept(response: HttpResponse) -> bool:
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and "no-store" not in response.get("Cache-Control", "")
        and "private" not in response.get("Cache-Control", "")
        and not response.has_header("Content-Encoding")
        and len(response.content) <= MAX_BYTES
    )


def _keep(key: str, edition: str, response: HttpResponse, *, word_missing: bool) -> KeptPage:
    body = response.content
    etag = response.get("ETag") or quote_etag(hashlib.sha256(body).hexdigest()[:24])
    page = KeptPage(
        edition,
        tuple((name, value) for name, value in response.items() if name.lower() not in _NOT_KEPT),
        f"W/{etag.removeprefix('W/')}",
        gzip.compress(body, 6, mtime=0),
        response.get("Cache-Control", "public, max-age=0, must-revalidate"),
    )
    cache = caches[editions.CACHE]
    cache.set(key, page, settings.PAGE_CACHE_SECONDS)
    if word_missing and settings.CACHE_IS_SHARED:
        editions.first_word(cache)
    return page


def _answer(request: HttpRequest, page: KeptPage, how: str) -> HttpResponse:
    """304, gzip or plain, as asked. `X-Accel-Expires` is nginx's own leave: it may keep the answer for one second."""
    asked = {etag.removeprefix("W/") for etag in parse_etags(request.headers.get("If-None-Match", ""))}
    if asked & {"*", page.etag.removeprefix("W/")}:
        response: HttpResponse = HttpResponseNotModified()
    elif _takes_gzip(request):
        response = HttpResponse(page.packed)
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(gzip.decompress(page.packed))
    for name, value in page.headers:
        if response.status_code == 200 or name.lower() not in ("content-type", "content-language"):
            response[name] = value
    response["ETag"] = page.etag
    response["Vary"] = "Accept-Encoding, Cookie"
    response["Cache-Control"] = page.cache_control
    response["X-Accel-Expires"] = str(settings.PAGE_CACHE_NGINX_SECONDS)
    response["X-Page-Cache"] = how
    if response.status_code == 200:
        response["Content-Length"] = str(len(response.content))
    return response


def _takes_gzip(request: HttpRequest) -> bool:
    for entry in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = entry.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
