"""What stands on the home page: its blocks put together with what the catalogue has, in the language of the reader.

Order, choices and addresses are the Indonesian page's. Words come from the page in the reader's language, block by block and
row by row (a translation keeps their ids); else they are shown in Indonesian and marked so; else they are the portal's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cms.home_blocks import own_path
from cms.models import HomePage
from cms.rows import web
from portal.lib import languages
from services.catalogue import figures, notices, queries
from services.catalogue.journeys.queries import Said, public_journeys

Row = dict[str, Any]

POPULAR = [
    ("Akta kelahiran", "Birth certificate", "akta kelahiran"),
    ("KTP hilang", "Lost identity card (KTP)", "KTP hilang"),
    ("PBB", "PBB", "PBB"),
    ("Antrean puskesmas", "Health centre queue", "antrean puskesmas"),
    ("Izin usaha (NIB)", "Business licence (NIB)", "izin usaha"),
]

# Sign, name of the address, query or argument, title and sentence of each shortcut.
_SHORTCUTS: dict[str, tuple[str, str, str, str, str]] = {
    "apply": (
        "doc",
        "services",
        "?cara=FORM",
        gettext_noop("Ajukan secara daring"),
        gettext_noop("Layanan yang bisa selesai dari ponsel, tanpa datang."),
    ),
    "track": (
        "clock",
        "track",
        "",
        gettext_noop("Lacak permohonan"),
        gettext_noop("Pakai nomor permohonan, misalnya MJK-2611-4KD7-Q."),
    ),
    "account": (
        "user",
        "account-home",
        "",
        gettext_noop("Buka akun saya"),
        gettext_noop("Semua permohonan dan pesan di satu tempat."),
    ),
    "guides": (
        "search",
        "guides",
        "",
        gettext_noop("Bantu saya mencari"),
        gettext_noop("Jawab beberapa pertanyaan, lalu lihat layanannya."),
    ),
    "events": (
        "users",
        "life-events",
        "",
        gettext_noop("Peristiwa hidup"),
        gettext_noop("Urus satu peristiwa sekaligus, langkah demi langkah."),
    ),
    "departments": (
        "build",
        "departments",
        "",
        gettext_noop("Dinas dan kelurahan"),
        gettext_noop("Alamat, jam buka, dan layanan setiap dinas."),
    ),
    "status": (
        "cloud",
        "status",
        "",
        gettext_noop("Status sistem"),
        gettext_noop("Layanan mana yang sedang tidak berjalan biasa."),
    ),
    "help": (
        "info",
        "content",
        "bantuan",
        gettext_noop("Bantuan"),
        gettext_noop("Cara memakai portal, dan dibantu petugas."),
    ),
}


def beginning(language: str) -> list[Row]:
    """The blocks that a new home page has; those of each language have the same ids."""
    english = language != languages.DEFAULT
    popular = [
        _item(f"popular-{n}", {"label": label_en if english else label, "query": query})
        for n, (label, label_en, query) in enumerate(POPULAR, 1)
    ]
    cards = [
        _item(f"card-{target}", {"target": target, "title": "", "text": ""}) for target in ("apply", "track", "account")
    ]
    return [
        _block("search", {"title": "", "example": "", "popular": popular}),
        _block("disturbed", None),
        _block("shortcuts", {"cards": cards}),
        _block("needs", {"title": "", "chosen": []}),
        _block("events", {"title": ""}),
        _block("people", {"title": "", "point": "mpp-gajah-mada", "kelurahan": True}),
    ]


def _block(kind: str, value: Any) -> Row:
    return {"type": kind, "value": value, "id": f"home-{kind}"}


def _item(name: str, value: Any) -> Row:
    return {"type": "item", "value": value, "id": f"home-{name}"}


@dataclass(frozen=True)
class Section:
    """One block as people read it. `facts` differ by kind: see `_KINDS`."""

    kind: str
    anchor: str
    title: Said
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        return f"cms/home/{self.kind}.html"


@dataclass(frozen=True)
class _Words:
    """Of one block or row: what the Indonesian page says, and what the page in the reader's language says of the same."""

    own: Row
    there: Row
    language: str
    is_translated: bool

    def said(self, name: str, default: str = "") -> Said:
        if self.is_translated and (text := _text(self.there.get(name))):
            return Said(text, self.language)
        if text := _text(self.own.get(name)):
            return Said(text, languages.DEFAULT)
        return Said(_(default) if default else "", self.language)

    def rows(self, name: str) -> list[_Words]:
        twins = {row["id"]: row["value"] for row in _items(self.there.get(name))}
        return [
            _Words(row["value"], twins.get(row["id"]) or {}, self.language, self.is_translated)
            for row in _items(self.own.get(name))
        ]

    def chosen(self, name: str) -> list[str]:
        return [_text(row["value"]) for row in _items(self.own.get(name))]


