"""What the pages of a walk show, put together from queries (no HTML here, no writing)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from portal.lib import languages
from portal.lib.clocks import today
from services.cases.fields import fields_of
from services.cases.journeys.walks import Standing, State, Walk, runs_of, walk_of
from services.cases.models import Case, Draft, JourneyMark, JourneyRun
from services.cases.presentation import CaseRow, listed
from services.catalogue.journeys.queries import Said, said
from services.catalogue.queries import service_point
from services.catalogue.regions import kelurahan_source
from services.forms import documents, engine
from services.forms.documents import Form, localized
from services.forms.question_types import Context

# State of a step -> class of its line in the timeline.
_LINE = {
    State.DONE: "d",
    State.SKIPPED: "d",
    State.OPEN: "n",
    State.FILLING: "n",
    State.ASKED: "n",
    State.FAILED: "n",
    State.SENT: "w",
    State.AWAY: "w",
    State.CLOSED: "x",
}


@dataclass(frozen=True)
class StepRow:
    """One step on the page of a walk."""

    standing: Standing
    line: str
    row: CaseRow | None
    point: Any
    content: dict[str, Any]


@dataclass(frozen=True)
class SharedPart:
    """One part of the shared questions. `state`: done, wrong, started, empty."""

    key: str
    title: str
    state: str


def form_of(run: JourneyRun) -> Form | None:
    return documents.load(run.version.document) if run.version else None


def judged(run: JourneyRun, form: Form) -> engine.Walk:
    return engine.walk(form, run.answers, _context())


def _context() -> Context:
    return Context(today=today(), sources=kelurahan_source())


def _shared_parts(walk: Walk) -> list[SharedPart]:
    """Empty when nothing is shared, or when nothing is left that could use the answers."""
    form = form_of(walk.run)
    if form is None or walk.all_sent:
        return []
    found, parts = judged(walk.run, form), []
    for part in form.parts:
        seen, wrong = part.key in walk.run.seen, bool(found.of_part(part))
        answered = any(question.key in found.answers for question in part.questions)
        state = ("wrong" if wrong else "done") if seen else ("started" if answered else "empty")
        parts.append(SharedPart(part.key, localized(part.title), state))
    return parts


def run_page(run: JourneyRun) -> dict[str, Any]:
    """Everything the page of one walk shows."""
    walk = walk_of(run)
    parts = _shared_parts(walk)
    first = next((part.key for part in parts if part.state != "done"), None)
    rows = [_row(standing) for standing in walk.standings]
    following = _following(walk)
    return {
        "run": run,
        "walk": walk,
        "view": walk.view,
        "title": walk.view.title,
        "parts": parts,
        "next_part": first,
        "rows": rows,
        "following": following.step.key if following and not first else "",
        "public": run.journey.is_public,
        "nav": "layanan",
    }


def _following(walk: Walk) -> Standing | None:
    """The step that waits for the resident: trouble first, then what was begun, then what is open."""
    states = (State.FAILED, State.ASKED, State.FILLING, State.OPEN)
    return next((s for state in states for s in walk.standings if s.state == state), None)


def _row(standing: Standing) -> StepRow:
    text = standing.step.text
    content = dict(text.content) if text else {}
    row = listed(standing.case) if standing.case is not None else None
    return StepRow(standing, _LINE[standing.state], row, service_point(content.get("place", "")), content)


def shared_page(run: JourneyRun, key: str, *, judged_now: bool) -> dict[str, Any] | None:
    """One part of the shared questions, or None when there is no such part."""
    form = form_of(run)
    part = form.part(key) if form else None
    if form is None or part is None:
        return None
    number = form.parts.index(part)
    found = judged(run, form)
    fields = fields_of(run, form, part, found, _context(), judged=judged_now)
    anchors = {problem.key: problem.anchor for problem in found.problems}
    return {
        "run": run,
        "title": said(run.journey.title, languages.active()),
        "part": part,
        "part_title": localized(part.title),
        "fields": fields,
        "problems": [{"anchor": anchors.get(f.question.key, f.id), "text": f.problem} for f in fields if f.problem],
        "number": number + 1,
        "total": len(form.parts),
        "progress": ["d"] * number + ["n"] + [""] * (len(form.parts) - number - 1),
        "next": form.parts[number + 1].key if number + 1 < len(form.parts) else None,
        "has_optional": any(field.optional for field in fields),
        "nav": "layanan",
    }


@dataclass(frozen=True)
class RunRow:
    """One walk in the account: its progress in words, and what is next."""

    walk: Walk
    next_step: Standing | None


def run_rows(owner: User) -> list[RunRow]:
    rows = []
    for run in runs_of(owner)[:20]:
        walk = walk_of(run)
        rows.append(RunRow(walk, _following(walk)))
    return rows


@dataclass(frozen=True)
class PlaceInWalk:
    """Where a draft or a case stands in its owner's walk."""

    ref: str
    title: Said
    number: int
    total: int


def place_of(thing: Draft | Case) -> PlaceInWalk | None:
    """The walk that this draft or case is a step of, or None."""
    chosen = {"draft": thing} if isinstance(thing, Draft) else {"case": thing}
    mark = JourneyMark.objects.filter(**chosen).select_related("run__journey").first()
    if mark is None:
        return None
    journey = mark.run.journey
    keys = list(journey.steps.order_by("position").values_list("key", flat=True))
    if mark.step not in keys:
        return None
    return PlaceInWalk(mark.run.ref, said(journey.title, languages.active()), keys.index(mark.step) + 1, len(keys))
