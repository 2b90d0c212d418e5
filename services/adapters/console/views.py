"""Register, settings, the way to the system, keys, maintenance, live log."""

from __future__ import annotations

import yaml
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from portal.lib.posted import posted
from services.adapters import circuit, figures, hops, manifest, standing
from services.adapters.connecting import documents, registering
from services.adapters.connecting import service as work
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.console.doors import integrators_only, of_own_connection, sure_who_it_is
from services.adapters.console.forms import RegisterForm, SecretForm, SettingsForm, WindowForm, changed
from services.adapters.models import Binding, Connection
from services.catalogue.integrators import integrated_departments
from services.catalogue.models import Service

LOG_ROWS = 50


@integrators_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    mine = Connection.objects.filter(department__in=integrated_departments(request.user)).select_related("department")
    shown = mine.annotate(services=Count("bindings__service", filter=Q(bindings__live_at__isnull=False), distinct=True))
    page = Paginator(shown.order_by("label", "code"), 25).get_page(request.GET.get("hal"))
    rows = [(connection, circuit.is_down(connection)) for connection in page.object_list]
    return render(request, "integration/connections.html", {"page": page, "rows": rows, "nav": "integrasi"})


@integrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    departments = [(one.code, one.label) for one in integrated_departments(request.user).order_by("name")]
    form = RegisterForm(request.POST or None, departments=departments, auto_id="daftar-%s")
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        department = integrated_departments(request.user).get(code=values.pop("department"))
        try:
            made = registering.register(department, values, by=request.user.public_id)
        except ConnectionProblem as problem:
            form.take(problem)
        else:
            messages.success(request, _("Sambungan terdaftar."))
            return redirect("integration", code=made.code)
    facts = {"form": form, "problems": form.problems if form.is_bound else [], "nav": "integrasi"}
    return render(request, "integration/register.html", facts)


@of_own_connection
@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """One connection whole; POST saves its settings."""
    form = SettingsForm.of(connection)
    if request.method == "POST":
        form = SettingsForm(request.POST, kind=connection.kind)
        if form.is_valid():
            try:
                registering.change(connection, changed(connection, form.cleaned_data), by=request.user.public_id)
            except ConnectionProblem as problem:
                form.take(problem)
            else:
                messages.success(request, _("Tersimpan."))
                return redirect("integration", code=connection.code)
    return _shown(request, connection, form)


def _shown(
    request: SignedInRequest, connection: Connection, form: SettingsForm | None = None, walk: list[hops.Hop] | None = None
) -> HttpResponse:
    form = form or SettingsForm.of(connection)
    operations: dict[str, object] = {}
    for row in connection.operations.filter(retired_at=None).order_by("name", "version"):
        operations[row.name] = row
    bindings: dict[int, Binding] = {}
    for bound in Binding.objects.filter(connection=connection).select_related("service").order_by("version"):
        bindings[bound.service_id] = bound
    bound_here = set(bindings)
    free = Service.objects.filter(department=connection.department).exclude(pk__in=bound_here).order_by("code")
    facts = {
        "connection": connection,
        "down": circuit.is_down(connection),
        "window": standing.maintenance_of(connection, timezone.now()),
        "figures": figures.of_connection(connection),
        "days": figures.by_day(connection)[:14],
        "form": form,
        "problems": form.problems if form.is_bound else [],
        "walk": walk,
        "document": documents.newest(connection),
        "operations": [operations[name] for name in sorted(operations)],
        "bindings": sorted(bindings.values(), key=lambda one: one.service.code),
        "free": free,
        "log": connection.exchanges.order_by("-at", "-pk")[:10],
        "nav": "integrasi",
    }
    return render(request, "integration/connection.html", facts)


@of_own_connection
@posted("integration", "code")
def test(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """The way to the system hop by hop, shown on the connection's page."""
    testing = request.POST.get("tujuan") == "uji"
    return _shown(request, connection, walk=hops.walk(connection, testing=testing))


@of_own_connection
@require_safe
def log(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """The newest exchanges; `?bagian=log` is the list alone, for the page that asks again every two seconds."""
    rows = connection.exchanges.order_by("-at", "-pk")
    only_bad = request.GET.get("saring") == "gagal"
    if only_bad:
        rows = rows.exclude(cause="", status__lt=400)
    facts = {"connection": connection, "log": rows[:LOG_ROWS], "only_bad": only_bad, "nav": "integrasi"}
    alone = request.GET.get("bagian") == "log"
    return render(request, "integration/log_rows.html" if alone else "integration/log.html", facts)


@of_own_connection
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: SignedInRequest, connection: Connection) -> HttpResponse:
    form = SecretForm(request.POST or None, auto_id="kunci-%s")
    made = ""
    if request.method == "POST":
        match request.POST.get("tindakan"):
            case "webhook":
                made = registering.new_webhook_secret(connection, by=request.user.public_id)
                form = SecretForm(auto_id="kunci-%s")
            case "hapus" | "hapus-lama" as act:
                name, testing = request.POST.get("nama", ""), bool(request.POST.get("uji"))
                registering.remove_secret(
                    connection, name, by=request.user.public_id, testing=testing, only_old=act == "hapus-lama"
                )
                messages.success(request, _("Terhapus."))
                return redirect("integration-keys", code=connection.code)
            case _other if form.is_valid():
                try:
                    registering.set_secret(connection, by=request.user.public_id, **form.cleaned_data)
                except ConnectionProblem as problem:
                    form.take(problem)
                else:
                    messages.success(request, _("Tersimpan. Rahasia ini tidak bisa dilihat lagi."))
                    return redirect("integration-keys", code=connection.code)
    facts = {
        "connection": connection,
        "form": form,
        "problems": form.problems if form.is_bound else [],
        "secrets": registering.secrets_shown(connection),
        "made": made,
        "nav": "integrasi",
    }
    return render(request, "integration/keys.html", facts)


@of_own_connection
@require_http_methods(["GET", "HEAD", "POST"])
def windows(request: SignedInRequest, connection: Connection) -> HttpResponse:
    form = WindowForm(request.POST or None, auto_id="jadwal-%s")
    if request.method == "POST":
        if request.POST.get("hapus", "").isdecimal():
            work.remove_window(connection, int(request.POST["hapus"][:12]))
            messages.success(request, _("Terhapus."))
            return redirect("integration-windows", code=connection.code)
        if form.is_valid():
            try:
                work.add_window(connection, by=request.user, **form.cleaned_data)
            except ConnectionProblem as problem:
                form.take(problem)
            else:
                messages.success(request, _("Tersimpan."))
                return redirect("integration-windows", code=connection.code)
    facts = {
        "connection": connection,
        "form": form,
        "problems": form.problems if form.is_bound else [],
        "windows": connection.maintenances.filter(ends_at__gt=timezone.now()),
        "nav": "integrasi",
    }
    return render(request, "integration/windows.html", facts)


@of_own_connection
@require_safe
def manifest_file(request: SignedInRequest, connection: Connection) -> HttpResponse:
    """The connection as one YAML document, without secrets."""
    text = yaml.safe_dump(manifest.export([connection.code]), sort_keys=False, allow_unicode=True)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{connection.code}.yaml"'
    return response
