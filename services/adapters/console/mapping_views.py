"""Document, operations, and how a service's answers reach them: mapping with preview, contract tests, into service."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedInRequest
from portal.lib.posted import posted
from services.adapters import contract
from services.adapters.connecting import documents, forms
from services.adapters.connecting import service as work
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.console import rows as typed_rows
from services.adapters.console.doors import of_own_connection, sure_who_it_is
from services.adapters.console.forms import OperationForm
from services.adapters.documents.proposals import ROLES
from services.adapters.models import Binding, Connection, ContractRun, Operation
from services.adapters.setup import newest_specs
from services.catalogue.models import Service
from services.forms.queries import current_version

MOST_FILES = 20
MOST_LINES = 200


@of_own_connection
@require_http_methods(["GET", "HEAD", "POST"])
def document(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """Upload the department's own API document; below it what it offers."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        chosen = request.FILES.getlist("dokumen")
        files = {"main": chosen[0].read()} if chosen else {}
        files |= {more.name or "": more.read() for more in request.FILES.getlist("impor")[:MOST_FILES]}
        try:
            if not files:
                raise ConnectionProblem({"document": [_("Pilih berkas dokumen API")]})
            documents.store(connection, files)
        except ConnectionProblem as problem:
            problems = [{"anchor": "dokumen", "text": text} for texts in problem.errors.values() for text in texts]
        else:
            messages.success(request, _("Dokumen terbaca."))
            return redirect("integration-document", code=connection.code)
    newest = documents.newest(connection)
    report: dict[str, Any] | None = None
    if newest is not None:
        try:
            report = documents.report(documents.api_of(newest))
        except ConnectionProblem as problem:
            problems = problems or [{"anchor": "dokumen", "text": str(problem)}]
    services = Service.objects.filter(department=connection.department).order_by("code")
    facts = {
        "connection": connection,
        "problems": problems,
        "document": newest,
        "report": report,
        "roles": ROLES,
        "services": services,
        "nav": "integrasi",
    }
    return render(request, "integration/document.html", facts)


@of_own_connection
@posted("integration-document", "code")
def take_proposal(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """Keep what the document proposes: one operation; for `submit` the mapping, and the form where the service has none."""
    newest = documents.newest(connection)
    if newest is None:
        raise Http404
    role, operation_id = request.POST.get("peran", ""), request.POST.get("operasi", "")
    service = _service(connection, request.POST.get("layanan", "")) if request.POST.get("layanan") else None
    by = request.user.public_id
    try:
        if role == "submit" and service is None:
            raise ConnectionProblem({"service": [_("Pilih layanan yang mengirim lewat operasi ini")]})
        made = documents.propose(newest, operation_id, role, service=service)
        name = role if role != "lookup" else _slug(operation_id)
        work.save_operation(connection, name, made.spec, by=by)
        if service is not None and role == "submit":
            if made.form is not None:
                forms.publish(service, made.form, by=by)
            work.bind(connection, service, made.rows, by=by)
        elif service is not None and role == "lookup":
            work.bind(connection, service, [], operation=name, by=by)
    except forms.FormInUse:
        messages.error(request, _("Formulir layanan ini sudah dipakai warga. Penyunting dinas yang mengubahnya."))
    except ConnectionProblem as problem:
        for text in (text for texts in problem.errors.values() for text in texts):
            messages.error(request, text)
    else:
        for text in made.open:
            messages.warning(request, text)
        messages.success(request, _("Operasi %(name)s tersimpan sebagai konsep.") % {"name": name})
        if service is not None:
            return redirect("integration-mapping", code=connection.code, service=service.code)
        return redirect("integration-operation", code=connection.code, name=name)
    return redirect("integration-document", code=connection.code)


def _slug(name: str) -> str:
    kept = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in name.lower())
    return "-".join(filter(None, kept.split("-")))[:60] or "baca"


@of_own_connection
@require_http_methods(["GET", "HEAD", "POST"])
def operation(request: SignedInRequest, connection: Connection, name: str = "") -> HttpResponse:
    """One operation as JSON: a new draft version when it is saved."""
    found = connection.operations.filter(name=name, retired_at=None).order_by("-version").first() if name else None
    if name and found is None:
        raise Http404
    if request.method == "POST":
        form = OperationForm(request.POST, auto_id="operasi-%s")
        if form.is_valid():
            given = form.cleaned_data
            try:
                work.save_operation(
                    connection, given["name"], given["spec"], purpose=given["purpose"], by=request.user.public_id
                )
            except ConnectionProblem as problem:
                form.take(problem)
            else:
                messages.success(request, _("Tersimpan sebagai konsep. Dipakai setelah layanannya dijalankan."))
                return redirect("integration-operation", code=connection.code, name=given["name"])
    elif found is not None:
        text = json.dumps(found.spec, indent=2, ensure_ascii=False)
        form = OperationForm(initial={"name": found.name, "purpose": found.purpose, "spec": text}, auto_id="operasi-%s")
    else:
        form = OperationForm(auto_id="operasi-%s")
    facts = {
        "connection": connection,
        "operation": found,
        "form": form,
        "problems": form.problems if form.is_bound else [],
        "nav": "integrasi",
    }
    return render(request, "integration/operation.html", facts)


