"""Contract tests: does a backend still do what its operations promise? Against the test address or what stands in, never the
real one.

One run per binding: mapping, request by the schema, one submission, its answer by the schema, the same submission again by its
class of idempotency, its status, a refusal, a withdrawal, and what was written down about it. Only invented values are sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.lib.http import Answer
from services.adapters import gateway
from services.adapters.contract.samples import answers_for
from services.adapters.contract.state import BAD, ODD, Row, Run
from services.adapters.contract.writes import everything, once
from services.adapters.documents.budget import MOST_NODES
from services.adapters.models import Binding, ContractRun
from services.adapters.sandbox import stand_in_for
from services.adapters.sentences import sentence_of
from services.adapters.setup import live_specs, newest_specs, setup_for_tests
from services.adapters.values import Misconfigured

__all__ = ["BAD", "Row", "answers_for", "last_run", "run", "specs_digest", "target_of", "try_form"]


def specs_digest(binding: Binding, operations: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """What a run has tested: mapping, operations (the newest unless given), options and form. Another digest means that the run
    is old."""
    connection = binding.connection
    form = binding.service.form
    version = form.versions.order_by("-number").values_list("digest", flat=True).first() if form else ""
    said = [
        newest_specs(connection) if operations is None else operations,
        binding.mapping,
        binding.operation,
        connection.options,
        connection.kind,
        version,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def last_run(binding: Binding) -> ContractRun | None:
    """The newest run of what the binding is now; None when it was never tested so."""
    return binding.runs.filter(specs=specs_digest(binding)).first()


def run(binding: Binding, *, nightly: bool = False) -> ContractRun:
    """Test one binding and keep the result. Raises nothing of the backend's: what fails is a row.

    nightly: with the operations that are in service; otherwise with the newest, drafts too.
    """
    operations = live_specs(binding.connection) if nightly else newest_specs(binding.connection)
    digest = specs_digest(binding, operations)
    state = _state(binding, operations)
    if isinstance(state, Row):
        return ContractRun.objects.create(
            binding=binding, target=target_of(binding), green=False, rows=[state.plain()], specs=digest, nightly=nightly
        )
    everything(state)
    if state.stand_in is not None and state.stand_in.cut:
        said = _("Skema jawaban bercabang terlalu banyak. Sistem tiruan hanya membuat %(n)d bagian pertamanya")
        state.note("sample", ODD, said % {"n": MOST_NODES})
    return ContractRun.objects.create(
        binding=binding,
        target=state.target,
        green=all(row.result != BAD for row in state.rows),
        drift=state.drift[:200],
        rows=[row.plain() for row in state.rows],
        specs=digest,
        nightly=nightly,
    )


def try_form(binding: Binding, document: Mapping[str, Any]) -> list[Row]:
    """Send invented answers of a form that need not be published, once, to where tests go. Nothing of it is kept."""
    state = _state(binding, newest_specs(binding.connection))
    if isinstance(state, Row):
        return [state]
    state.document = document
    once(state)
    return state.rows


def target_of(binding: Binding) -> ContractRun.Target:
    return ContractRun.Target.STAND_IN if binding.connection.stand_in else ContractRun.Target.TEST


def _state(binding: Binding, operations: dict[str, Any]) -> Run | Row:
    """Everything that a run needs, or the row that says what is missing."""
    connection = binding.connection
    answers: list[tuple[str, Answer]] = []
    try:
        adapter_class = gateway.kind_of(connection.kind)
        stand_in = stand_in_for(connection, operations) if connection.stand_in else None
        setup = setup_for_tests(
            connection, stand_in, lambda operation, answer: answers.append((operation, answer)), operations=operations
        )
        spec = setup.operations.get(binding.operation)
        if spec is None:
            raise Misconfigured("operation", detail=_("operasi %(name)s belum ada") % {"name": binding.operation})
        return Run(binding, adapter_class(setup), spec, target_of(binding), answers=answers, stand_in=stand_in)
    except Misconfigured as error:
        return Row("setup", BAD, sentence_of(error))
