"""How a walk stands: which steps are done, which are open, what each waits for. Computed each time, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from portal.lib import languages
from services.cases import queries
from services.cases.constants import Phase, Status
from services.cases.models import Case, Draft, JourneyMark, JourneyRun
from services.catalogue.journeys.queries import JourneyView, StepView, journey_view
from services.catalogue.models import Channel, Opens


class State(StrEnum):
    CLOSED = "closed"  # waits for other steps
    OPEN = "open"
    AWAY = "away"  # its service is not public just now
    FILLING = "filling"
    SENT = "sent"
    ASKED = "asked"  # the department asks the resident something
    DONE = "done"
    FAILED = "failed"  # refused, withdrawn or expired
    SKIPPED = "skipped"


FAILED = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED})
LEFT_BEHIND = frozenset({State.DONE, State.SKIPPED})
ON_ITS_WAY = frozenset({State.SENT, State.ASKED})
NOT_BEGUN = frozenset({State.OPEN, State.CLOSED, State.AWAY})


@dataclass(frozen=True)
class Standing:
    """One step of a walk now. `waits_for`: the steps that keep it closed."""

    step: StepView
    state: State
    waits_for: tuple[StepView, ...] = ()
    case: Case | None = None
    draft: Draft | None = None
    ticked: bool = False

    @property
    def online(self) -> bool:
        return self.step.service.channel == Channel.FORM and self.step.service.form_id is not None

    @property
    def may_tick(self) -> bool:
        """May the resident say that this is done? Where the portal cannot know it, or its result may be at hand."""
        return self.state in (State.OPEN, State.FILLING) and (not self.online or self.step.row.may_have)

    @property
    def may_skip(self) -> bool:
        return self.step.row.optional and self.state in NOT_BEGUN | {State.FILLING}

    @property
    def may_begin(self) -> bool:
        return self.online and self.state in (State.OPEN, State.FILLING, State.FAILED)

    @property
    def may_press(self) -> bool:
        return self.may_begin or self.may_tick or self.ticked or self.may_skip or self.state == State.SKIPPED

    @property
    def results(self) -> list[tuple[str, str]]:
        """(label, text) of what the department named at the end."""
        given = self.case.results if self.case is not None and self.state == State.DONE else {}
        pairs = zip(self.step.row.gives, self.step.gives, strict=True)
        return [(label.text, given[gift["name"]]) for gift, label in pairs if given.get(gift["name"])]


@dataclass(frozen=True)
class Walk:
    run: JourneyRun
    view: JourneyView
    standings: tuple[Standing, ...]

    @property
    def total(self) -> int:
        return sum(standing.state != State.SKIPPED for standing in self.standings)

    @property
    def done(self) -> int:
        return sum(standing.state == State.DONE for standing in self.standings)

    @property
    def finished(self) -> bool:
        return bool(self.standings) and all(standing.state in LEFT_BEHIND for standing in self.standings)

    @property
    def all_sent(self) -> bool:
        """Nothing is left to fill in, so nothing needs the shared answers any more."""
        return all(standing.state in LEFT_BEHIND | ON_ITS_WAY for standing in self.standings)

    @property
    def needs_you(self) -> bool:
        return any(standing.state in (State.ASKED, State.FAILED) for standing in self.standings)

    def standing(self, key: str) -> Standing | None:
        return next((standing for standing in self.standings if standing.step.key == key), None)


def runs_of(owner: User) -> QuerySet[JourneyRun]:
    """This person's open walks, newest first."""
    found = JourneyRun.objects.filter(owner=owner, open=True).select_related("journey__life_event", "version", "owner")
    return found.order_by("-updated_at")


def run_of(owner: User, ref: str) -> JourneyRun | None:
    """This person's walk, or None (a foreign one is as absent as none)."""
    found = JourneyRun.objects.filter(owner=owner, ref=ref)
    return found.select_related("journey__life_event", "version", "owner").first()


def walk_of(run: JourneyRun) -> Walk:
    view = journey_view(run.journey, languages.active())
    marks = {mark.step: mark for mark in run.marks.select_related("draft")}
    ids = [mark.case_id for mark in marks.values() if mark.case_id]
    cases = {case.pk: case for case in queries.cases_of(run.owner).filter(pk__in=ids)} if ids else {}
    made: dict[str, Standing] = {}
    for step in view.steps:
        mark = marks.get(step.key)
        case = cases.get(mark.case_id) if mark and mark.case_id else None
        waits_for = tuple(other for other in step.after if not _lets_through(made[other.key], step.row.opens_on))
        made[step.key] = _standing(step, mark, case, waits_for)
    return Walk(run, view, tuple(made.values()))


def _lets_through(before: Standing, opens_on: str) -> bool:
    if before.state in LEFT_BEHIND:
        return True
    accepted = before.case is not None and before.case.accepted_at is not None and before.state in ON_ITS_WAY
    return opens_on == Opens.ACCEPTED and accepted


def _standing(step: StepView, mark: JourneyMark | None, case: Case | None, waits_for: tuple[StepView, ...]) -> Standing:
    draft = mark.draft if mark else None
    if draft is not None and (draft.open is None or draft.expires_at <= timezone.now()):
        draft = None
    if mark and mark.ticked_at:
        return Standing(step, State.DONE, case=case, ticked=True)
    if mark and mark.skipped_at:
        return Standing(step, State.SKIPPED)
    if case is not None and case.status == Status.COMPLETED:
        return Standing(step, State.DONE, case=case)
    if draft is not None:
        return Standing(step, State.FILLING, case=case, draft=draft)
    if case is not None:
        return Standing(step, _state_of(case), case=case)
    if waits_for:
        return Standing(step, State.CLOSED, waits_for)
    return Standing(step, State.OPEN if step.text is not None else State.AWAY)


def _state_of(case: Case) -> State:
    if case.status in FAILED:
        return State.FAILED
    asked = case.phase == Phase.WAITING and queries.answer_on_its_way(case) is None
    return State.ASKED if asked else State.SENT
