"""A document that cannot be shown is not kept: the one before it stays, and every page of the connection still opens."""

from __future__ import annotations

import pytest

from services.adapters.models import ApiDocument
from tests.services.adapters.api.program import Program
from tests.services.adapters.connecting.document import DOCUMENT


@pytest.fixture
def program(program: Program) -> Program:
    program.good("POST", "connections", {"code": "trayek", "kind": "openapi", "label": "Sistem baru"})
    program.good("PUT", "connections/trayek/document", raw=DOCUMENT)
    return program


@pytest.mark.parametrize("title", ["a\\ud800b", "a\\u0000b"])
def test_half_a_letter_is_refused_in_words_and_leaves_nothing(program: Program, title: str) -> None:
    text = '{"openapi": "3.0.0", "info": {"title": "%s", "version": "1"}, "paths": {"/a": {"get": {}}}}' % title  # noqa: UP031
    status, said = program.call("PUT", "connections/trayek/document", raw=text.encode())
    assert status == 422 and "Baris 1" in said["errors"][0]["detail"]
    assert program.good("GET", "connections/trayek/document")["title"] == "API Angkutan"
    assert ApiDocument.objects.count() == 1
