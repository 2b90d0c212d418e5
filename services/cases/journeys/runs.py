"""What changes a walk: begin it, keep shared answers, open a step, say that one is done. Each is one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from accounts.models import User
from portal.lib.clocks import today
from services.cases import drafts
from services.cases.fields import GIVEN, IMPLIED, SHARED
from services.cases.journeys.walks import ON_ITS_WAY, Standing, State, Walk, walk_of
from services.cases.models import Case, Draft, JourneyMark, JourneyRun
from services.catalogue.models import Journey
from services.catalogue.regions import kelurahan_source
from services.forms import documents
from services.forms.queries import current_version
from services.forms.question_types import Context, type_of


class StepError(Exception):
    """This cannot be done with the step now. The message is for the person."""


class StepSentError(StepError):
    """The step was sent before: `case` is its case."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.reference)
        self.case = case


def start(journey: Journey, owner: User) -> JourneyRun:
    """The person's walk along this journey, made when there is none or the last one is finished."""
    with transaction.atomic():
        found = JourneyRun.objects.select_for_update().filter(journey=journey, owner=owner, open=True).first()
        if found is not None and not walk_of(found).finished:
            return _refreshed(found)  # answers may have gone meanwhile
        if found is not None:
            found.open = None
            found.save(update_fields=["open", "updated_at"])
        try:
            with transaction.atomic():
                return JourneyRun.objects.create(journey=journey, owner=owner, **_fresh(journey, owner))
        except IntegrityError:
            return JourneyRun.objects.get(journey=journey, owner=owner, open=True)  # another request made it


def _fresh(journey: Journey, owner: User) -> dict[str, Any]:
    """Shared answers as at the beginning: what the account knows."""
    version = current_version(journey.form) if journey.form else None
    answers, sources = drafts.known_of(owner, documents.load(version.document)) if version else ({}, {})
    return {
        "version": version,
        "answers": answers,
        "sources": sources,
        "seen": [],
        "expires_at": timezone.now() + drafts.LIFETIME,
    }


def _refreshed(run: JourneyRun) -> JourneyRun:
    """After 30 idle days the shared answers are gone, whether or not the clock has met them yet; the steps stay."""
    gone = run.expires_at is None or run.expires_at <= timezone.now()
    if gone and not walk_of(run).all_sent:
        for name, value in _fresh(run.journey, run.owner).items():
            setattr(run, name, value)
        run.save()
    return run


def save_part(run: JourneyRun, part: documents.Part, data: MultiValueDict[str, str], *, judge: bool) -> None:
    """Keep everything that was typed on one part of the shared questions, also what is wrong."""
    with transaction.atomic():
        locked = _lock(run)
        drafts.take_answers(locked, part, data)
        if judge and part.key not in locked.seen:
            locked.seen = [*locked.seen, part.key]
        locked.expires_at = timezone.now() + drafts.LIFETIME
        locked.save()


def begin_step(run: JourneyRun, key: str) -> Draft:
    """The step's draft, filled with what is known already. Raises StepSentError, StepError.

    Pressing again, or in a second tab, gives the same draft. What the resident has changed in it stays.
    """
    with transaction.atomic():
        locked = _lock(run)
        walk = walk_of(locked)
        standing = _found(walk, key)
        if standing.state in ON_ITS_WAY and standing.case is not None:
            raise StepSentError(standing.case)
        if not standing.may_begin:
            raise StepError(_why_not(standing))
        draft = drafts.start(standing.step.service, locked.owner)
        JourneyMark.objects.filter(draft=draft).exclude(run=locked, step=key).update(draft=None)
        mark = _mark(locked, key)
        mark.draft = draft
        mark.save(update_fields=["draft"])
        fill(draft, walk, standing)
        locked.expires_at = timezone.now() + drafts.LIFETIME
        locked.save(update_fields=["expires_at", "updated_at"])
        return draft


def fill(draft: Draft, walk: Walk, standing: Standing) -> None:
    """Answer the draft's questions from the walk, where they are empty or were filled by us and left as they were.

    What its form does not ask (any more), or would not take, is left out: the resident is asked in the step.
    """
    form = documents.load(draft.version.document)
    context = Context(today=today(), sources=kelurahan_source())
    answers, sources = dict(draft.answers), dict(draft.sources)
    for key, value, source in _offers(walk, standing):
        question = form.question(key)
        if question is None or not (key in sources or type_of(question).empty(answers.get(key))):
            continue
        kind = type_of(question)
        spelled = kind.normalise(question, value)
        if not kind.empty(spelled) and kind.check(question, spelled, context) is None:
            answers[key], sources[key] = spelled, source
    if (answers, sources) != (draft.answers, draft.sources):
        draft.answers, draft.sources = answers, sources
        draft.save(update_fields=["answers", "sources", "updated_at"])


