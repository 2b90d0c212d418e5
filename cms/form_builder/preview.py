"""How a resident would see the form: with sample answers beside the editor, or filled in by the editor to see how it goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.form_builder import gate
from portal.lib.clocks import today
from portal.lib.languages import DEFAULT
from services.cases.applying import check_page, part_page, task_page
from services.cases.models import Case
from services.cases.trial import Papers, Trial, sample_file
from services.catalogue.models import Department, Service, ServiceText
from services.catalogue.regions import kelurahan_source
from services.forms import engine, lint
from services.forms.documents import Document, Form, load, localized
from services.forms.models import FormDefinition, FormVersion
from services.forms.question_types import Context, type_of
from services.forms.samples import sample_answers

if TYPE_CHECKING:
    from cms.models import FormPage


class TryAddresses:
    """The pages on which an editor tries the form; nowhere while the page is not saved."""

    def __init__(self, page: FormPage) -> None:
        self.page_id = page.pk

    def _at(self, name: str, *args: str) -> str:
        return reverse(name, args=[self.page_id, *args]) if self.page_id else "#"

    def part(self, key: str) -> str:
        return self._at("form-try-part", key)

    @property
    def tasks(self) -> str:
        return self._at("form-try")

    @property
    def check(self) -> str:
        return self._at("form-try-check")

    @property
    def send(self) -> str:
        return self._at("form-try-check")

    @property
    def discard(self) -> str:
        return self._at("form-try-again")

    @property
    def service(self) -> str:
        return reverse("wagtailadmin_pages:edit", args=[self.page_id]) if self.page_id else "#"

    later = service


def trial_of(page: FormPage, answers: dict[str, Any], seen: list[str], *, with_files: bool = True) -> Trial:
    """The form of this page as it stands, half as it may be, with these answers. Files are always there: nobody uploads any."""
    document = showable(page.document())
    form = load(document)
    papers = [sample_file(f"{n:032x}", q.key) for n, q in enumerate(form.questions()) if q.type == "file"]
    return Trial(
        service=_service_of(page),
        version=FormVersion(definition=FormDefinition(code=page.code() or "coba"), number=0, document=document),
        addresses=TryAddresses(page),
        answers=answers,
        seen=seen,
        attachments=Papers(papers if with_files else []),
    )


def sampled(page: FormPage) -> Trial:
    """With invented answers to everything."""
    form = load(showable(page.document()))
    sample = sample_answers(form, today=today(), hints=examples(form), sources=kelurahan_source())
    answers = {key: value for key, value in sample.answers.items() if key not in sample.files.values()}
    return trial_of(page, _typed(form, answers), [part.key for part in form.parts])


def examples(form: Form) -> dict[str, Any]:
    """What editors gave as an example, to be tried first."""
    return {question.key: question.example["id"] for question in form.questions() if question.example}


def _typed(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Rows as a draft keeps them, each with its mark."""
    found = dict(answers)
    for question in form.questions():
        if question.type == "group" and isinstance(found.get(question.key), list):
            found[question.key] = [{**row, "_id": str(n)} for n, row in enumerate(found[question.key], 1)]
    return found


def showable(document: Document) -> Document:
    """The document without what cannot be shown yet: what is not begun, and rules that look nowhere."""
    shown = {**document, "title": document["title"] or {"id": "…"}}
    for _pass in range(6):  # what is taken away may leave a rule that looked at it
        errors = lint.errors_of(shown)
        if not errors:
            return shown
        shown = {**shown, "parts": _without([one.path for one in errors], shown["parts"])}
        if not shown["parts"]:
            break
    return {**shown, "parts": []}


def _without(paths: list[str], parts: list[Any]) -> list[Any]:
    kept = []
    for number, part in enumerate(parts):
        base = f"/parts/{number}"
        if base in paths or f"{base}/key" in paths:
            continue
        plain = {name: value for name, value in part.items() if f"{base}/{name}" not in paths}
        plain.setdefault("title", {"id": "…"})
        if questions := _without_questions(paths, part["questions"], f"{base}/questions"):
            kept.append({**plain, "questions": questions})
    return kept[: lint.MAX_QUESTIONS] if "/parts" not in paths else []