def _text(value: Any) -> str:
    return str(value or "").strip()


def _items(value: Any) -> list[Row]:
    """The rows of a list block as stored; a row of before rows had ids has none."""
    rows = value if isinstance(value, list) else []
    return [row if isinstance(row, dict) and "value" in row else {"value": row, "id": ""} for row in rows]


def stored(language: str) -> tuple[list[Row], list[Row]]:
    """The blocks of the live Indonesian home page, and those of the page in that language. One statement."""
    pages = HomePage.objects.live().filter(alias_of=None, locale__language_code__in={languages.DEFAULT, language})
    bodies = {code: body.get_prep_value() for code, body in pages.values_list("locale__language_code", "body")}
    return bodies.get(languages.DEFAULT) or [], bodies.get(language) or []


def untranslated(own: Sequence[Row], there: Sequence[Row]) -> list[str]:
    """Ids of the Indonesian blocks that say something which the other page does not say yet."""
    twins = {row.get("id"): row.get("value") for row in there}
    return [str(row.get("id")) for row in own if _lacks(row.get("value"), twins.get(row.get("id")))]


def _lacks(own: Any, there: Any) -> bool:
    own, there = (value if isinstance(value, dict) else {} for value in (own, there))
    for name, value in own.items():
        if name in _SAID and _text(value) and not _text(there.get(name)):
            return True
        twins = {row["id"]: row["value"] for row in _items(there.get(name))}
        if any(_lacks(row["value"], twins.get(row["id"])) for row in _items(value)):
            return True
    return False


_SAID = frozenset(("title", "example", "label", "text"))


def sections(own: Sequence[Row], there: Sequence[Row], language: str) -> list[Section]:
    """The search first, wherever it was put; then the others in the order of the Indonesian page. Nothing stored: the beginning."""
    if not own:
        own, there = beginning(languages.DEFAULT), beginning(language)
    if not any(row["type"] == "search" for row in own):  # the page would have no heading
        own = [_block("search", {}), *own]
    translated = language != languages.DEFAULT
    twins = {row.get("id"): row.get("value") for row in there if translated}
    found = []
    for number, row in enumerate(sorted(own, key=lambda row: row["type"] != "search"), 1):
        make = _KINDS.get(row["type"])
        if make is not None:
            words = _Words(row.get("value") or {}, twins.get(row.get("id")) or {}, language, translated)
            section = make(words, row["type"], f"h-{number}")
            if section is not None:
                found.append(section)
    return found


Maker = Callable[[_Words, str, str], Section | None]


def _search(words: _Words, kind: str, anchor: str) -> Section:
    popular = [(row.said("label"), row.said("query")) for row in words.rows("popular")]
    example = words.said("example", gettext_noop("contoh: akta lahir, izin usaha"))
    title = words.said("title", gettext_noop("Mau mengurus apa hari ini?"))
    return Section(kind, anchor, title, {"popular": popular, "example": example})