def _offers(walk: Walk, standing: Standing) -> Iterator[tuple[str, Any, str]]:
    """(question of the step, answer, where it comes from); later ones are surer."""
    run, step = walk.run, standing.step
    for key, value in step.row.presets.items():
        yield key, value, IMPLIED
    for row in run.journey.shared:
        value = run.answers.get(row["key"])
        for place, key in row["to"] if value is not None else ():
            if place == step.key:
                yield key, value, run.sources.get(row["key"]) or SHARED
    for other in walk.standings:
        results = other.case.results if other.case is not None and other.state == State.DONE else {}
        for gift in other.step.row.gives if results else ():
            for place, key in gift["to"]:
                if place == step.key and results.get(gift["name"]):
                    yield key, results[gift["name"]], GIVEN


def note_sent(draft: Draft, case: Case, answers: Mapping[str, Any]) -> None:
    """In the transaction that sends a draft: the step it belongs to has its case.

    What was answered only there and is shared goes to the walk, so that the next step does not ask it again; when nothing
    is left to fill in, the shared answers are deleted.
    """
    mark = JourneyMark.objects.filter(draft=draft).select_related("run").first()
    if mark is None:
        return
    locked = _lock(mark.run)
    JourneyMark.objects.filter(pk=mark.pk).update(case=case, ticked_at=None, skipped_at=None)
    known = dict(locked.answers)
    for row in locked.journey.shared if locked.version else ():
        for place, key in row["to"]:
            if place == mark.step and not known.get(row["key"]) and answers.get(key) is not None:
                known[row["key"]] = answers[key]
    locked.answers = known
    _keep_while_needed(locked)


def tick(run: JourneyRun, key: str, *, done: bool) -> None:
    """The resident says that a step is done (or takes it back). Raises StepError."""
    with transaction.atomic():
        locked = _lock(run)
        standing = _found(walk_of(locked), key)
        if done and not standing.may_tick and not standing.ticked:
            raise StepError(_why_not(standing))
        _say(locked, key, ticked_at=(timezone.now() if done else None), skipped_at=None)


def skip(run: JourneyRun, key: str, *, skipped: bool) -> None:
    """The resident does not need a step that may be left out (or needs it after all). Raises StepError."""
    with transaction.atomic():
        locked = _lock(run)
        standing = _found(walk_of(locked), key)
        if skipped and not standing.may_skip and standing.state != State.SKIPPED:
            raise StepError(_("Langkah ini tidak bisa dilewati."))
        if skipped or standing.state == State.SKIPPED:
            _say(locked, key, ticked_at=None, skipped_at=timezone.now() if skipped else None)


def _say(run: JourneyRun, key: str, *, ticked_at: datetime | None, skipped_at: datetime | None) -> None:
    mark = _mark(run, key)
    mark.ticked_at, mark.skipped_at = ticked_at, skipped_at
    mark.save(update_fields=["ticked_at", "skipped_at"])
    _keep_while_needed(run)


def drop(run: JourneyRun) -> None:
    """Forget the walk and its shared answers. Drafts and cases stay where they are."""
    with transaction.atomic():
        _lock(run).delete()


def expire(now: datetime) -> int:
    """Delete the shared answers that nobody used for 30 days, and the walks on which nothing was done."""
    idle = JourneyRun.objects.filter(expires_at__lte=now)
    begun = Q(marks__case__isnull=False) | Q(marks__ticked_at__isnull=False) | Q(marks__draft__isnull=False)
    count, _kinds = idle.exclude(pk__in=idle.filter(begun).values("pk")).delete()
    return count + idle.update(**_FORGOTTEN)


_FORGOTTEN: dict[str, Any] = {"answers": {}, "sources": {}, "seen": [], "expires_at": None}


def _keep_while_needed(run: JourneyRun) -> None:
    """Save a locked walk; its shared answers stay for another 30 days, or go when nothing is left to fill in."""
    kept = {"expires_at": timezone.now() + drafts.LIFETIME}
    for name, value in (_FORGOTTEN if walk_of(run).all_sent else kept).items():
        setattr(run, name, value)
    run.save()


def _lock(run: JourneyRun) -> JourneyRun:
    """The walk, locked until the transaction ends. Raises JourneyRun.DoesNotExist."""
    return JourneyRun.objects.select_for_update(of=("self",)).select_related("journey", "version", "owner").get(pk=run.pk)


def _mark(run: JourneyRun, key: str) -> JourneyMark:
    return JourneyMark.objects.get_or_create(run=run, step=key)[0]


def _found(walk: Walk, key: str) -> Standing:
    standing = walk.standing(key)
    if standing is None:
        raise StepError(_("Langkah ini tidak ada lagi. Muat ulang halaman."))
    return standing


def _why_not(standing: Standing) -> str:
    name = {"name": standing.step.name}
    if standing.state == State.CLOSED:
        words = ", ".join(str(other.name) for other in standing.waits_for)
        return _("“%(name)s” terbuka setelah: %(words)s.") % {**name, "words": words}
    if standing.state == State.AWAY:
        return _("“%(name)s” sedang tidak tersedia di portal. Tanyakan ke dinasnya.") % name
    if standing.state == State.DONE:
        return _("“%(name)s” sudah selesai.") % name
    return _("Itu tidak bisa dilakukan untuk “%(name)s” sekarang. Muat ulang halaman.") % name
