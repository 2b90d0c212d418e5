"""Links between the words that people use and those of offices: proposed by editors, used once a reviewer approves them.

The stock of links comes with the code (`seeds/words.txt`) and with a city's data; a link of the stock that somebody has
retired stays retired.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from portal.lib import editions
from services.catalogue import indexing
from services.catalogue.models import Service, WordLink
from services.catalogue.words import STOP, plain_words

STOCK = Path(__file__).parent / "seeds" / "words.txt"
MOST_WORDS = 5
State = WordLink.State


class NotALink(ValueError):
    """The words cannot be linked; the message says why, for people."""


def folded(text: str) -> str:
    """Words as a link keeps them; empty when there is nothing to link."""
    return " ".join(plain_words(text))[:60].strip()


def read_stock(text: str) -> list[tuple[str, str, bool]]:
    """(words, means, is loose) of each link in the text of a seed file."""
    found: dict[tuple[str, str], bool] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        loose = "~" in line
        means, _sign, words = line.partition("~" if loose else "=")
        for one in words.split(","):
            key = (folded(one), folded(means))
            if key[0] and key[0] != key[1]:
                found[key] = loose and found.get(key, True)
    return [(words, means, loose) for (words, means), loose in found.items()]


@transaction.atomic
def seed() -> int:
    """Add the links of the stock that the database has never had. Returns how many."""
    links = read_stock(STOCK.read_text("utf-8"))
    return _add([_stock(words, means=means, is_loose=loose) for words, means, loose in links])


def after_migrate(**_: Any) -> None:
    """The stock is there as soon as its table is (and again after a test has emptied it)."""
    if "catalogue_wordlink" in connection.introspection.table_names():
        seed()


@transaction.atomic
def seed_for_services(words: dict[str, Iterable[str]]) -> int:
    """The same for links from words to services, by the code of the service; unknown codes are left out."""
    services = {s.code: s for s in Service.objects.filter(code__in=words)}
    links = [
        _stock(w, service=services[code])
        for code, found in words.items()
        if code in services
        for w in map(folded, found)
        if w
    ]
    added = _add(links)
    indexing.index_services(s for s in services.values() if s.is_public)
    return added


def approved() -> list[dict[str, Any]]:
    """Every link in use, as plain values: `words`, and either `means` or the code of a public `service`."""
    used = WordLink.objects.filter(Q(service=None) | Q(service__is_public=True), state=State.APPROVED)
    rows = used.order_by("words", "means", "service__code").values_list("words", "means", "service__code", "is_loose")
    return [dict(zip(("words", "means", "service", "is_loose"), row, strict=True)) for row in rows]


@transaction.atomic
def bring(rows: Iterable[dict[str, Any]]) -> int:
    """Add what `approved` gave elsewhere; links that are here stay as they are. Returns how many are new."""
    services = {s.code: s for s in Service.objects.all()}
    return _add(
        [
            _stock(
                folded(row["words"]),
                means=folded(row["means"]),
                service=services.get(row["service"]),
                is_loose=row["is_loose"],
            )
            for row in rows
            if folded(row["words"]) and (row["means"] if row["service"] is None else row["service"] in services)
        ]
    )


def _stock(words: str, *, means: str = "", service: Service | None = None, is_loose: bool = False) -> WordLink:
    return WordLink(words=words, means=means, service=service, is_loose=is_loose, state=State.APPROVED, is_stock=True)


def _add(links: list[WordLink]) -> int:
    known = set(WordLink.objects.values_list("words", "means", "service_id"))
    missing = {(k.words, k.means, k.service_id): k for k in links if (k.words, k.means, k.service_id) not in known}
    WordLink.objects.bulk_create(missing.values(), batch_size=400)
    return len(missing)


@transaction.atomic
def propose_link(words: str, *, means: str = "", service: Service | None = None, by: User) -> WordLink:
    """A link that waits for a reviewer; what was refused or retired before waits anew. Raises `NotALink`."""
    words, means = folded(words), folded(means)
    if not words or all(w in STOP for w in words.split()):
        raise NotALink("words")
    if len(words.split()) > MOST_WORDS:
        raise NotALink("long")
    if (service is None) == (not means) or words == means:
        raise NotALink("means")
    link, made = WordLink.objects.get_or_create(words=words, means=means, service=service, defaults={"proposed_by": by})
    if not made and link.state in (State.REFUSED, State.RETIRED):
        link.state, link.proposed_by, link.decided_by, link.decided_at = State.PROPOSED, by, None, None
        link.save()
    return link


@transaction.atomic
def decide_link(link_id: int, *, approve: bool, by: User) -> WordLink | None:
    """Approve or refuse a proposed link. Not one's own; None when somebody else was faster. Search follows at once."""
    link = WordLink.objects.select_for_update().filter(pk=link_id, state=State.PROPOSED).exclude(proposed_by=by).first()
    if link is None:
        return None
    return _set(link, State.APPROVED if approve else State.REFUSED, by)


@transaction.atomic
def retire_link(link_id: int, *, by: User) -> WordLink | None:
    """Search no longer uses this link."""
    link = WordLink.objects.select_for_update().filter(pk=link_id, state=State.APPROVED).first()
    return _set(link, State.RETIRED, by) if link else None


def _set(link: WordLink, state: WordLink.State, by: User) -> WordLink:
    link.state, link.decided_by, link.decided_at = state, by, timezone.now()
    link.save()
    if link.service and link.service.is_public:
        indexing.index_services([link.service])
    editions.announce()
    return link
