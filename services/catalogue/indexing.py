"""The search index, kept in the transaction that publishes: what is live is found at once.

One entry a service with the words of all its languages; one row a word, with the weight of the best line it stands in; and
one row for each word as people write it (`SearchTerm`), which says how many entries have its root.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from portal.lib.languages import DEFAULT
from services.catalogue.models import (
    Category,
    Department,
    LifeEvent,
    Notice,
    SearchEntry,
    SearchTerm,
    SearchWord,
    Service,
    ServiceText,
    SitePage,
    WordLink,
)
from services.catalogue.words import LONGEST, STOP, index_word, index_words, plain_words

# What a word weighs in each kind of line.
WEIGHTS = {
    "name": 5.0,
    "synonym": 4.0,
    "english": 4.0,
    "link": 3.5,
    "summary": 2.0,
    "event": 1.2,
    "topic": 1.2,
    "content": 0.7,
}
PHRASES = ("synonym", "link")
SHARED = 0.4
TELLING_ABOVE = WEIGHTS[
    "topic"
]  # a word of a name, synonym, link or summary tells more than one of life events, topics or papers
_BATCH = 200  # a transaction that thinks for ten seconds without a statement is ended by the database

Line = list[object]  # [kind, [word, ...]]


def index_services(services: Iterable[Service]) -> None:
    """Make the index of these public services say what their texts and the approved links say."""
    wanted = sorted(services, key=lambda s: s.pk)
    categories = dict(Category.objects.values_list("pk", "name"))
    owners = {pk: f"{short} {name}" for pk, short, name in Department.objects.values_list("pk", "short_name", "name")}
    events = dict(LifeEvent.objects.values_list("pk", "name"))
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        ids = [s.pk for s in batch]
        texts: dict[int, list[ServiceText]] = {}
        for text in ServiceText.objects.filter(service_id__in=ids).order_by("language"):
            texts.setdefault(text.service_id, []).append(text)
        links: dict[int, list[str]] = {}
        approved = WordLink.objects.filter(service_id__in=ids, state=WordLink.State.APPROVED).order_by("words")
        for service_id, words in approved.values_list("service_id", "words"):
            links.setdefault(int(service_id or 0), []).append(words)
        lived: dict[int, list[str]] = {}
        through = Service.life_events.through._default_manager.filter(service_id__in=ids)
        for service_id, event in through.values_list("service_id", "lifeevent_id").order_by("lifeevent__slug"):
            lived.setdefault(service_id, []).append(events[event])
        lines = {
            s.pk: _lines(
                texts.get(s.pk, []),
                topic=f"{categories.get(s.category_id or 0, '')} {owners.get(s.department_id, '')}",
                events=lived.get(s.pk, []),
                links=links.get(s.pk, []),
            )
            for s in batch
        }
        _replace(lines, [t for found in texts.values() for t in found], links)


def _lines(texts: Sequence[ServiceText], *, topic: str, events: Sequence[str], links: Sequence[str]) -> list[Line]:
    """The searchable lines of a service: the words of every language together, so that either language finds it."""
    original = next((t for t in texts if t.language == DEFAULT), None)
    if original is None:
        return []
    lines: list[Line] = [["name", index_words(original.name)]]
    lines += [["english", index_words(t.name)] for t in texts if t is not original]
    synonyms = dict.fromkeys(s for t in texts for s in t.synonyms)
    lines += [["synonym", index_words(s)] for s in synonyms]
    lines += [["link", index_words(words)] for words in links]
    lines += [["summary", index_words(t.summary)] for t in texts]
    lines += [["event", index_words(name)] for name in events]
    content = original.content
    lines += [
        ["topic", index_words(f"{topic} {content.get('app', '')}")],
        ["content", index_words(f"{content.get('product', '')} {' '.join(content.get('requirements', []))}")],
    ]
    return [line for line in lines if line[1]]


def _replace(lines: Mapping[int, list[Line]], texts: Sequence[ServiceText], links: Mapping[int, list[str]]) -> None:
    old = _counted(SearchWord.objects.filter(entry__service_id__in=lines).values_list("word", "weight"))
    SearchEntry.objects.filter(service_id__in=lines).delete()
    entries = [SearchEntry(service_id=pk, language=DEFAULT, lines=found) for pk, found in lines.items() if found]
    rows: list[SearchWord] = []
    for entry in SearchEntry.objects.bulk_create(entries, batch_size=100):
        rows += [SearchWord(entry=entry, word=word, weight=weight) for word, weight in weights_of(entry.lines).items()]
    SearchWord.objects.bulk_create(rows, batch_size=400)
    new = _counted((row.word, row.weight) for row in rows)
    written = {w for t in texts for s in (t.name, t.summary, *t.synonyms) for w in plain_words(s)}
    written |= {w for found in links.values() for s in found for w in plain_words(s)}
    _count(new, old, written)


def weights_of(lines: Sequence[Line]) -> dict[str, float]:
    """Each word with the weight of the best line that it stands in."""
    best: dict[str, float] = {}
    for kind, words in lines:
        weight = WEIGHTS[str(kind)]
        if kind in PHRASES:  # one word of a phrase says less than the phrase
            weight *= len(words) ** -SHARED  # type: ignore[arg-type]
        for word in words:  # type: ignore[attr-defined]
            if best.get(word, 0.0) < weight:
                best[word] = weight
    return dict(sorted(best.items()))


Counts = Mapping[str, tuple[int, int]]  # word -> how many entries have it, how many of them in a telling line


def _counted(rows: Iterable[tuple[str, float]]) -> Counts:
    """`rows`: word and weight, one for each entry that has the word."""
    every: Counter[str] = Counter()
    telling: Counter[str] = Counter()
    for word, weight in rows:
        every[word] += 1
        telling[word] += weight > TELLING_ABOVE
    return {word: (number, telling[word]) for word, number in every.items()}


def _count(new: Counts, old: Counts, written: Iterable[str]) -> None:
    """Words come and go; only those whose number changes are touched, so two publishers seldom wait for each other."""
    change = {
        word: (more[0] - less[0], more[1] - less[1])
        for word in new.keys() | old.keys()
        if (more := new.get(word, (0, 0))) != (less := old.get(word, (0, 0)))
    }
    forms = {word: index_word(word) for word in written if word not in STOP}
    forms |= {word: word for word in change}
    known = set(SearchTerm.objects.filter(word__in=forms).values_list("word", flat=True))
    missing = [SearchTerm(word=w[:LONGEST], root=r[:LONGEST]) for w, r in sorted(forms.items()) if w not in known]
    SearchTerm.objects.bulk_create(missing, batch_size=400, ignore_conflicts=True)
    by_difference: dict[tuple[int, int], list[str]] = {}
    for word, difference in sorted(change.items()):
        by_difference.setdefault(difference, []).append(word)
    for (entries, telling), words in sorted(by_difference.items()):
        for start in range(0, len(words), 400):
            SearchTerm.objects.filter(word__in=words[start : start + 400]).update(
                entries=F("entries") + entries, telling=F("telling") + telling
            )


@transaction.atomic
def drop_services(ids: Sequence[int]) -> None:
    """Take services out of the index."""
    old = _counted(SearchWord.objects.filter(entry__service_id__in=ids).values_list("word", "weight"))
    SearchEntry.objects.filter(service_id__in=ids).delete()
    _count({}, old, ())


@transaction.atomic
def count_terms_anew() -> None:
    """The counts from the words themselves; terms that nothing has any more go. For a rebuild of the catalogue."""
    counted = _counted(SearchWord.objects.order_by().values_list("word", "weight"))
    SearchTerm.objects.exclude(root__in=counted).delete()
    wrong = []
    for term in SearchTerm.objects.all():
        now = counted.get(term.word, (0, 0)) if term.word == term.root else (0, 0)
        if (term.entries, term.telling) != now:
            term.entries, term.telling = now
            wrong.append(term)
    SearchTerm.objects.bulk_update(wrong, ["entries", "telling"], batch_size=200)


@dataclass(frozen=True)
class PageText:
    """A page or notice of the portal that is no service, in one language."""

    path: str
    language: str
    title: str
    summary: str = ""
    text: str = ""
    kind: str = SitePage.Kind.PAGE


@transaction.atomic
def index_pages(pages: Iterable[PageText]) -> None:
    """These are all the content pages there are. What is the same as before is not touched."""
    known = {(row.path, row.language): row for row in SitePage.objects.filter(kind=SitePage.Kind.PAGE)}
    for page in pages:
        row = known.pop((page.path, page.language), None) or SitePage(path=page.path, language=page.language)
        before = (row.pk, row.kind, row.title, row.summary, row.lines)
        _describe(row, page)
        if before != (row.pk, row.kind, row.title, row.summary, row.lines) or row.pk is None:
            row.save()
    SitePage.objects.filter(pk__in=[row.pk for row in known.values()]).delete()


@transaction.atomic
def index_notices(ids: Iterable[int] | None = None) -> None:
    """Make search find these notices while they show, in each of their languages, and no longer; None: all there are."""
    rows = SitePage.objects.filter(kind=SitePage.Kind.NOTICE)
    notices = Notice.objects.all()
    if ids is not None:
        wanted = list(ids)
        rows, notices = rows.filter(path__in=map(notice_path, wanted)), notices.filter(pk__in=wanted)
    rows.delete()
    made = []
    for notice in notices.filter(state=Notice.State.SHOWING).order_by("pk"):
        texts = [(DEFAULT, notice.title, notice.text)]
        if notice.title_en and notice.text_en:
            texts.append(("en", notice.title_en, notice.text_en))
        for language, title, text in texts:
            page = PageText(notice_path(notice.pk), language, title, text, kind=SitePage.Kind.NOTICE)
            made.append(_describe(SitePage(path=page.path, language=language), page))
    SitePage.objects.bulk_create(made)


def notice_path(number: int) -> str:
    """Where a notice is read: its place on the page of how services stand."""
    return f"/status/#pengumuman-{number}"


def _describe(row: SitePage, page: PageText) -> SitePage:
    address = page.path if page.kind == SitePage.Kind.PAGE else ""
    lines: list[Line] = [
        ["name", index_words(page.title)],
        ["synonym", index_words(address)],
        ["summary", index_words(page.summary)],
        ["content", index_words(page.text)[:400]],
    ]
    row.kind, row.title, row.summary = page.kind, page.title[:255], page.summary[:400]
    row.lines = [line for line in lines if line[1]]
    row.words = f" {' '.join(weights_of(row.lines))} "
    return row
