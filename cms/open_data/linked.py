"""The catalogue as linked data: CPSV-AP 3.2 (the European vocabulary of public services) and schema.org in one JSON-LD document.

Only what is public, and only what is known: nothing is guessed. https://semiceu.github.io/CPSV-AP/releases/3.2.0/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone

from portal.lib import languages
from portal.lib.languages import DEFAULT
from services.catalogue import queries
from services.catalogue.models import Category, Channel, Department, LifeEvent, Service, ServiceText

Node = dict[str, Any]
MEDIA_TYPE = "application/ld+json"
CONTEXT: dict[str, Any] = {
    "adms": "http://www.w3.org/ns/adms#",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# Controlled lists of the European Publications Office, which CPSV-AP names.
_LANGUAGES = {"id": "IND", "en": "ENG"}
_LANGUAGE = "http://publications.europa.eu/resource/authority/language/"
_CURRENCY = "http://publications.europa.eu/resource/authority/currency/IDR"
# ISO 8601 durations. Working days are days here: the vocabulary has no other.
_DURATIONS = {"menit": "PT%dM", "jam": "PT%dH", "hari_kerja": "P%dD", "hari_kalender": "P%dD"}


def _iri(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _ref(iri: str) -> Node:
    return {"@id": iri}


def _service_iri(code: str) -> str:
    return _iri(f"/api/v1/services/{code}")


def _list_iri(kind: str, code: str) -> str:
    return _iri(f"/api/v1/{kind}#{code}")


def _texts(**by_language: str) -> list[Node]:
    return [{"@value": text, "@language": language} for language, text in by_language.items() if text]


def _node(kind: str | list[str], iri: str | None = None, **members: Any) -> Node:
    """A node with the members that have a value; `dct__title` stands for `dct:title`."""
    named = {name.replace("__", ":"): value for name, value in members.items() if value not in ("", None, [], {})}
    return {**({"@id": iri} if iri else {}), "@type": kind, **named}


def catalogue() -> Node:
    """All public services with everything they name. Read anew each time; the caller keeps the page."""
    rows: dict[int, dict[str, ServiceText]] = {}
    found = ServiceText.objects.filter(service__is_public=True).select_related("service__department", "service__category")
    for text in found.order_by("service__code", "language"):
        rows.setdefault(text.service_id, {})[text.language] = text
    events: dict[int, list[str]] = {}
    through = Service.life_events.through._default_manager.order_by("lifeevent__slug")
    for service_id, slug in through.values_list("service_id", "lifeevent__slug"):
        events.setdefault(service_id, []).append(slug)
    services = [_service(texts, events.get(pk, [])) for pk, texts in rows.items() if DEFAULT in texts]
    known = {node["@id"] for nodes in services for node in nodes if "@id" in node}
    nodes = [node for nodes in services for node in nodes]
    nodes += [node for node in (*_departments(), *_categories(), *_events(), *_terms()) if node["@id"] not in known]
    return {"@context": CONTEXT, "@graph": nodes}


def _service(texts: dict[str, ServiceText], events: list[str]) -> list[Node]:
    text, iri = texts[DEFAULT], _service_iri(texts[DEFAULT].service.code)
    service, content = text.service, text.content
    english = texts.get("en")
    en = english.content if english else {}

    def both(name: str) -> list[Node]:
        return _texts(id=str(content.get(name) or ""), en=str(en.get(name) or ""))

    evidence = _pieces("cv:Evidence", f"{iri}#syarat", content.get("requirements", []), en.get("requirements", []))
    output = [_node("cv:Output", f"{iri}#hasil", dct__identifier=f"{service.code}-hasil", dct__title=both("product"))]
    output = output if content.get("product") else []
    costs, channels, laws = _costs(text, iri), _channels(text, iri), _laws(content, iri)
    rule = _rule(text, english, iri)
    contacts = _contacts(content, iri)
    itself = _node(
        ["cpsv:PublicService", "schema:GovernmentService"],
        iri,
        dct__identifier=service.code,
        dct__title=_texts(id=text.name, en=english.name if english else ""),
        dct__description=_texts(id=text.summary, en=english.summary if english else ""),
        dct__language=[_ref(_LANGUAGE + _LANGUAGES[language]) for language in texts if language in _LANGUAGES],
        dct__modified={"@value": timezone.localtime(service.updated_at).isoformat(), "@type": "xsd:dateTime"},
        dct__spatial=_ref(_iri("/api/v1/#kota")),
        cv__hasCompetentAuthority=_ref(_list_iri("departments", service.department.code)),
        cv__thematicArea=_ref(_list_iri("categories", service.category.slug)) if service.category else None,
        cv__isGroupedBy=[_ref(_list_iri("life-events", slug)) for slug in events],
        cv__processingTime=_duration(service),
        dcat__keyword=[*_texts(**{"id": word})] if (word := ", ".join(text.synonyms[:20])) else [],
        cv__hasCost=[_ref(node["@id"]) for node in costs],
        cv__hasChannel=[_ref(node["@id"]) for node in channels],
        cpsv__hasInput=[_ref(node["@id"]) for node in evidence],
        cpsv__produces=[_ref(node["@id"]) for node in output],
        cpsv__follows=[_ref(node["@id"]) for node in rule],
        cv__hasLegalResource=[_ref(node["@id"]) for node in laws],
        cv__contactPoint=[_ref(node["@id"]) for node in contacts],
        foaf__page=[_ref(_iri(languages.path_in(code, f"/layanan/{t.slug}/"))) for code, t in texts.items()],
        schema__name=_texts(id=text.name, en=english.name if english else ""),
        schema__description=_texts(id=text.summary, en=english.summary if english else ""),
        schema__provider=_ref(_list_iri("departments", service.department.code)),
        schema__url=_ref(_iri(f"/layanan/{text.slug}/")),
        schema__isAccessibleForFree=service.is_free or None,
    )
    return [itself, *evidence, *output, *costs, *channels, *laws, *rule, *contacts]


def _pieces(kind: str, base: str, own: Iterable[str], other: Iterable[str]) -> list[Node]:
    """A node for each text; its English stands at the same place of the other list, when both are as long."""
    texts, translated = list(own), list(other)
    translated = translated if len(translated) == len(texts) else [""] * len(texts)
    return [
        _node(kind, f"{base}-{n}", dct__identifier=f"{base.rsplit('/', 1)[1]}-{n}", dct__title=_texts(id=one, en=two))
        for n, (one, two) in enumerate(zip(texts, translated, strict=True), 1)
    ]


def _duration(service: Service) -> Node | None:
    if service.time_unit == "langsung":
        return {"@value": "PT0S", "@type": "xsd:duration"}
    pattern = _DURATIONS.get(service.time_unit)
    return {"@value": pattern % service.time_value, "@type": "xsd:duration"} if pattern and service.time_value else None


def _cost(iri: str, amount: int | None, words: str) -> Node:
    value = None if amount is None else {"@value": f"{amount}.0", "@type": "xsd:double"}
    return _node(
        "cv:Cost",
        iri,
        dct__identifier=iri.rsplit("/", 1)[1],
        cv__hasValue=value,
        cv__currency=None if amount is None else _ref(_CURRENCY),
        dct__description=_texts(id=words),
    )


def _costs(text: ServiceText, iri: str) -> list[Node]:
    service = text.service
    if service.is_free:
        return [_cost(f"{iri}#biaya", 0, "Gratis")]
    table = [
        _cost(f"{iri}#biaya-{n}", row.get("amount"), " ".join(filter(None, (row.get("case"), row.get("note")))))
        for n, row in enumerate(text.content.get("fees", []), 1)
    ]
    if service.fee_amount is not None or text.fee_note:
        table.insert(0, _cost(f"{iri}#biaya", service.fee_amount, text.fee_note))
    return table


def _channels(text: ServiceText, iri: str) -> list[Node]:
    service, content = text.service, text.content
    address = service.url if service.channel in (Channel.APP, Channel.LINK) else ""
    if service.channel == Channel.FORM:
        address = _iri(f"/layanan/{text.slug}/ajukan/")
    words = ". ".join(filter(None, (str(service.get_channel_display()), content.get("hotline"), content.get("hours"))))
    ways = [words, *(row.get("text", "") for row in content.get("ways", []))]
    return [
        _node(
            "cv:Channel",
            f"{iri}#cara-{n}",
            dct__identifier=f"{service.code}-cara-{n}",
            dct__description=_texts(id=way),
            cv__ownedBy=_ref(_list_iri("departments", service.department.code)),
            foaf__page=_ref(address) if n == 1 and address else None,
        )
        for n, way in enumerate(ways, 1)
    ]


def _laws(content: dict[str, Any], iri: str) -> list[Node]:
    """A regulation that has an address of its own is that address."""
    details = content.get("legal_details", [])
    addresses = [row.get("url", "") for row in details] if len(details) == len(content.get("legal", [])) else []
    return [
        _node(
            "eli:LegalResource",
            (addresses[n - 1] if addresses and addresses[n - 1] else f"{iri}#hukum-{n}"),
            dct__title=_texts(id=words),
        )
        for n, words in enumerate(content.get("legal", []), 1)
    ]


def _rule(text: ServiceText, english: ServiceText | None, iri: str) -> list[Node]:
    """The procedure (prosedur) of the standar pelayanan."""

    def steps(one: ServiceText | None) -> str:
        rows = one.content.get("steps", []) if one else []
        return "\n".join(f"{n}. {' '.join(filter(None, (r['title'], r['text'])))}" for n, r in enumerate(rows, 1))

    if not steps(text):
        return []
    return [
        _node(
            "cpsv:Rule",
            f"{iri}#prosedur",
            dct__identifier=f"{text.service.code}-prosedur",
            dct__title=_texts(id=f"Prosedur {text.name}", en=f"Procedure: {english.name}" if english else ""),
            dct__description=_texts(id=steps(text), en=steps(english)),
        )
    ]


def _contacts(content: dict[str, Any], iri: str) -> list[Node]:
    found = []
    for n, row in enumerate(content.get("contacts", []), 1):
        is_mail, is_web = row["kind"] == "email", row["kind"] == "web"
        found.append(
            _node(
                "cv:ContactPoint",
                f"{iri}#kontak-{n}",
                cv__email=row["value"] if is_mail else None,
                cv__telephone=row["value"] if not is_mail and not is_web else None,
                schema__url=row["value"] if is_web else None,
            )
        )
    return found


def _departments() -> list[Node]:
    rows = Department.objects.filter(pk__in=Service.objects.filter(is_public=True).values("department")).order_by("code")
    return [
        _node(
            ["cv:PublicOrganisation", "org:Organization", "schema:GovernmentOrganization"],
            _list_iri("departments", row.code),
            dct__identifier=row.code,
            skos__prefLabel=_texts(id=row.name, en=row.name_en),
            schema__name=_texts(id=row.name, en=row.name_en),
            dct__spatial=_ref(_iri("/api/v1/#kota")),
            schema__address=row.address,
            schema__telephone=row.phone,
            schema__email=row.email,
        )
        for row in rows
    ]


def _categories() -> list[Node]:
    return [
        _node(
            "skos:Concept",
            _list_iri("categories", row.slug),
            skos__prefLabel=_texts(id=row.name, en=row.name_en),
            skos__notation=row.slug,
        )
        for row in Category.objects.all()
    ]


def _events() -> list[Node]:
    return [
        _node(
            ["cv:LifeEvent", "cv:Event"],
            _list_iri("life-events", row.slug),
            dct__identifier=row.slug,
            dct__title=_texts(id=row.name, en=row.name_en),
        )
        for row in LifeEvent.objects.all()
    ]


def _terms() -> list[Node]:
    """What the services name beside each other: the city, languages, the currency."""
    return [
        _node("dct:Location", _iri("/api/v1/#kota"), skos__prefLabel=_texts(id=settings.CITY_NAME)),
        *(_node("dct:LinguisticSystem", _LANGUAGE + code) for code in _LANGUAGES.values()),
        _node("skos:Concept", _CURRENCY, skos__notation="IDR"),
    ]


def last_change() -> str:
    changed = queries.last_change()
    return changed.isoformat() if changed else ""
