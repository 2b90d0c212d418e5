"""Applications being filled in: start, save, judge, send. Answers are kept raw; what counts is computed each time."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from portal.lib.clocks import today as city_today
from services.cases import attachments
from services.cases.models import Attachment, Case, Draft, JourneyRun
from services.cases.trial import AnyDraft
from services.cases.typed import answers_typed, with_row, without_row
from services.catalogue.models import Service
from services.catalogue.regions import kelurahan_source
from services.forms import documents, engine
from services.forms.models import FormVersion
from services.forms.queries import current_version
from services.forms.question_types import Context, type_of

LIFETIME = timedelta(days=30)
MAX_FIELDS = 1_000
PREFILL = {
    "account.nik": "nik",
    "account.name": "name",
    "account.phone": "phone",
    "account.kk_number": "kk_number",
    "account.email": "email",
}


class AlreadySentError(Exception):
    """The draft was sent before: `case` is its case."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.reference)
        self.case = case


def start(service: Service, owner: User) -> Draft:
    """The person's one open draft of this service, made and prefilled when there is none."""
    assert service.form is not None, "only online services are applied for"
    found = _open_draft(service, owner)
    if found is not None:
        return found
    _clear_expired(service, owner)
    version = current_version(service.form)
    answers, sources = known_of(owner, documents.load(version.document))
    try:
        with transaction.atomic():
            return Draft.objects.create(
                owner=owner,
                service=service,
                version=version,
                answers=answers,
                sources=sources,
                expires_at=timezone.now() + LIFETIME,
            )
    except IntegrityError:
        made = _open_draft(service, owner)
        assert made is not None, "another request made the draft"
        return made


