"""The tests of declared reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from services.adapters import mapping
from services.adapters.contract.state import (
    BAD,
    CALL_SECONDS,
    EXAMPLE_NIK,
    GOOD,
    ODD,
    Run,
    timed,
    where,
)
from services.adapters.documents import judging
from services.adapters.mapping import MappingError
from services.adapters.sentences import sentence_of


def looked_up(state: Run, name: str, spec: Mapping[str, Any]) -> None:
    """A declared read with its examples: answered, by the schema, and with what is given out in it."""
    title = f"lookup {name}"
    values: dict[str, str] = {}
    for one in spec["lookup"].get("parameters", []):
        value = EXAMPLE_NIK if one.get("source") == "nik" else one.get("example", "")
        if not value and one.get("required", True):
            state.note(title, BAD, _("Isi contoh (example) untuk %(name)s") % {"name": one["name"]})
            return
        if value:
            values[one["name"]] = value
    answer, error, took = timed(lambda: state.adapter.lookup(spec, values, deadline_seconds=CALL_SECONDS))
    if error is not None:
        state.note(title, BAD, sentence_of(error), took)
        return
    if answer is None:
        state.note(title, ODD, _("Tidak ada data untuk contoh itu di alamat uji"), took)
        return
    wrong = judging.mismatches(answer, spec.get("answer_schema"))
    mapped = {row.get("from") for row in spec["lookup"]["answer"]}
    try:
        made = mapping.run(spec["lookup"]["answer"], answer, {})
    except MappingError as problem:
        state.drift = _("jawaban: %(field)s") % {"field": problem.problems[0].split(":", 1)[0]}
        state.note(title, BAD, "; ".join(problem.problems), took)
        return
    if serious := [one for one in wrong if one.path in mapped]:
        state.drift = _("jawaban: %(field)s") % {"field": serious[0].path}
        state.note(title, BAD, _("Bagian yang dipakai tidak sesuai dokumen: %(where)s") % {"where": where(serious)}, took)
    elif not made:
        state.note(title, BAD, _("Dari jawaban tidak ada yang diteruskan"), took)
    else:
        state.note(title, ODD if wrong else GOOD, _("Dijawab; diteruskan: %(names)s") % {"names": ", ".join(made)}, took)