def _without_questions(paths: list[str], questions: list[Any], base: str) -> list[Any]:
    kept = []
    for number, question in enumerate(questions):
        path = f"{base}/{number}"
        wrong = {one.removeprefix(f"{path}/") for one in paths if one.startswith(f"{path}/")}
        if path in paths or wrong & {"label", "key", "options"}:
            continue
        plain = {name: value for name, value in question.items() if name not in wrong}
        if "questions" in plain:
            plain["questions"] = _without_questions(paths, plain["questions"], f"{path}/questions")
        kept.append(plain)
    return kept


def _service_of(page: FormPage) -> Service:
    """The service as residents will know it: before it has ever been public, by the title of its page."""
    service = page.service() or _nobodys_service(page)
    if page.path and not service.texts.exists():
        title = page.get_parent().specific.get_latest_revision_as_object().title
        words = ServiceText(service=service, language=DEFAULT, slug=service.code, name=title)
        service._prefetched_objects_cache = {"texts": [words]}  # type: ignore[attr-defined]  # as if they had been read
    return service


def _nobodys_service(page: FormPage) -> Service:
    return Service(pk=0, code=page.code() or "coba", department=Department(code="dinas", name="Dinas", short_name="Dinas"))


# --- the preview beside the editor ----------------------------------------------------------------------------------


def modes(page: FormPage) -> list[tuple[str, Any]]:
    """Task list, each part, check, receipt, and the sentences that the form can say."""
    parts = [(f"bagian:{part['key']}", localized(part["title"])) for part in page.document()["parts"] if part["key"]]
    return [
        ("", _("Daftar tugas")),
        *parts,
        ("periksa", _("Periksa dan kirim")),
        ("terkirim", _("Tanda terima")),
        ("kalimat", _("Kalimat yang dibaca warga")),
    ]


def render_mode(page: FormPage, request: HttpRequest, mode: str) -> HttpResponse:
    """A page of the form with sample answers, as residents see it."""
    trial = sampled(page)
    if not trial.version.document["parts"]:
        return TemplateResponse(request, "cms/form_empty.html", {"page": page})
    if mode.startswith("bagian:"):
        shown = part_page(trial, mode.removeprefix("bagian:"), judged=False)
        if shown is not None:
            return TemplateResponse(request, "cases/part.html", {**shown, "sample": True})
    if mode == "periksa":
        checked = check_page(trial, changed=False, undeclared=False)
        return TemplateResponse(request, "cases/check.html", {**checked, "sample": True})
    if mode == "terkirim":
        return receipt(request, trial, sample=True)
    if mode == "kalimat":
        facts = {"page": page, "rows": spoken(trial), "advice": gate.sentences(page, gate.advice(page))}
        return TemplateResponse(request, "cms/form_sentences.html", facts)
    return TemplateResponse(request, "cases/tasks.html", {**task_page(trial), "sample": True})


def receipt(request: HttpRequest, trial: Trial, *, sample: bool = False) -> HttpResponse:
    """What is shown after sending, of a case that is not there."""
    now = timezone.now()
    case = Case(
        reference="MJK-0000-CONTOH",
        service=trial.service,
        department=trial.service.department or Department(name="Dinas", short_name="Dinas"),
        created_at=now,
        due_at=now + timedelta(days=7),
    )
    facts = {"case": case, "trial": True, "sample": sample, "urls": trial.addresses, "nav": "layanan"}
    return render(request, "cases/receipt.html", facts)


def spoken(trial: Trial) -> list[tuple[str, list[str]]]:
    """(label, finished sentences) of each question: what is said when it is empty, and when it is wrong."""
    form = load(trial.version.document)
    context = Context(today=today(), sources=kelurahan_source())
    found = []
    for question in form.questions():
        for one in [question, *question.questions]:
            kind = type_of(one)
            if not kind.answers or one.type == "group":
                continue
            texts = [engine.sentence_for(one, fault) for fault in engine.faults_of(one, context)]
            found.append((localized(one.label), list(dict.fromkeys(texts))))
    return found