def known_of(
    owner: User, form: documents.Form, keys: Collection[str] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """What the account already says to the questions of a form (to these `keys` of it), and where each answer came from."""
    answers, sources = {}, {}
    for question in form.questions():
        asked = question.prefill in PREFILL and (keys is None or question.key in keys)
        value = getattr(owner, PREFILL[question.prefill], "") if asked else ""
        if value:
            answers[question.key] = type_of(question).normalise(question, value)
            sources[question.key] = question.prefill
    return answers, sources


def is_closed(version: FormVersion) -> bool:
    """Has the last moment passed at which this version may be sent?"""
    return version.accept_until is not None and version.accept_until <= timezone.now()


def _clear_expired(service: Service, owner: User) -> None:
    """An expired draft that the timetable has not met yet must not stand in the way of a new one."""
    with transaction.atomic():
        expired = Draft.objects.filter(service=service, owner=owner, open=True, expires_at__lte=timezone.now())
        attachments.delete_files_of_drafts(expired)
        expired.delete()


def _open_draft(service: Service, owner: User) -> Draft | None:
    return Draft.objects.filter(service=service, owner=owner, open=True, expires_at__gt=timezone.now()).first()


def draft_of(owner: User, ref: str) -> Draft | None:
    """This person's draft, sent or not, or None (a foreign one is as absent as none)."""
    found = Draft.objects.filter(owner=owner, ref=ref).select_related(
        "service", "service__department", "version", "version__definition", "owner"
    )
    return found.filter(expires_at__gt=timezone.now()).first()


def sent_case(draft: Draft) -> Case | None:
    return Case.objects.filter(submission_key=f"draft:{draft.ref}").first()


def context_of(draft: AnyDraft, today: date | None = None) -> Context:
    """What the rules look at for this draft."""
    files, sizes = files_in(draft.attachments)
    return Context(today=today or city_today(), sources=kelurahan_source(), files=files, sizes=sizes)


def files_in(attachments: Any) -> tuple[dict[str, str], dict[str, int]]:
    """By id of a file the key of its question, and by id its bytes."""
    rows = list(attachments.values_list("ref", "question", "size"))
    return {ref: question for ref, question, _size in rows}, {ref: size for ref, _question, size in rows}


def raw_answers(draft: AnyDraft) -> dict[str, Any]:
    """The typed answers together with the files that lie at the draft."""
    answers = dict(draft.answers)
    for ref, question in draft.attachments.order_by("id").values_list("ref", "question"):
        answers.setdefault(question, [])
        if isinstance(answers[question], list):
            answers[question] = [*answers[question], ref]
    return answers


def save_part(
    draft: Draft,
    part: documents.Part,
    data: MultiValueDict[str, str],
    files: MultiValueDict[str, UploadedFile[bytes]],
    *,
    judge: bool,
) -> None:
    """Keep everything that was typed and uploaded on one part, also what is wrong. Raises AlreadySentError.

    `data` and `files` were read from the request before, and files are judged before: neither a slow phone nor a large
    photo may hold the lock.
    """
    judged = {
        question.key: _judged(question, files.getlist(f"f.{question.key}"))
        for question in part.questions
        if question.type == "file"
    }
    with transaction.atomic(), attachments.nothing_left_behind() as stored:
        locked = lock(draft)
        problems = dict(locked.upload_problems)
        for question in part.questions:
            if question.type == "file":
                _take_files(locked, question, *judged[question.key], problems, stored)
        take_answers(locked, part, data)
        locked.upload_problems = problems
        if judge and part.key not in locked.seen:
            locked.seen = [*locked.seen, part.key]
        locked.carried = {}  # told once: whoever goes on has read it
        locked.expires_at = timezone.now() + LIFETIME
        locked.save()


def take_answers(filled: Draft | JourneyRun, part: documents.Part, data: MultiValueDict[str, str]) -> None:
    """Put what was typed on one part into a draft or a walk, also what is wrong. Saves nothing."""
    answers = dict(filled.answers)
    for key, value in answers_typed(part, data, answers).items():
        if filled.sources.get(key) and value != answers.get(key):
            filled.sources.pop(key)
        answers[key] = value
    filled.answers = answers


def _judged(
    question: documents.Question, uploads: list[UploadedFile[bytes]]
) -> tuple[list[attachments.JudgedFile], list[str]]:
    """(files that can be taken, sentences about those that cannot)."""
    good: list[attachments.JudgedFile] = []
    refused: list[str] = [engine.too_many_files(question)] if len(uploads) > question.max_files else []
    for upload in uploads[: question.max_files]:
        try:
            good.append(attachments.judge(upload, max_mb=question.max_mb))
        except attachments.RefusedFileError as error:
            refused.append(str(error))
    return good, refused


def _take_files(
    draft: Draft,
    question: documents.Question,
    good: list[attachments.JudgedFile],
    refused: list[str],
    problems: dict[str, str],
    stored: list[str],
) -> None:
    """Store what can be taken. A refusal is told once: the next save of the part forgets it."""
    present = list(draft.attachments.filter(question=question.key))
    if good and question.max_files == 1:
        for old in present:
            attachments.remove(old)
        present = []
    room = max(0, question.max_files - len(present))
    refused = [*refused, engine.too_many_files(question)] if len(good) > room else list(refused)
    for file in good[:room]:
        try:
            stored.append(attachments.attach(draft, question.key, file).ref)
        except attachments.RefusedFileError as error:
            refused.append(str(error))
    problems.pop(question.key, None)
    if refused:
        problems[question.key] = refused[0]


def add_row(draft: Draft, group: documents.Question) -> str:
    """One more row of a group; its mark, or "" when there is no room. Raises AlreadySentError."""
    with transaction.atomic():
        locked = lock(draft)
        rows, mark = with_row(group, locked.answers.get(group.key))
        locked.answers = {**locked.answers, group.key: rows}
        locked.save(update_fields=["answers", "updated_at"])
    return mark


def remove_row(draft: Draft, group: documents.Question, mark: str) -> None:
    """Raises AlreadySentError."""
    with transaction.atomic():
        locked = lock(draft)
        locked.answers = {**locked.answers, group.key: without_row(group, locked.answers.get(group.key), mark)}
        locked.save(update_fields=["answers", "updated_at"])


def remove_file(draft: Draft, ref: str) -> str | None:
    """Take one file out of an open draft; the key of its question, or None when it is not this draft's."""
    with transaction.atomic():
        locked = lock(draft)
        attachment = locked.attachments.filter(ref=ref, case=None).first()
        if attachment is None:
            return None
        attachments.remove(attachment)
        return attachment.question


def drop(draft: Draft) -> None:
    """Delete an open draft with its files. Raises AlreadySentError."""
    with transaction.atomic():
        locked = lock(draft)
        attachments.delete_files_of_drafts([locked])
        locked.delete()


def lock(draft: Draft) -> Draft:
    """The open draft, locked until the transaction ends. Raises AlreadySentError, Draft.DoesNotExist."""
    locked = Draft.objects.select_for_update().get(pk=draft.pk)
    if locked.open is None:
        case = sent_case(locked)
        if case is not None:
            raise AlreadySentError(case)
        raise Draft.DoesNotExist
    return locked


def state_of(draft: AnyDraft, today: date | None = None, *, declared: bool = True) -> engine.Walk:
    """One walk over the definition: what is shown, what counts, what is wrong.

    Declarations are ticked on the check page, when everything else is done: `declared` answers them.
    """
    form = documents.load(draft.version.document)
    answers = raw_answers(draft)
    for question in form.questions():
        if question.type == "consent":
            answers[question.key] = declared
    return engine.walk(form, answers, context_of(draft, today))


def digest_of(version: FormVersion, answers: Mapping[str, Any]) -> str:
    """What the check page showed, as one value: sending confirms exactly this."""
    body = orjson.dumps([version.pk, answers], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()


def read_api_answers(
    version: FormVersion, answers: dict[str, Any], today: date, held: QuerySet[Attachment]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Judge answers that came by the API: (effective answers, problems with `code`, `pointer` and `detail`).

    `held`: the files that the same person uploaded.
    """
    form, (files, sizes) = documents.load(version.document), files_in(held)
    return engine.read_api(form, answers, Context(today=today, sources=kelurahan_source(), files=files, sizes=sizes))


def files_named(answers: Mapping[str, Any], among: QuerySet[Attachment]) -> list[Attachment]:
    """The files that effective answers name: one of a question that does not apply stays behind."""
    named = {ref for value in answers.values() if isinstance(value, list) for ref in value if isinstance(ref, str)}
    return [found for found in among.order_by("id") if found.ref in named] if named else []