def _service(connection: Connection, code: str) -> Service:
    found = Service.objects.filter(department=connection.department, code=code).select_related("department", "form").first()
    if found is None:
        raise Http404
    return found


@of_own_connection
@posted("integration", "code")
def bind(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """Begin with an empty mapping for a service."""
    service = _service(connection, request.POST.get("layanan", ""))
    operation = request.POST.get("operasi") or "submit"
    try:
        work.bind(connection, service, [], operation=operation, by=request.user.public_id)
    except ConnectionProblem as problem:
        for text in (text for texts in problem.errors.values() for text in texts):
            messages.error(request, text)
        return redirect("integration", code=connection.code)
    return redirect("integration-mapping", code=connection.code, service=service.code)


@of_own_connection
@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: SignedInRequest, connection: Connection, service: str) -> HttpResponse:
    """The mapping of one service as rows, with a live preview of what would be sent."""
    bound = work.newest_binding(connection, _service(connection, service))
    if bound is None:
        raise Http404
    lines = [typed_rows.line_of(row) for row in bound.mapping]
    problems: list[dict[str, str]] = []
    shown = bound
    if request.method == "POST":
        lines = typed_rows.lines_in(request.POST, MOST_LINES)
        try:
            made = [typed_rows.row_of(line) for line in lines]
            if request.POST.get("tindakan") == "pratinjau":
                work.check_mapping(made)
                shown = Binding(service=bound.service, connection=connection, operation=bound.operation, mapping=made)
            else:
                work.bind(connection, bound.service, made, operation=bound.operation, by=request.user.public_id)
                messages.success(request, _("Pemetaan tersimpan sebagai konsep."))
                return redirect("integration-mapping", code=connection.code, service=service)
        except typed_rows.UnreadableRow as error:
            problems = [{"anchor": "to-0", "text": str(error)}]
        except ConnectionProblem as problem:
            problems = [{"anchor": "to-0", "text": text} for texts in problem.errors.values() for text in texts]
    questions = _questions(bound.service)
    spec = newest_specs(connection).get(bound.operation, {})
    answers = contract.answers_for(bound, spec)
    facts = {
        "connection": connection,
        "binding": bound,
        "lines": [*enumerate(lines), *((len(lines) + n, typed_rows.Line()) for n in range(typed_rows.BLANK_ROWS))],
        "problems": problems,
        "questions": questions,
        "preview": [] if problems else work.preview(shown, answers),
        "sent": "" if problems else _sent(shown, answers),
        "endpoint": Operation(spec=spec).endpoint,
        "run": contract.last_run(bound),
        "runs": ContractRun.objects.filter(binding__service=bound.service, binding__connection=connection)[:10],
        "obstacles": work.obstacles(bound),
        "nav": "integrasi",
    }
    return render(request, "integration/mapping.html", facts)


def _questions(service: Service) -> list[tuple[str, str]]:
    if service.form is None or not service.form.versions.exists():
        return []
    parts = current_version(service.form).document["parts"]
    return [(one["key"], one["label"].get("id", "")) for part in parts for one in part["questions"]]


def _sent(binding: Binding, answers: dict[str, Any]) -> str:
    """The body as it would go out."""
    try:
        return json.dumps(work.would_send(binding, answers), indent=2, ensure_ascii=False)
    except ConnectionProblem:
        return ""


@of_own_connection
@posted("integration-mapping", "code", "service")
def run_tests(request: SignedInRequest, connection: Connection, service: str) -> HttpResponse:
    bound = work.newest_binding(connection, _service(connection, service))
    if bound is None:
        raise Http404
    run = work.test(bound)
    (messages.success if run.green else messages.error)(
        request, _("Uji kontrak hijau.") if run.green else _("Uji kontrak merah. Lihat barisnya di bawah.")
    )
    return redirect("integration-mapping", code=connection.code, service=service)


@of_own_connection
@sure_who_it_is
@posted("integration-mapping", "code", "service")
def publish(request: SignedInRequest, connection: Connection, service: str) -> HttpResponse:
    """Into service. What is missing is said."""
    bound = work.newest_binding(connection, _service(connection, service))
    if bound is None:
        raise Http404
    try:
        work.publish(bound, by=request.user.public_id)
    except ConnectionProblem as problem:
        for text in (text for texts in problem.errors.values() for text in texts):
            messages.error(request, text)
    else:
        messages.success(request, _("Dijalankan. Permohonan baru dikirim dengan pemetaan ini."))
    return redirect("integration-mapping", code=connection.code, service=service)
