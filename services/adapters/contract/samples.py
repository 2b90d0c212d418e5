"""Invented answers that form, mapping and schema accept, and the submission they make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib.clocks import today
from services.adapters import mapping
from services.adapters.contract.state import (
    BAD,
    PICTURE,
    Run,
)
from services.adapters.documents import judging, samples
from services.adapters.documents.budget import Budget
from services.adapters.documents.fields import leaves
from services.adapters.mapping import MappingError, value_at
from services.adapters.models import Binding
from services.adapters.values import (
    Submission,
    SubmittedFile,
)
from services.catalogue.regions import kelurahan_source
from services.forms.documents import load
from services.forms.queries import current_version
from services.forms.samples import Sample, sample_answers


def sample_of(state: Run, *, full: bool = True) -> Sample | None:
    """Invented answers that the service's form accepts, and the mapping and the schema behind it too where that can be."""
    form = state.binding.service.form
    if state.document is None and (form is None or not form.versions.exists()):
        state.note("form", BAD, _("Layanan ini belum punya formulir yang terbit"))
        return None
    document = dict(state.document or {}) if form is None or state.document else current_version(form).document
    wishes = Wishes(state.binding, state.spec)
    sample = sample_answers(
        load(document),
        today=today(),
        hints=wishes.hints,
        accepts=wishes.accept,
        sources=kelurahan_source(),
        full=full,
    )
    if sample.missing:
        names = ", ".join(sample.missing)
        state.note("form", BAD, _("Tidak ada contoh isian yang diterima untuk %(names)s") % {"names": names})
        return None
    return sample


def answers_for(binding: Binding, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Invented answers for a preview; {} while the service has no form."""
    form = binding.service.form
    if form is None or not form.versions.exists():
        return {}
    wishes = Wishes(binding, spec)
    made = sample_answers(
        load(current_version(form).document),
        today=today(),
        hints=wishes.hints,
        accepts=wishes.accept,
        sources=kelurahan_source(),
    )
    return {key: value for key, value in made.answers.items() if key not in made.files.values()}


class Wishes:
    """What an answer must be so that the rows that read it make what the schema asks for."""

    def __init__(self, binding: Binding, spec: Mapping[str, Any]) -> None:
        schema = spec.get("request_schema")
        defs = schema.get("$defs", {}) if isinstance(schema, Mapping) else {}
        self.fields = {one.path: one for one in leaves(schema, defs)} if isinstance(schema, Mapping) else {}
        self.defs = defs
        self.rows: dict[str, list[Mapping[str, Any]]] = {}
        for row in binding.mapping:
            if isinstance(row.get("from"), str) and "." not in row["from"]:
                self.rows.setdefault(row["from"], []).append(row)
        self.hints: dict[str, Any] = {}
        budget = Budget()
        for key, rows in self.rows.items():
            one = self.fields.get(rows[0]["to"])
            value = samples.sample(one.schema, defs, budget) if one is not None and "each" not in rows[0] else None
            if value is not None:
                self.hints[key] = value

    def accept(self, key: str, value: Any) -> bool:
        for row in self.rows.get(key, []):
            try:
                made = value_at(mapping.run([row], {key: value}, {}), row["to"])
            except MappingError:
                return False
            one = self.fields.get(row["to"])
            if one is not None and made is not None and judging.mismatches(made, {**one.schema, "$defs": self.defs}):
                return False
        return True


def submission_of(state: Run, sample: Sample) -> Submission:
    files = tuple(
        SubmittedFile(
            ref, question, f"{question}.png", "image/png", len(PICTURE), hashlib.sha256(PICTURE).hexdigest(), _picture
        )
        for ref, question in sample.files.items()
        if question in sample.answers
    )
    answers = {key: value for key, value in sample.answers.items() if key not in sample.files.values()}
    service = state.binding.service
    department = service.department.code if service.department else ""
    return Submission(state.reference, service.code, department, timezone.now().replace(microsecond=0), answers, files)


def _picture() -> bytes:
    return PICTURE


def texts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []
