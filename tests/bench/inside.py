"""What is measured inside the portal's own process: growing a city of real pages, search and publish at each size.

`python -m tests.bench.inside people` prints keys and a session as JSON; `... sizes 94,940` prints the rows of each size;
`... quality` prints the hits of search on each set of queries;
`... profile PATH|accepting` prints where the time goes.
"""

from __future__ import annotations

import cProfile
import io
import json
import os
import pstats
import random
import re
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from wagtail.models import Page  # noqa: E402

from accounts.models import User  # noqa: E402
from cms import publishing  # noqa: E402
from cms.models import DepartmentPage, ServicePage  # noqa: E402
from portal.lib import editions  # noqa: E402
from services.catalogue.models import Service  # noqa: E402
from services.catalogue.search import SearchQuery, search_services, suggest_services  # noqa: E402
from tests.bench.submissions import ANSWERS, SERVICE  # noqa: E402
from tests.search import quality  # noqa: E402
from tests.tokens import access_token_for  # noqa: E402

PATHS = {
    "home": "/",
    "list": "/layanan/",
    "search": "/layanan/?q=akta+kelahiran",
    "search with a typo": "/layanan/?q=akta+kelahran",
    "detail": "/layanan/akta-kelahiran/",
}
BEGUN = [asked.text[: max(3, len(asked.text) // 2)] for asked in quality.read()[::4]]
TEXTS = [*(asked.text for asked in quality.read()[::4]), *quality.HOSTILE]
INVENTED = 400
WORDS = {"rare word": "ambulans", "two words": "akta kelahiran", "typo": "akta kelahran", "while typing": "akta kel"}


def people(count: int = 8) -> dict[str, Any]:
    """Residents with a key each, and one open session."""
    keys = []
    for number in range(count):
        user, made = User.objects.get_or_create(email=f"bench-{number}@example.org", defaults={"name": f"Warga {number}"})
        if made:
            user.set_unusable_password()
            user.save()
        keys.append(access_token_for(user, lives=timedelta(days=1)))
    resident = User.objects.get(email="alice@example.org")
    session = SessionStore()
    session[SESSION_KEY] = str(resident.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = resident.get_session_auth_hash()
    session.create()
    return {"keys": keys, "session": session.session_key}


def _columns(table: str, *without: str) -> str:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    return ", ".join(connection.ops.quote_name(c.name) for c in found if c.name not in without)


def _indonesian() -> Any:
    return ServicePage.objects.filter(locale__language_code="id")


def grow(size: int) -> None:
    """Copy the city's service pages, as rows of the page tree, until there are `size`; then project them as always."""
    originals = list(_indonesian().filter(alias_of=None).exclude(code__contains="-x").order_by("pk"))
    have = _indonesian().count()
    columns = [f.column for f in ServicePage._meta.local_fields if f.column not in ("page_ptr_id", "code")]
    names = ", ".join(connection.ops.quote_name(c) for c in columns)
    indexed = _columns("wagtailsearch_indexentry", "id", "object_id")
    parents = {page.path: page for page in DepartmentPage.objects.all()}
    number, codes = have // len(originals), []
    with transaction.atomic():
        while have < size:
            pages, sources = [], []
            for original in originals[: size - have]:
                parent = parents[original.path[: -Page.steplen]]
                parent.numchild += 1
                step = Page._int2str(5000 + have + len(pages)).zfill(Page.steplen)  # type: ignore[attr-defined]
                values = {f.attname: getattr(original, f.attname) for f in Page._meta.local_fields if not f.primary_key}
                slug = f"{original.slug}-x{number}"
                values |= {
                    "path": parent.path + step,
                    "numchild": 0,
                    "slug": slug,
                    "title": f"{original.title} {number}",
                    "draft_title": f"{original.title} {number}",
                    "url_path": f"{parent.url_path}{slug}/",
                    "translation_key": uuid.uuid4(),
                    "latest_revision_id": None,
                    "live_revision_id": None,
                }
                pages.append(Page(**values))
                sources.append(original)
            made = Page.objects.bulk_create(pages)
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO cms_servicepage (page_ptr_id, code, {names})"
                    f" SELECT %s, %s, {names} FROM cms_servicepage WHERE page_ptr_id = %s",
                    [(p.pk, f"{s.code}-x{number}", s.pk) for p, s in zip(made, sources, strict=True)],
                )
                if connection.vendor == "postgresql":
                    cursor.executemany(
                        f"INSERT INTO wagtailsearch_indexentry (object_id, {indexed})"
                        f" SELECT %s, {indexed} FROM wagtailsearch_indexentry WHERE object_id = %s",
                        [(str(p.pk), str(s.pk)) for p, s in zip(made, sources, strict=True)],
                    )
            codes += [f"{s.code}-x{number}" for s in sources]
            have += len(made)
            number += 1
        for parent in parents.values():
            Page.objects.filter(pk=parent.pk).update(numchild=parent.numchild)
        publishing.sync(codes)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def quality_rows() -> dict[str, Any]:
    """Hits of search on each set of queries, by language."""
    codes = dict(Service.objects.values_list("pk", "code"))

    def rank(text: str) -> list[str]:
        return [codes[pk] for pk in search_services(SearchQuery(text)).ids]

    asked = quality.read()
    sets = {"tuned half": quality.tuned(asked), "held-out half": quality.held_out(asked)}
    sets |= {name.removesuffix(".txt"): quality.read(name) for name in quality.SETS if name != "queries.txt"}
    found: dict[str, Any] = {}
    for name, queries in sets.items():
        for language in ("id", "en"):
            figures = quality.measure([q for q in queries if q.language == language], rank)
            n = max(1, figures.asked)
            found[f"{name}, {language}"] = {
                "asked": figures.asked,
                "first": figures.first / n,
                "three": figures.among_three / n,
                "mrr": figures.reciprocal / n,
                "zero": figures.nothing / n,
                "misses": [(q.text, q.codes, got) for q, got in figures.misses],
            }
    return {"database": connection.vendor, "sets": found}


def invented(count: int = INVENTED, seed: int = 8) -> list[str]:
    """Queries that nobody wrote: words of all sets in any order, torn, doubled, with slips of the finger; the same in each run."""
    chance = random.Random(seed)
    words = sorted({word for name in quality.SETS for asked in quality.read(name) for word in asked.text.split()})

    def slip(word: str) -> str:
        at = chance.randrange(len(word))
        return chance.choice(
            [word, word, word[:at] + word[at + 1 :], word[:at] + chance.choice("aeiknrst") + word[at:], word[:at]]
        )

    made = []
    for _number in range(count):
        typed = [slip(word) for word in chance.choices(words, k=chance.choice([1, 2, 2, 3, 4, 8, 20]))]
        made.append(chance.choice([" ", " ", " ", "", "-"]).join(typed))
    return made


def _slowest_ms(act: Callable[[str], Any], texts: list[str]) -> float:
    """Of the first asking of each, nothing warmed."""
    slowest = 0.0
    for text in texts:
        begin = time.perf_counter()
        act(text)
        slowest = max(slowest, time.perf_counter() - begin)
    return slowest * 1000


def _p95_ms(act: Callable[[str], Any], texts: list[str]) -> float:
    act(texts[0])
    took = []
    for text in texts:
        begin = time.perf_counter()
        act(text)
        took.append(time.perf_counter() - begin)
    return sorted(took)[int(len(took) * 0.95)] * 1000


def _median_ms(act: Callable[[], Any], times: int) -> float:
    act()
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        took.append(time.perf_counter() - begin)
    return statistics.median(took) * 1000


def profiled(act: Callable[[], Any], times: int = 20) -> str:
    """The functions that took most of the time, callees included, ours first and foremost."""
    act()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        act()
    profile.disable()
    text = io.StringIO()
    stats = pstats.Stats(profile, stream=text)
    stats.sort_stats("cumtime").print_stats(r"/(portal|cms|services|accounts)/|execute|render\)|as_sql\)|loads\)", 16)
    lines = [line for line in text.getvalue().splitlines() if line.strip()]
    start = next(n for n, line in enumerate(lines) if "ncalls" in line)
    return "\n".join(
        re.sub(r"\S*/(site-packages|lib/python[\d.]+)/|\S*/(?=(portal|cms|services|accounts)/)", "", s)
        for s in lines[start:]
    )


def profile(what: str) -> str:
    """Of one page made afresh, or of `accepting` one application."""
    if what != "accepting":
        client = Client(headers={"host": "localhost"})
        return profiled(lambda: client.get(what))
    key = people(1)["keys"][0]
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {key}"})
    body = {"service": SERVICE, "answers": ANSWERS}

    def send() -> None:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = client.post("/api/v1/cases", body, content_type="application/json", headers=headers)
        if answer.status_code != 201:
            raise SystemExit(answer.content.decode())

    return profiled(send)


def _publish_and_find(page: ServicePage, word: str) -> None:
    """A new word is findable before the transaction of its publish has ended."""
    with transaction.atomic():
        page.title = f"Layanan {word}"
        page.save_revision().publish()
        wanted = Service.objects.get(code=page.code).pk
        if search_services(SearchQuery(word)).ids != (wanted,):
            raise SystemExit(f"{word} was published and not found")


def searched(text: str) -> object:
    return search_services(SearchQuery(text))


def suggested(text: str) -> object:
    return suggest_services(text, 6)


def rows_of(size: int, times: int) -> dict[str, Any]:
    grow(size)
    client = Client(headers={"host": "localhost"})
    pages: dict[str, Any] = {}
    for name, path in PATHS.items():
        caches[editions.CACHE].clear()
        client.get(path)
        caches[editions.CACHE].clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        afresh = len(captured)  # at once: the next request empties the log
        fresh = f"{path}{'&' if '?' in path else '?'}bench=1"
        client.get(path)
        with CaptureQueriesContext(connection) as kept:
            client.get(path)
        pages[name] = {
            "queries": afresh,
            "kept_queries": len(kept),
            "ms": _median_ms(lambda fresh=fresh: client.get(fresh), times),  # type: ignore[misc]
            "kept_ms": _median_ms(lambda path=path: client.get(path), times),  # type: ignore[misc]
        }
    found: dict[str, Any] = {}
    for name, typed in WORDS.items():
        ours = suggested if name == "while typing" else searched
        found[name] = {
            "ours_ms": _median_ms(lambda words=typed, ours=ours: ours(words), times),  # type: ignore[misc]
            "wagtail_ms": _median_ms(
                lambda words=typed: list(ServicePage.objects.live().search(words)[:20]),  # type: ignore[misc]
                max(3, times // 3),
            ),
        }
    page = _indonesian().get(code="akta-kematian")
    words = (f"kata{size}x{number}" for number in range(1000))
    slowest = _slowest_ms(lambda text: search_services(SearchQuery(text)), [*invented(), *TEXTS])
    publish = _median_ms(lambda: _publish_and_find(page, next(words)), max(3, times // 5))
    return {
        "services": Service.objects.filter(is_public=True).count(),
        "pages": _indonesian().count(),
        "database": connection.vendor,
        "queries_and_time": pages,
        "search": found,
        "publish_to_findable_ms": publish,
        "any_query_p95_ms": _p95_ms(lambda text: search_services(SearchQuery(text)), TEXTS),
        "any_query_most_ms": slowest,
        "suggestions_p95_ms": _p95_ms(
            lambda text: suggest_services(text, 6),
            BEGUN,
        ),
        "search_profile": profiled(lambda: [search_services(SearchQuery(words)) for words in WORDS.values()]),
    }


def main() -> None:
    if sys.argv[1] == "people":
        print(json.dumps(people()))
        return
    if sys.argv[1] == "quality":
        print(json.dumps(quality_rows()))
        return
    if sys.argv[1] == "profile":
        print(profile(sys.argv[2]))
        return
    times = int(sys.argv[3])
    print(json.dumps([rows_of(int(size), times) for size in sys.argv[2].split(",")]))


if __name__ == "__main__":
    main()
