"""A system that names its own media types gets and is asked for exactly these."""

from __future__ import annotations

import pytest

from services.catalogue.models import Service
from tests.backends.documented import Documented
from tests.services.adapters.api.program import Program
from tests.services.adapters.api.test_whole_way import connect
from tests.services.adapters.connecting.document import DOCUMENT

SENT = "application/vnd.legal.v2+json; version=2"
ANSWERED = "application/vnd.legal.v2+json"


def test_both_media_types_of_a_document_go_with_every_call(program: Program, backend: Documented, service: Service) -> None:
    document = DOCUMENT.replace(b"application/json:", f"'{ANSWERED}':".encode())
    document = document.replace(ANSWERED.encode(), SENT.encode(), 1)  # the body of the submission comes first
    run = connect(program, backend, document, service.code)
    assert run["green"], run["rows"]
    headers = next(one[2] for one in backend.seen if one[0] == "POST" and one[1] == "/izin")
    assert (headers["content-type"], headers["accept"]) == (SENT, ANSWERED)
    assert {one[2]["accept"] for one in backend.seen if one[1].startswith("/izin/")} == {ANSWERED}


@pytest.fixture
def written(program: Program, service: Service) -> Program:
    program.good("POST", "connections", {"code": "trayek", "kind": "rest", "label": "Sistem"})
    return program


@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_a_header_of_that_name_is_refused_with_what_to_write_instead(written: Program, name: str) -> None:
    spec = {"path": "/izin", "headers": {name: "application/vnd.x+json"}}
    status, said = written.call("PUT", "connections/trayek/operations/submit", {"spec": spec})
    assert status == 422 and "content_type" in said["errors"][0]["detail"]


@pytest.mark.parametrize("media", ["application/json\r\nX-A: b", "json", "a/b; c", "a/b" * 60])
def test_only_a_media_type_is_one(written: Program, media: str) -> None:
    for name in ("content_type", "accept"):
        spec = {"path": "/izin", name: media}
        assert written.call("PUT", "connections/trayek/operations/submit", {"spec": spec})[0] == 422, name
    spec = {"path": "/izin", "format": "form", "content_type": "application/x+json"}
    assert written.call("PUT", "connections/trayek/operations/submit", {"spec": spec})[0] == 422
