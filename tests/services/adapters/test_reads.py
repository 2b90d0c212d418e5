"""Which answers a mapping reads, and what a form that does not ask them is told."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from services.adapters.connecting.forms import binding_problems, lost_questions, sending_problems
from services.adapters.connecting.service import obstacles, publication_problems
from services.adapters.documents.fields import leaves
from services.adapters.gateway import binding_for
from services.adapters.mapping import reads
from services.catalogue.models import Service
from services.forms.actions import publish_form
from services.forms.queries import newest_of

PARTS = [
    {
        "key": "satu",
        "title": {"id": "Satu"},
        "questions": [
            {"key": "nik", "type": "nik", "label": {"id": "NIK"}},
            {"key": "titik", "type": "geo_point", "label": {"id": "Titik"}},
            {"key": "anak", "type": "group", "label": {"id": "Anak"}, "questions": [
                {"key": "nama", "type": "text", "label": {"id": "Nama"}}]},
        ],
    }
]  # fmt: skip
FORM = {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": PARTS}


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ({"from": "nik"}, [("nik",)]),
        ({"from": "@reference"}, []),
        ({"const": "x"}, []),
        ({"from": "titik.lat"}, [("titik", "lat")]),
        ({"from": "anak.0.nama"}, [("anak", "nama")]),
        ({"from": "anak.*.nama"}, [("anak", "nama")]),
        ({"from": "anak", "each": [{"to": "n", "from": "nama"}]}, [("anak",), ("anak", "nama")]),
        ({"expr": "nik"}, [("nik",)]),
        ({"expr": "anak[?umur > `3`].nama | [0]"}, [("anak",)]),
        ({"expr": "join(' ', [nama, titik.lat])"}, [("nama",), ("titik",)]),
        ({"expr": "map(&nama, anak)"}, [("anak",)]),
        ({"expr": "{a: nik, b: kk || no_kk}"}, [("kk",), ("nik",), ("no_kk",)]),
        ({"expr": "(("}, []),
    ],
)
def test_what_a_row_reads(row: dict[str, Any], read: list[tuple[str, ...]]) -> None:
    assert list(reads([{"to": "x", **row}])) == read


def test_what_a_form_does_not_ask_is_named_once_in_the_order_of_the_rows() -> None:
    sources = ["hilang", "anak.0.umur", "nik", "titik.lat", "hilang"]
    rows = [{"to": f"t{n}", "from": source} for n, source in enumerate(sources)]
    assert lost_questions(rows, FORM) == ["hilang", "anak.umur"]


def test_every_form_of_the_city_can_be_sent_by_its_binding(demo_city: None) -> None:
    bound = [service for service in Service.objects.filter(form__isnull=False) if binding_for(service) is not None]
    assert len(bound) > 20
    for service in bound:
        version = newest_of(service.code)
        assert version is not None and sending_problems(service, version.document) == [], service.code


def test_a_form_that_lost_what_is_read_keeps_page_and_binding_from_going_live(demo_city: None) -> None:
    service = Service.objects.get(code="akta-kelahiran")
    binding = binding_for(service)
    assert binding is not None and publication_problems(service) == []
    version = newest_of(service.code)
    assert version is not None
    parts = [
        {**part, "questions": [q for q in part["questions"] if q["key"] != "nama_anak"]}
        for part in version.document["parts"]
    ]
    publish_form(service.code, {**version.document, "parts": parts})  # a door that does not ask, such as a loader
    [found] = publication_problems(service)
    assert "“nama_anak”" in found and found in obstacles(binding)


def test_a_question_that_became_optional_is_named_when_the_backend_needs_it(demo_city: None) -> None:
    service = Service.objects.get(code="akta-kelahiran")
    binding, version = binding_for(service), newest_of(service.code)
    assert binding is not None and version is not None
    binding.mapping = [{"to": "nama", "from": "nama_anak", "required": True}]
    assert binding_problems(binding, version.document) == []
    parts = [
        {**part, "questions": [{**q, "required": q["key"] != "nama_anak"} for q in part["questions"]]}
        for part in version.document["parts"]
    ]
    [found] = binding_problems(binding, {**version.document, "parts": parts})
    assert "nama_anak has no value" in found


def test_schemas_that_multiply_by_naming_each_other_end() -> None:
    defs = {f"a{n}": {"properties": {f"x{m}": {"$ref": f"#/$defs/a{n + 1}"} for m in range(10)}} for n in range(20)}
    assert len(list(islice(leaves({"$ref": "#/$defs/a0"}, defs), 100_000))) < 100_000
