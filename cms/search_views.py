"""Finding a service: the list with search and filters, suggestions while typing, guides, and the counting of searches.

They read the catalogue, never the page tree. Odd input is ignored and said so, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from portal.lib import languages, throttle
from portal.lib.crypto import blind_index
from portal.lib.public_pages import public_page
from services.catalogue import counting, guides, queries
from services.catalogue.highlight import marked
from services.catalogue.journeys.queries import journeys_about
from services.catalogue.models import ServiceText
from services.catalogue.search import MAX_QUERY_LENGTH, SearchQuery, SearchResult, search_services, suggest_services
from services.catalogue.site_pages import search_pages
from services.catalogue.words import edit_distance, plain_words

PAGE_SIZE = 20
SUGGESTIONS = 6
MOST_DROPS, MOST_WIDER = 8, 6  # what is tried for a search without a hit
COUNTED_A_MINUTE = 60  # searches and clicks of one address; it is kept for this minute only, in the cache
ONE_PERSON_SECONDS = 3600
_WORDS = re.compile(r"[^\W_]+")
# Name in the address -> field of the filter.
FILTERS = {
    "kebutuhan": "need",
    "kategori": "category",
    "peristiwa": "life_event",
    "cara": "channel",
    "dinas": "department",
}
WIDER = [
    (gettext_lazy("akta"), "akta"),
    (gettext_lazy("izin"), "izin"),
    (gettext_lazy("bantuan"), "bantuan sosial"),
    (gettext_lazy("pajak"), "pajak"),
    (gettext_lazy("kesehatan"), "kesehatan"),
]


@dataclass(frozen=True)
class Chip:
    name: str
    url: str


def _values(query: QueryDict, name: str) -> list[str]:
    return list(dict.fromkeys(v.strip() for v in query.getlist(name) if v.strip()))[:20]


def _read_filter(query: QueryDict, known: dict[str, dict[str, str]]) -> tuple[queries.ServiceFilter, list[str]]:
    """The filter that the address asks for, and the values nobody knows."""
    values: dict[str, tuple[str, ...]] = dict.fromkeys(FILTERS.values(), ())
    unknown: list[str] = []
    for name, field in FILTERS.items():
        if field not in known:
            continue
        given = [v.upper() if field == "channel" else v.lower() for v in _values(query, name)]
        values[field] = tuple(v for v in given if v in known[field])
        unknown += [v for v in given if v not in known[field]]
    free = query.get("gratis") in ("1", "ya", "on")
    odd = str(query.get("gratis", ""))
    if odd not in ("", "0", "1", "ya", "on"):
        unknown.append(odd[:60])
    return queries.ServiceFilter(
        category=values["category"],
        life_event=values["life_event"],
        need=values["need"],
        department=values["department"],
        channel=values["channel"],
        free=free,
    ), unknown


def _without(query: QueryDict, name: str, value: str = "") -> str:
    rest = query.copy()
    rest.pop("hal", None)
    left = [v for v in rest.getlist(name) if value and v.strip().lower() != value.lower()]
    rest.setlist(name, left)
    return f"?{rest.urlencode()}"


def _chips(query: QueryDict, chosen: queries.ServiceFilter, known: dict[str, dict[str, str]]) -> list[Chip]:
    chips = [
        Chip(known[field][value], _without(query, name, value))
        for name, field in FILTERS.items()
        for value in getattr(chosen, field)
    ]
    if chosen.free:
        chips.append(Chip(_("Hanya yang gratis"), _without(query, "gratis")))
    return chips


def _drops(
    query: QueryDict, chosen: queries.ServiceFilter, known: dict[str, dict[str, str]], ids: list[int] | None
) -> list[tuple[Chip, int]]:
    """Of the filters that together leave nothing those without which something is left, and how much."""
    language = languages.active()
    less = [
        (
            Chip(known[field][value], _without(query, name, value)),
            _but(chosen, field, value),
        )
        for name, field in FILTERS.items()
        for value in getattr(chosen, field)
    ]
    if chosen.free:
        less.append((Chip(_("Hanya yang gratis"), _without(query, "gratis")), replace(chosen, free=False)))
    counts = [(chip, queries.list_services(rest, language=language, ids=ids).count()) for chip, rest in less[:MOST_DROPS]]
    return [(chip, left) for chip, left in counts if left]


def _but(chosen: queries.ServiceFilter, field: str, value: str) -> queries.ServiceFilter:
    left: dict[str, Any] = {field: tuple(one for one in getattr(chosen, field) if one != value)}
    return replace(chosen, **left)


def _wider(text: str) -> list[tuple[str, str]]:
    """Words of a search without a hit that find something alone; of one that has none, what most people look for."""
    words = list(dict.fromkeys(_WORDS.findall(text.lower())))[:MOST_WIDER]
    alone = [word for word in words if len(word) > 2 and word != text.lower() and search_services(SearchQuery(word)).ids]
    return [(word, word) for word in alone] or [(str(label), word) for label, word in WIDER if word not in words]


@public_page("q", "hal", "gratis", *FILTERS)
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """Every service, or what a search found, narrowed by filters. Odd input is ignored and said so, never an error."""
    text = _typed(request)
    language = languages.active()
    known = queries.known_values((field for name, field in FILTERS.items() if name in request.GET), language)
    chosen, unknown = _read_filter(request.GET, known)
    found: SearchResult | None = search_services(SearchQuery(text)) if text else None
    ids = list(found.ids) if found else None
    if found:
        rows = {t.service_id: t for t in queries.list_services(chosen, language=language, ids=ids)}
        paginator = Paginator([rows[i] for i in found.ids if i in rows], PAGE_SIZE)
    else:
        paginator = Paginator(queries.list_services(chosen, language=language), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("hal"))
    total = paginator.count
    seen = _read_words(page.object_list) if found else {}
    return render(
        request,
        "catalogue/list.html",
        {
            "nav": "layanan",
            "q": text,
            "found": found,
            "page": page,
            "hits": [_hit(row, found) for row in page.object_list],
            "also": [_as_read(word, seen) for word in found.also if _tells(text, word, seen)] if found else [],
            "corrected": [(typed, _as_read(word, seen)) for typed, word in found.corrected.items()] if found else [],
            "total": total,
            "others": search_pages(text, language) if found and page.number == 1 else [],
            "facets": _with_picked(queries.facets(chosen, language=language, ids=ids), chosen, known),
            "chosen": chosen,
            "picked": sum(len(getattr(chosen, f)) for f in FILTERS.values()) + chosen.free,
            "needs": chosen.need,
            "journeys": journeys_about(language, events=chosen.life_event, needs=chosen.need),
            "chips": _chips(request.GET, chosen, known),
            "unknown": unknown,
            "without_filters": _only_text(text) if text else reverse("services"),
            "wider": [] if total else _wider(text),
            "drops": [] if total else _drops(request.GET, chosen, known, ids),
            "complaint": queries.complaint_service(language) if not total else None,
            "canonical": "/layanan/",
            "noindex": bool(text or chosen or page.number > 1),
        },
    )


def _with_picked(facets: queries.Facets, chosen: queries.ServiceFilter, known: dict[str, dict[str, str]]) -> queries.Facets:
    """A value that was picked stays in its box when nothing fits it: pressing the button must not lose it."""

    def whole(field: str) -> tuple[queries.Option, ...]:
        options: tuple[queries.Option, ...] = getattr(facets, field)
        there = {option.value for option in options}
        lost = [queries.Option(v, known[field][v], 0, True) for v in getattr(chosen, field) if v not in there]
        return (*options, *lost)

    return replace(
        facets,
        category=whole("category"),
        life_event=whole("life_event"),
        department=whole("department"),
        channel=whole("channel"),
    )


def _typed(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", " ").strip()[:MAX_QUERY_LENGTH]


@dataclass(frozen=True)
class Hit:
    """A row of the list: the text, its name and summary in pieces of which some were looked for, and why it is here."""

    text: ServiceText
    name: list[tuple[str, bool]]
    summary: list[tuple[str, bool]]
    why: list[tuple[str, str]]  # typed, found by
    is_linked: bool = False  # nothing that can be read here says why: editors linked the words to it, or its topic has them


def _hit(text: ServiceText, found: SearchResult | None) -> Hit:
    if found is None:
        return Hit(text, [(text.name, False)], [(text.summary, False)], [])
    read = _read_words([text])
    reasons = found.reasons.get(text.service_id, {}).items()
    why = [(typed, _as_read(word, read)) for typed, word in reasons if _tells(typed, word, read)]
    name, summary = marked(text.name, found.words), marked(text.summary, found.words)
    is_linked = not why and not any(looked_for for _piece, looked_for in (*name, *summary))
    return Hit(text, name, summary, why[:2], is_linked)


def _read_words(texts: Iterable[ServiceText]) -> dict[str, str]:
    """What people read of these services here, folded -> as it is written. The index has the words of the other language too,
    and words nobody writes."""
    written = (word for t in texts for line in (t.name, t.summary) for word in _WORDS.findall(line.lower()))
    return {folded: word for word in written for folded in plain_words(word)}


def _tells(typed: str, word: str, read: Mapping[str, str]) -> bool:
    """Is it worth saying that `typed` was read as `word`? Not for another spelling of it, nor for a word nobody sees here."""
    words = plain_words(word)
    return any(one in read for one in words) and all(edit_distance(one, "".join(words), 1) > 1 for one in plain_words(typed))


def _as_read(word: str, read: Mapping[str, str]) -> str:
    return " ".join(read.get(one, one) for one in plain_words(word))


def _only_text(text: str) -> str:
    query = QueryDict(mutable=True)
    query["q"] = text
    return f"?{query.urlencode()}"


@public_page("q")
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """The services that may be meant so far, as a fragment for the field of search; empty when nothing is."""
    language = languages.active()
    ids = suggest_services(_typed(request), SUGGESTIONS)
    rows = (
        {t.service_id: t for t in queries.list_services(queries.ServiceFilter(), language=language, ids=ids)} if ids else {}
    )
    return render(request, "catalogue/suggestions.html", {"texts": [rows[i] for i in ids if i in rows]})


@csrf_exempt  # pages with a search set no cookie; what another site could do here is to count
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """Count a search (`q`), or that a service (`kode`) was opened from it. Always 204: nobody waits for the answer."""
    origin = request.headers.get("Origin", "")
    from_us = not origin or urlsplit(origin).netloc == request.get_host()
    address = request.META.get("REMOTE_ADDR", "")
    if from_us and not throttle.too_many(f"hitung:{address}", limit=COUNTED_A_MINUTE, seconds=60):
        text, code = (request.POST.get(n) or request.GET.get(n) or "" for n in ("q", "kode"))
        if code:
            counting.count_click(text, code)
        elif (words := counting.countable(text)) and not _countsalready(address, words):
            counting.count_search(text, found=search_services(SearchQuery(text)).total)
    return HttpResponse(status=204)


def _countsalready(address: str, words: str) -> bool:
    """One person who reloads or narrows a search is not many. Remembered for an hour in the cache, as a keyed digest."""
    key = blind_index(f"{address} {words}", purpose="searches")
    return throttle.too_many(f"hitung-kata:{key}", limit=1, seconds=ONE_PERSON_SECONDS)


@public_page()
@require_safe
def guide_list(request: HttpRequest) -> HttpResponse:
    context = {"needs": guides.needs_with_guides(), "nav": "layanan", "canonical": "/pandu/"}
    return render(request, "catalogue/guides.html", context)


@public_page("j")
@require_safe
def guide(request: HttpRequest, need: str) -> HttpResponse:
    """A question of a guide with its answers as links, or the services that they lead to. `j`: answers so far, `2.1`."""
    found = guides.guide_of(need)
    if found is None:
        raise Http404("no guide for this need")
    row, question = found
    language = languages.active()
    chosen = [
        int(n) if n.isdecimal() and n.isascii() and len(n) < 4 else 0 for n in request.GET.get("j", "").split(".")[:9] if n
    ]
    step = guides.step(question, chosen)
    so_far = [".".join(map(str, chosen[:n])) for n in range(len(step.said))]
    here = "".join(f"{n}." for n in chosen[: len(step.said)])
    return render(
        request,
        "catalogue/guide.html",
        {
            "need": row,
            "question": step.question.label(language) if step.question else "",
            "answers": [(f"{here}{n}", a.label(language)) for n, a in enumerate(step.question.answers, 1)]
            if step.question
            else [],
            "said": [(q.label(language), a.label(language), back) for (q, a), back in zip(step.said, so_far, strict=True)],
            "texts": guides.services_of(step.codes, language) if step.codes else [],
            "nav": "layanan",
            "canonical": f"/pandu/{row.slug}/",
            "noindex": bool(step.said),
        },
    )