def _disturbed(words: _Words, kind: str, anchor: str) -> Section | None:
    texts = list(queries.disturbed_services(words.language)[:4])
    title = Said(_("Ada layanan yang sedang terganggu"), words.language)
    return Section(kind, anchor, title, {"texts": texts[:3], "more": len(texts) > 3}) if texts else None


def _shortcuts(words: _Words, kind: str, anchor: str) -> Section | None:
    cards = []
    for row in words.rows("cards"):
        target = _SHORTCUTS.get(_text(row.own.get("target")))
        if target is not None:
            icon, name, more, title, text = target
            url = reverse(name, args=[more]) if more and not more.startswith("?") else reverse(name) + more
            cards.append({"icon": icon, "url": url, "title": row.said("title", title), "text": row.said("text", text)})
    return Section(kind, "h-cepat", Said(_("Jalan pintas"), words.language), {"cards": cards}) if cards else None


def _needs(words: _Words, kind: str, anchor: str) -> Section:
    rows, chosen = queries.needs_with_counts(words.language), words.chosen("chosen")
    if chosen:
        by_slug = {row.need.slug: row for row in rows}
        rows = [by_slug[slug] for slug in dict.fromkeys(chosen) if slug in by_slug]
    return Section(kind, "h-kat", words.said("title", gettext_noop("Layanan menurut kebutuhan")), {"rows": rows})


def _services(words: _Words, kind: str, anchor: str) -> Section | None:
    chosen = words.chosen("chosen")
    texts = queries.public_texts(words.language).filter(service__code__in=chosen)
    by_code = {text.service.code: text for text in texts}
    found = [by_code[code] for code in dict.fromkeys(chosen) if code in by_code]
    return Section(kind, anchor, words.said("title"), {"texts": found}) if found else None


def _events(words: _Words, kind: str, anchor: str) -> Section | None:
    journeys = public_journeys(words.language)
    title = words.said("title", gettext_noop("Urus satu peristiwa sekaligus"))
    return Section(kind, "h-per", title, {"journeys": journeys}) if journeys else None


def _notices(words: _Words, kind: str, anchor: str) -> Section | None:
    """Those of departments; the city's own stand above every page."""
    now = list(notices.all_showing().exclude(department=None)[:10])
    coming = list(notices.planned()[:10])
    title = words.said("title", gettext_noop("Pengumuman"))
    return Section(kind, anchor, title, {"showing": now, "planned": coming}) if now or coming else None


def _people(words: _Words, kind: str, anchor: str) -> Section | None:
    point = queries.service_point(_text(words.own.get("point")))
    kelurahan = bool(words.own.get("kelurahan"))
    title = words.said("title", gettext_noop("Lebih suka dibantu langsung?"))
    facts = {"point": point, "kelurahan": kelurahan}
    return Section(kind, "h-orang", title, facts) if point or kelurahan else None


def _figures(words: _Words, kind: str, anchor: str) -> Section:
    return Section(kind, anchor, words.said("title", gettext_noop("Portal ini dalam angka")), {"figures": figures.of_city()})


def _prose(words: _Words, kind: str, anchor: str) -> Section:
    return Section(kind, anchor, words.said("title"), {"text": words.said("text")})


def _links(words: _Words, kind: str, anchor: str) -> Section | None:
    links = [(row.said("label"), url) for row in words.rows("links") if (url := _address(row, words.language))]
    return Section(kind, anchor, words.said("title"), {"links": links}) if links else None


def _address(row: _Words, language: str) -> str:
    """Where the link leads: a page of ours in the reader's language, or another site; nothing else, whatever was stored."""
    address = _text(row.own.get("url"))
    return languages.path_in(language, address) if own_path(address) else web(address)


_KINDS: dict[str, Maker] = {
    "search": _search,
    "disturbed": _disturbed,
    "shortcuts": _shortcuts,
    "needs": _needs,
    "services": _services,
    "events": _events,
    "notices": _notices,
    "people": _people,
    "figures": _figures,
    "text": _prose,
    "links": _links,
}
