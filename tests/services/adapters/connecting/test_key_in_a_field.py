"""A system that takes our key in a field of the body: that field is the portal's, is judged with the rest, and is written once."""

from __future__ import annotations

import pytest

from services.adapters import gateway
from services.adapters.connecting import service as work
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.models import Binding, Connection
from services.adapters.values import Misconfigured
from services.catalogue.models import Service
from tests.services.adapters.conftest import outgoing_of, send
from tests.services.adapters.connecting.test_from_document import connection, service  # noqa: F401

KEY = {"place": "field", "name": "external_id"}  # which the document requires


@pytest.fixture
def binding(connection: Connection, service: Service) -> Binding:  # noqa: F811
    """Its key goes into the field; no row writes that."""
    spec = connection.operations.get(name="submit").spec
    work.save_operation(connection, "submit", {**spec, "key": KEY}, by="uji")
    bound = work.newest_binding(connection, service)
    assert bound is not None
    return work.bind(connection, service, [row for row in bound.mapping if row["to"] != "external_id"], by="uji")


def test_a_required_field_that_takes_our_key_needs_no_row(binding: Binding) -> None:
    run = work.test(binding)
    assert run.green, run.rows
    assert {row["name"]: row["result"] for row in run.rows}["request"] == "good"
    assert work.would_send(binding, {"nik": "3576010101900001", "nopol": "S 1", "trayek": "A", "mulai": "2026-12-01"})[
        "external_id"
    ]


@pytest.mark.parametrize("to", ["external_id", "external_id.nomor"])
def test_a_row_that_writes_there_too_is_refused_when_it_is_saved(binding: Binding, to: str) -> None:
    rows = [*binding.mapping, {"to": to, "from": "@reference"}]
    with pytest.raises(ConnectionProblem, match="Hapus baris pemetaannya"):
        work.bind(binding.connection, binding.service, rows, by="uji")
    spec = {"path": "/izin/{number}/batal", "key": KEY, "body": [{"to": to, "from": "@text"}]}
    with pytest.raises(ConnectionProblem, match="Hapus baris pemetaannya"):
        work.save_operation(binding.connection, "withdraw", spec, by="uji")


@pytest.mark.parametrize("kind", ["openapi", "rest"])
def test_a_mapping_that_was_saved_before_the_key_is_a_red_row_and_no_fault_of_ours(binding: Binding, kind: str) -> None:
    Connection.objects.filter(pk=binding.connection_id).update(kind=kind)
    Binding.objects.filter(pk=binding.pk).update(mapping=[*binding.mapping, {"to": "external_id", "from": "@reference"}])
    binding = Binding.objects.get(pk=binding.pk)
    run = work.test(binding)
    bad = next(row for row in run.rows if row["result"] == "bad")
    assert not run.green and run.drift == "" and "external_id" in bad["text"]
    Connection.objects.filter(pk=binding.connection_id).update(base_url="http://127.0.0.1:1")
    binding.connection.operations.update(live_at="2026-11-25T00:00:00Z")
    Binding.objects.filter(pk=binding.pk).update(live_at="2026-11-25T00:00:00Z")
    with pytest.raises(Misconfigured, match="written twice"):
        send(outgoing_of(binding.service, answers={"nik": "1", "nopol": "S 1", "trayek": "A", "mulai": "2026-12-01"}))
    assert gateway.binding_for(binding.service) == binding
