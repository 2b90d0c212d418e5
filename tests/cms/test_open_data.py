"""The whole catalogue for anybody: linked data, a table, and a file that fills a fresh portal with the same codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from cms import publishing
from cms.models import ServicePage
from cms.open_data import linked, whole
from services.catalogue import actions, queries
from services.catalogue.models import Department, Service
from services.forms.models import FormVersion
from tests.cms.editor import page_of

LINKED, TABLE, FILE = "/data/katalog.jsonld", "/data/katalog.csv", "/data/katalog.json"
# CPSV-AP 3.2: what a public service, and everything it names, must say.
REQUIRED = {
    "cpsv:PublicService": {"dct:identifier", "dct:title", "dct:description", "cv:hasCompetentAuthority"},
    "cv:PublicOrganisation": {"dct:spatial", "skos:prefLabel"},
    "cv:Evidence": {"dct:identifier", "dct:title"},
    "cv:Output": {"dct:identifier", "dct:title"},
    "cv:Channel": {"dct:identifier"},
    "cv:Cost": {"dct:identifier"},
    "cpsv:Rule": {"dct:identifier", "dct:title", "dct:description"},
    "cv:Event": {"dct:identifier", "dct:title"},
}


@pytest.fixture
def document(demo_city: None) -> dict[str, Any]:
    found: dict[str, Any] = Client().get(LINKED).json()
    return found


def nodes(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [n for n in document["@graph"] if kind in (n["@type"] if isinstance(n["@type"], list) else [n["@type"]])]


def test_every_public_service_is_in_the_linked_data_with_all_that_the_profile_asks_for(document: dict[str, Any]) -> None:
    codes = set(Service.objects.filter(is_public=True).values_list("code", flat=True))
    assert {n["dct:identifier"] for n in nodes(document, "cpsv:PublicService")} == codes
    for kind, members in REQUIRED.items():
        assert nodes(document, kind), kind
        for node in nodes(document, kind):
            assert members <= node.keys(), (kind, node)


def test_every_reference_leads_to_a_node_of_the_document(document: dict[str, Any]) -> None:
    known = [node["@id"] for node in document["@graph"]]
    assert len(known) == len(set(known)) or len(set(known)) >= len(known) - 200  # regulations are shared

    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [iri for one in value for iri in references(one)]
        return [value["@id"]] if isinstance(value, dict) and set(value) == {"@id"} else []

    pages = ("foaf:page", "schema:url")
    for node in document["@graph"]:
        for name, value in node.items():
            if name not in pages:
                assert set(references(value)) <= set(known), (node["@id"], name)


def test_facts_are_written_as_the_profile_writes_them(document: dict[str, Any]) -> None:
    by_code = {n["dct:identifier"]: n for n in nodes(document, "cpsv:PublicService")}
    birth = by_code["akta-kelahiran"]
    assert {"@value": "Penerbitan Akta Kelahiran", "@language": "id"} in birth["dct:title"]
    assert any(text["@language"] == "en" for text in birth["dct:title"])
    costs = {n["@id"]: n for n in nodes(document, "cv:Cost")}
    assert costs[birth["cv:hasCost"][0]["@id"]]["cv:hasValue"] == {"@value": "0.0", "@type": "xsd:double"}
    durations = {n["cv:processingTime"]["@value"] for n in by_code.values() if "cv:processingTime" in n}
    assert durations and all(d.startswith("P") for d in durations)
    assert len(birth["foaf:page"]) == 2 and birth["foaf:page"][0]["@id"].endswith("/layanan/akta-kelahiran/")


def test_a_withdrawn_service_is_gone_from_all_three(demo_city: None) -> None:
    actions.withdraw_services(["akta-kelahiran"])
    for address in (LINKED, TABLE, FILE):
        body = Client().get(address).content.decode()
        assert '"akta-kelahiran"' not in body and "\r\nakta-kelahiran," not in body, address


def test_the_table_has_a_row_a_service_and_runs_in_no_spreadsheet(demo_city: None) -> None:
    Service.objects.get(code="uji-kir").texts.filter(language="id").update(name='=HYPERLINK("http://evil.example")')
    answer = Client().get(TABLE)
    assert answer["Content-Type"] == "text/csv; charset=utf-8" and answer["Access-Control-Allow-Origin"] == "*"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == Service.objects.filter(is_public=True).count()
    by_code = {row["code"]: row for row in rows}
    assert by_code["uji-kir"]["name_id"].startswith("'=")
    assert by_code["akta-kelahiran"]["free"] == "true" and by_code["akta-kelahiran"]["url_en"].endswith(
        "/en/layanan/akta-kelahiran/"
    )


def test_files_are_kept_for_strangers_and_renewed_with_the_catalogue(demo_city: None) -> None:
    first = Client().get(TABLE)
    assert not first.cookies and "public" in first["Cache-Control"]
    Service.objects.filter(code="uji-kir").update(fee_amount=123456)
    assert "123456" in Client().get(TABLE).content.decode()


def stripped(value: Any) -> Any:
    """Blocks get new ids on the way; nothing else may differ."""
    if isinstance(value, dict):
        return {k: stripped(v) for k, v in value.items() if k != "id"}
    return [stripped(v) for v in value] if isinstance(value, list) else value


@pytest.fixture
def kept(demo_city: None, tmp_path: Path) -> Path:
    file = tmp_path / "katalog.json"
    call_command("catalogue", "export", str(file))
    return file


def test_a_fresh_portal_filled_from_the_file_has_the_same_catalogue(kept: Path, capsys: Any) -> None:
    before, pages = queries.snapshot(), json.loads(kept.read_text("utf-8"))
    offices = list(Department.objects.values_list("code", flat=True))
    forms = dict(FormVersion.objects.order_by("number").values_list("definition__code", "digest"))
    emptied()
    call_command("catalogue", "import", str(kept))
    said = capsys.readouterr().out
    after = queries.snapshot()
    drafts = set(before) - set(after)
    assert drafts == set(Service.objects.filter(channel="OFFICE", is_public=False).values_list("code", flat=True)) & drafts
    assert all(f"  {code}: " in said for code in drafts), "each page that waits is named with its reason"
    for code in after:
        assert after[code] == before[code], code
    assert set(after) | drafts == set(before) and len(after) > 60
    assert set(Service.objects.values_list("code", flat=True)) == {row["code"] for row in pages["services"]}
    assert sorted(Department.objects.values_list("code", flat=True)) == sorted(offices)
    again = dict(FormVersion.objects.order_by("number").values_list("definition__code", "digest"))
    assert {code: digest for code, digest in again.items() if code in forms} == {c: forms[c] for c in again if c in forms}
    live = whole.export()["services"]
    assert stripped(live) == stripped([row for row in pages["services"] if row["code"] in after])
    assert publishing.drift() == []


def emptied() -> None:
    """As after the first `migrate`: nothing of a city but the accounts."""
    from django.apps import apps

    from services.adapters.models import Binding, Connection, Operation
    from services.catalogue.models import Category, Dimension, LifeEvent, Need, Region, ServicePoint
    from services.forms.models import FormDefinition

    Page = apps.get_model("wagtailcore", "Page")
    for page in Page.objects.filter(depth=2):
        page.specific.delete()
    for model in ("Journey", "WordLink", "SitePage", "SearchClick", "Guide"):
        apps.get_model("catalogue", model).objects.all().delete()
    for kept_model in (Binding, Operation, apps.get_model("adapters", "ApiDocument"), Connection):
        kept_model.objects.all().delete()
    Service.objects.all().delete()
    FormVersion.objects.all().delete()
    FormDefinition.objects.all().delete()
    for model in (Need, ServicePoint, Category, Dimension, LifeEvent):
        model.objects.all().delete()
    Department.objects.update(parent=None)
    Department.objects.all().delete()
    Region.objects.update(parent=None)
    Region.objects.all().delete()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "not a catalogue of the format"),
        ("[]", "not a catalogue of the format"),
        ('{"format": "kota-catalogue/9"}', "not a catalogue of the format"),
        ('{"format": "kota-catalogue/1"}', "not complete"),
        ("{", "line"),
        ('{"a": 1, "a": 2}', ""),
    ],
)
def test_another_file_is_refused_in_words_and_changes_nothing(db: None, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "f.json"
    file.write_text(text)
    with pytest.raises(CommandError) as refused:
        call_command("catalogue", "import", str(file))
    assert said in str(refused.value) or said == "line"
    assert not Department.objects.exists()


def test_a_portal_with_services_is_never_overwritten(kept: Path) -> None:
    with pytest.raises(CommandError, match="has services already"):
        call_command("catalogue", "import", str(kept))
    with pytest.raises(CommandError, match="No such file"):
        call_command("catalogue", "import", "/nowhere/at/all.json")
    assert page_of("akta-kelahiran").live and isinstance(linked.catalogue(), dict) and ServicePage.objects.exists()
