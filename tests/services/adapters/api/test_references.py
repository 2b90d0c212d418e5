"""The references and the how-to are true: every key is named, every example runs, every step works in order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.adapters.declared import spec
from services.adapters.mapping import check_rows, run
from services.adapters.mapping.rows import _ROW_KEYS
from services.adapters.mapping.steps import _SHAPED, _WORDS
from services.catalogue.models import Service
from tests.services.adapters.api.program import Program

DOCS = Path("docs")
MAPPING = (DOCS / "reference" / "mapping.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "reference" / "operations.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "connect-an-openapi-backend.md").read_text(encoding="utf-8")
EXAMPLES = [
    tuple(json.loads(cell) for cell in found)
    for found in re.findall(r"^\| `(\{.*?\})` \| `(\{.*?\})` \| `(\{.*?\})` \|$", MAPPING, re.M)
]


def test_every_word_of_a_row_is_in_the_reference() -> None:
    for name in [*_ROW_KEYS, *_WORDS]:
        assert f"`{name}`" in MAPPING, name
    for name in _SHAPED:
        assert f'{{"{name}"' in MAPPING, name
    assert len(EXAMPLES) >= 15


@pytest.mark.parametrize(("row", "answers", "result"), EXAMPLES)
def test_the_examples_of_the_mapping_reference(row: Any, answers: Any, result: Any) -> None:
    check_rows([row])
    assert run([row], answers, {}) == result


@pytest.mark.parametrize(
    "serializer",
    [
        *(spec.OperationSpec, spec.LookupSpec, spec.LookupParameter, spec.KeySpec, spec.FileSpec, spec.ErrorSpec),
        *(spec.AbsentSpec, spec.ParameterSpec, spec.HTTPOptions),
    ],
)
def test_every_key_of_an_operation_is_in_the_reference(serializer: type[spec.Declared]) -> None:
    missing = [name for name in serializer().fields if f"`{name}`" not in OPERATIONS]
    assert missing == []


def test_the_steps_of_the_openapi_how_to_work_in_order(program: Program, service: Service) -> None:
    document = re.search(r"```yaml\n(.*?)```", HOW_TO, re.S)
    assert document is not None
    steps = re.findall(r"```http\n([A-Z]+) /api/v1/(\S+)\n(.*?)```", HOW_TO, re.S)
    proposal: dict[str, Any] = {}
    done = []
    for method, path, text in steps:
        if "(the document)" in text:
            program.good(method, path, raw=document.group(1).encode())
        elif text.strip():
            body = json.loads(text)
            for name, value in body.items():
                if isinstance(value, str) and value.endswith("of the proposal)"):
                    body[name] = proposal[value.strip("(").split()[0]]
            program.good(method, path, body)
        else:
            answer = program.good(method, path)
            proposal = answer if "proposal?" in path else proposal
        done.append(path)
    assert len(done) == 11
    assert program.good("GET", "connections/angkutan/bindings/izin-trayek")["live"]
