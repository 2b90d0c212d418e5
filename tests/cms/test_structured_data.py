"""What machines read on a page is what people read on it, in schema.org's words, and nothing can break out of it."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from jsonschema import Draft202012Validator

from services.catalogue.models import Channel, Department, Service, ServiceText

pytestmark = pytest.mark.usefixtures("demo_city")

_TEXT = {"type": "string", "minLength": 1}
_LINK = {"type": "string", "pattern": r"^https?://"}


def _thing(kind: str, required: list[str], **members: Any) -> dict[str, Any]:
    """No member beyond those schema.org gives the type, none that is empty."""
    return {
        "type": "object",
        "properties": {"@type": {"const": kind}, **members},
        "required": ["@type", *required],
        "additionalProperties": False,
    }


_ORGANIZATION = _thing(
    "GovernmentOrganization",
    ["name", "url"],
    name=_TEXT,
    url=_LINK,
    telephone=_TEXT,
    email=_TEXT,
    address=_TEXT,
    alternateName=_TEXT,
    description=_TEXT,
    parentOrganization={"$ref": "#/$defs/organization"},
)
_CRUMBS = _thing(
    "BreadcrumbList",
    ["itemListElement"],
    itemListElement={
        "type": "array",
        "minItems": 2,
        "items": _thing(
            "ListItem", ["position", "name", "item"], position={"type": "integer", "minimum": 1}, name=_TEXT, item=_LINK
        ),
    },
)
_SERVICE = _thing(
    "GovernmentService",
    ["identifier", "name", "description", "url", "provider", "areaServed", "availableChannel", "inLanguage"],
    identifier=_TEXT,
    name=_TEXT,
    description=_TEXT,
    url=_LINK,
    inLanguage={"enum": ["id", "en"]},
    serviceType=_TEXT,
    provider={"$ref": "#/$defs/organization"},
    areaServed=_thing("City", ["name"], name=_TEXT),
    availableChannel=_thing(
        "ServiceChannel",
        ["name"],
        name=_TEXT,
        serviceUrl=_LINK,
        servicePhone=_thing("ContactPoint", ["telephone"], telephone=_TEXT),
        serviceLocation=_thing("Place", ["name"], name=_TEXT, address=_TEXT),
    ),
    hoursAvailable=_thing("OpeningHoursSpecification", ["description"], description=_TEXT),
    offers=_thing(
        "Offer", ["price", "priceCurrency"], price={"type": "string", "pattern": "^[0-9]+$"}, priceCurrency={"const": "IDR"}
    ),
)
_SITE = _thing("WebSite", ["name", "url"], name=_TEXT, url=_LINK, inLanguage=_TEXT, potentialAction={"type": "object"})


def _valid(document: dict[str, Any], *kinds: dict[str, Any]) -> None:
    schema = {
        "type": "object",
        "properties": {"@context": {"const": "https://schema.org"}, "@graph": {"prefixItems": list(kinds), "items": False}},
        "required": ["@context", "@graph"],
        "additionalProperties": False,
        "$defs": {"organization": _ORGANIZATION},
    }
    problems = [f"{e.json_path}: {e.message}" for e in Draft202012Validator(schema).iter_errors(document)]
    assert not problems


def block(path: str) -> str:
    page = Client().get(path).content.decode()
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1, path
    return str(found[0])


def graph(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(block(path))["@graph"]
    return found


def test_every_service_is_a_valid_government_service_that_costs_little() -> None:
    for text in ServiceText.objects.filter(language="id").select_related("service__department", "service__category"):
        words = block(f"/layanan/{text.slug}/")
        _valid(json.loads(words), _SERVICE, _CRUMBS)
        found = json.loads(words)["@graph"][0]
        assert (found["identifier"], found["name"]) == (text.service.code, text.name)
        assert found["provider"]["name"] == text.service.department.name
        assert len(gzip.compress(words.encode())) < 800


def test_every_department_is_a_valid_organization() -> None:
    for code in Department.objects.values_list("code", flat=True):
        _valid(json.loads(block(f"/dinas/{code}/")), _ORGANIZATION, _CRUMBS)


def test_the_home_page_names_the_search() -> None:
    document = json.loads(block("/"))
    _valid(document, _SITE)
    template = document["@graph"][0]["potentialAction"]["target"]["urlTemplate"]
    path = template.replace("{q}", "akta").removeprefix(settings.PUBLIC_URL)
    assert "akta" in Client().get(path).content.decode()


def test_a_price_is_said_when_it_is_known_and_never_when_it_is_not() -> None:
    for row in Service.objects.filter(is_public=True):
        offer = graph(f"/layanan/{row.texts.get(language='id').slug}/")[0].get("offers")
        known = "0" if row.is_free else row.fee_amount and str(row.fee_amount)
        assert (offer["price"] if offer else None) == known, row.code


def test_the_way_in_is_the_form_the_application_the_telephone_or_the_place() -> None:
    def channel(code: str) -> dict[str, Any]:
        found: dict[str, Any] = graph(f"/layanan/{code}/")[0]["availableChannel"]
        return found

    assert channel("akta-kelahiran")["serviceUrl"].endswith("/layanan/akta-kelahiran/ajukan/")
    assert channel("nib-oss")["serviceUrl"] == "https://oss.go.id"
    assert "serviceUrl" not in channel("bphtb")
    assert channel("psc-119")["servicePhone"]["telephone"] == "119"
    at_a_place = ServiceText.objects.filter(service__channel=Channel.OFFICE, content__place="mpp-gajah-mada")[0]
    assert "Gajah Mada" in channel(at_a_place.slug)["serviceLocation"]["name"]


NASTY = "</script><script>alert(1)</script><!-- & \u2028\u2029 \"'\\ ]]>"


def test_no_text_breaks_out_of_the_block() -> None:
    ServiceText.objects.filter(slug="akta-kelahiran").update(name=NASTY, summary=NASTY)
    Department.objects.filter(code="dispendukcapil").update(name=NASTY, about=NASTY, phone='"><img>')
    for path in ("/layanan/akta-kelahiran/", "/dinas/dispendukcapil/"):
        words = block(path)
        assert not set("<>&\u2028\u2029") & set(words)
        assert any(value == NASTY for thing in json.loads(words)["@graph"] for value in thing.values())


def test_pages_about_one_person_carry_no_block() -> None:
    for path in ("/lacak/", "/akun/masuk/", "/status/", "/layanan/?q=akta"):
        assert "ld+json" not in Client().get(path).content.decode()
