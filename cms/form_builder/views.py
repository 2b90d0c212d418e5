"""Doors beside the editor of a form: try it, send a sample to the test address, take it out, bring one in."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cms.form_builder import exchange, gate, importing, trying
from cms.form_builder.exchange import ImportRefused
from cms.form_builder.preview import receipt, showable
from cms.models import FormPage
from services.adapters.connecting.forms import try_document
from services.cases.applying import check_page, part_page, task_page
from services.cases.drafts import MAX_FIELDS

# The steps of a contract test, in words for editors.
STEPS: dict[str, Any] = {
    "setup": gettext_lazy("Sambungan"),
    "form": gettext_lazy("Isian contoh"),
    "mapping": gettext_lazy("Pemetaan"),
    "request": gettext_lazy("Bentuk permintaan"),
    "submit": gettext_lazy("Pengiriman"),
    "answer": gettext_lazy("Jawaban sistem dinas"),
    "withdraw": gettext_lazy("Pembatalan"),
    "redaction": gettext_lazy("Catatan"),
    "inbox": gettext_lazy("Daftar kerja"),
}


def _page(request: HttpRequest, page_id: int) -> FormPage:
    """The form as it was saved last. Raises Http404, or PermissionDenied for who may not edit it."""
    page = FormPage.objects.filter(pk=page_id).first()
    if page is None:
        raise Http404
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    latest: FormPage = page.get_latest_revision_as_object()
    return latest


def _see_other(address: str) -> HttpResponse:
    response = redirect(address)
    response.status_code = 303
    return response


@never_cache
@require_GET
def try_tasks(request: HttpRequest, page_id: int) -> HttpResponse:
    page = _page(request, page_id)
    trial = trying.trial_in(request, page)
    if not trial.version.document["parts"]:
        return render(request, "cms/form_empty.html", {"page": page})
    return render(request, "cases/tasks.html", task_page(trial))


@never_cache
@require_http_methods(["GET", "POST"])
def try_part(request: HttpRequest, page_id: int, key: str) -> HttpResponse:
    page = _page(request, page_id)
    trial = trying.trial_in(request, page)
    shown = part_page(trial, key, judged="cek" in request.GET)
    if shown is None:
        raise Http404
    if request.method == "GET":
        return render(request, "cases/part.html", shown)
    if len(request.POST) > MAX_FIELDS:
        return render(request, "400.html", status=400)
    trying.keep(request, page, trial, shown["part"])
    action = request.POST.get("aksi", "lanjut")
    here = reverse("form-try-part", args=[page_id, key])
    if action.startswith(("tambah:", "hapus:")):
        return _see_other(here + trying.change_rows(request, page, trial, shown["part"], action))
    if action != "lanjut":
        return _see_other(reverse("form-try", args=[page_id]))
    trying.went_through(request, page, trial, shown["part"])
    after = part_page(trial, key, judged=True)
    if after is not None and after["problems"]:
        return _see_other(f"{here}?cek=1")
    following = after["next"] if after is not None else None
    where = reverse("form-try-part", args=[page_id, following]) if following else reverse("form-try-check", args=[page_id])
    return _see_other(where)


@never_cache
@require_http_methods(["GET", "POST"])
def try_check(request: HttpRequest, page_id: int) -> HttpResponse:
    """A POST is "send": the receipt is shown, and nothing has gone anywhere."""
    page = _page(request, page_id)
    trial = trying.trial_in(request, page)
    undeclared = request.method == "POST" and request.POST.get("setuju") != "1"
    shown = check_page(trial, changed=False, undeclared=undeclared)
    if shown["unfinished"]:
        return _see_other(reverse("form-try", args=[page_id]))
    if request.method == "POST" and not undeclared:
        return receipt(request, trial)
    return render(request, "cases/check.html", shown)


@never_cache
@require_GET
def try_again(request: HttpRequest, page_id: int) -> HttpResponse:
    """From the beginning. What is forgotten is only this person's own try."""
    _page(request, page_id)
    trying.forget(request)
    return redirect("form-try", page_id)


@never_cache
@require_http_methods(["GET", "POST"])
def try_connection(request: HttpRequest, page_id: int) -> HttpResponse:
    page = _page(request, page_id)
    service, problems = page.service(), gate.problems(page)
    tried = None
    if request.method == "POST" and service is not None and showable(page.document()) == page.document():
        tried = try_document(service, page.document())
    rows = [(STEPS.get(row.name, row.name), row) for row in tried.rows] if tried is not None else []
    facts = {"page": page, "tried": tried, "rows": rows, "problems": gate.sentences(page, problems)}
    return render(request, "cms/form_connection.html", facts)


@never_cache
@require_GET
def export(request: HttpRequest, page_id: int) -> HttpResponse:
    """The document, or with `?bentuk=skema` the pair of schemas."""
    page = _page(request, page_id)
    document, name = page.document(), page.code() or "formulir"
    if request.GET.get("bentuk") == "skema":
        if gate.problems(page):
            messages.error(request, _("Formulir belum lengkap, jadi belum bisa dijadikan JSON Schema."))
            return redirect("wagtailadmin_pages:edit", page_id)
        data, name = exchange.exported_pair(document), f"{name}-skema"
    else:
        data = exchange.exported(document)
    response = HttpResponse(data, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def import_(request: HttpRequest, page_id: int) -> HttpResponse:
    """A dry run first; what it showed is then saved as a draft of the page, and only that."""
    page = _page(request, page_id)
    facts: dict[str, Any] = {"page": page, "most": exchange.MAX_BYTES // 1024}
    if request.method == "GET":
        return render(request, "cms/form_import.html", facts)
    data = importing.sent(request)
    try:
        found = exchange.read(data, title=page.title)
    except ImportRefused as refused:
        return render(request, "cms/form_import.html", {**facts, "refused": str(refused)})
    digest = hashlib.sha256(data).hexdigest()
    if request.POST.get("aksi") == "pakai" and request.POST.get("sidik") == digest:
        importing.use(page, found.document, user=request.user)
        messages.success(request, _("Formulir dari berkas disimpan sebagai draf. Periksa, lalu terbitkan."))
        return _see_other(reverse("wagtailadmin_pages:edit", args=[page_id]))
    changes = exchange.differences(page.document(), found.document)
    facts |= {"found": found, "changes": changes, "text": data.decode(), "digest": digest}
    return render(request, "cms/form_import.html", facts)
