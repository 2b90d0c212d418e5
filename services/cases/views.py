"""Doors of an application: start, task list, parts, check, send, receipt, files. Every POST ends in 303."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import assurance
from accounts.requests import SignedInRequest
from portal.lib.posted import posted
from services.cases import actions, carrying, drafts, queries
from services.cases.applying import check_page, closed_sentence, part_page, task_page
from services.cases.attachments import open_attachment
from services.cases.journeys.pages import place_of
from services.cases.models import Attachment, Draft
from services.cases.permissions import may_read_attachment
from services.cases.presentation import receipt_page
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.catalogue import wishes
from services.catalogue.models import Availability, Channel
from services.catalogue.queries import service_by_slug
from services.forms.documents import Part


def see_other(name: str, *args: Any, suffix: str = "") -> HttpResponse:
    response = redirect(reverse(name, args=args) + suffix)
    response.status_code = 303
    return response


@login_required
@never_cache
@require_GET
def begin(request: SignedInRequest, slug: str) -> HttpResponse:
    text = service_by_slug(slug)
    if text is None or text.service.channel != Channel.FORM or text.service.form is None:
        raise Http404
    if text.service.availability == Availability.PAUSED:
        return see_other("service-paused", slug)
    return see_other("draft", drafts.start(text.service, request.user).ref)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def paused(request: SignedInRequest, slug: str) -> HttpResponse:
    """A paused service: one press, and the person hears once when it is open again."""
    text = service_by_slug(slug)
    if text is None:
        raise Http404
    if request.method == "POST":
        if request.POST.get("batal"):
            wishes.take_back(request.user, text.service)
        elif text.service.availability == Availability.PAUSED:
            wishes.wish(request.user, text.service)
        return see_other("service-paused", slug)
    facts = {
        "text": text,
        "service": text.service,
        "open": text.service.availability != Availability.PAUSED,
        "wished": wishes.wishes(request.user, text.service),
        "nav": "layanan",
    }
    return render(request, "cases/paused.html", facts)


@login_required
@never_cache
@require_GET
def tasks(request: SignedInRequest, ref: str) -> HttpResponse:
    draft = _mine(request, ref)
    if sent := _receipt_if_sent(draft):
        return sent
    if carrying.carry(draft):
        draft = _mine(request, ref)
    return render(request, "cases/tasks.html", {**task_page(draft), "place": place_of(draft)})


@keeps_what_was_typed
@never_cache
@require_http_methods(["GET", "POST"])
def part(request: SignedInRequest, ref: str, key: str) -> HttpResponse:
    draft = _mine(request, ref)
    if sent := _receipt_if_sent(draft):
        return sent
    if request.method == "GET" and (typed := take_typed(request)):
        return _put_back(draft, key, typed)
    if request.method == "GET" and carrying.carry(draft):
        return see_other("draft", ref)
    page = part_page(draft, key, judged="cek" in request.GET)
    if page is None:
        raise Http404
    if request.method == "GET":
        return render(request, "cases/part.html", page)
    data, files = request.POST, request.FILES
    if len(data) > drafts.MAX_FIELDS:
        return render(request, "400.html", status=400)
    action = data.get("aksi", "lanjut")
    try:
        drafts.save_part(draft, page["part"], data, files, judge=action == "lanjut")
        if carrying.carry(draft):
            return see_other("draft", ref)
        if action.startswith("buang:"):
            question = drafts.remove_file(draft, action.removeprefix("buang:"))
            return see_other("draft-part", ref, key, suffix=f"#f-{question}" if question else "")
        if action.startswith(("tambah:", "hapus:")):
            return see_other("draft-part", ref, key, suffix=_other_rows(draft, page["part"], action))
    except drafts.AlreadySentError as sent_before:
        return see_other("receipt", sent_before.case.reference)
    if action == "keluar":
        messages.success(request, _("Isian tersimpan. Lanjutkan kapan saja dari akun Anda."))
        return see_other("account-home")
    after = part_page(_mine(request, ref), key, judged=True)
    if after is not None and after["problems"]:
        return see_other("draft-part", ref, key, suffix="?cek=1")
    following = page["next"]
    return see_other("draft-part", ref, following) if following else see_other("draft-check", ref)


def _other_rows(draft: Draft, part: Part, action: str) -> str:
    """Add or take away a row of a group; the place on the page to go on from."""
    act, name, mark = [*action.split(":", 2), ""][:3]
    group = next((question for question in part.questions if question.key == name and question.type == "group"), None)
    if group is None:
        return ""
    if act == "hapus":
        drafts.remove_row(draft, group, mark)
        return f"#grup-{group.key}"
    made = drafts.add_row(draft, group)
    return f"#baris-{made}" if made else f"#grup-{group.key}"


def _put_back(draft: Draft, key: str, typed: QueryDict) -> HttpResponse:
    """Save what was typed before the session ended, and show the part with it."""
    page = part_page(draft, key, judged=False)
    if page is not None:
        drafts.save_part(draft, page["part"], typed, MultiValueDict(), judge=False)
    return see_other("draft-part", draft.ref, key)


@login_required
@never_cache
@require_GET
def check(request: SignedInRequest, ref: str) -> HttpResponse:
    draft = _mine(request, ref)
    if sent := _receipt_if_sent(draft):
        return sent
    if carrying.carry(draft):
        return see_other("draft", ref)
    page = check_page(draft, changed="berubah" in request.GET, undeclared="cek" in request.GET)
    if page["unfinished"]:
        return see_other("draft", ref, suffix="?cek=1")
    return render(request, "cases/check.html", page)


@login_required
@posted("draft-check", "ref")
def send(request: SignedInRequest, ref: str) -> HttpResponse:
    draft = _mine(request, ref)
    if _receipt_if_sent(draft) is None and carrying.carry(draft):
        return see_other("draft", ref)
    if away := _known_surely(request, draft):
        return away
    declared = request.POST.get("setuju") == "1"
    try:
        case = actions.submit_draft(draft, confirmed=request.POST.get("sidik", "")[:64], declared=declared)
    except actions.UndeclaredError:
        return see_other("draft-check", ref, suffix="?cek=1")
    except actions.ChangedError:
        return see_other("draft-check", ref, suffix="?berubah=1")
    except actions.UnfinishedError:
        return see_other("draft", ref, suffix="?cek=1")
    except actions.ClosedError:
        messages.error(request, closed_sentence(draft))
        return see_other("draft", ref)
    except actions.WithdrawnError:
        messages.error(
            request,
            _("Layanan ini sudah tidak dibuka untuk permohonan baru. Isian Anda masih tersimpan; tanyakan kepada dinasnya."),
        )
        return see_other("draft", ref)
    except actions.NotAcceptingError:
        messages.error(
            request, _("Layanan ini sedang tidak bisa menerima permohonan. Isian Anda tersimpan; coba lagi nanti.")
        )
        return see_other("draft", ref)
    assurance.arrived(request)
    return see_other("receipt", case.reference)


def _known_surely(request: SignedInRequest, draft: Draft) -> HttpResponse | None:
    """Only now, when somebody wants to send, does a service ask to know more surely who it is. Nothing typed is lost: the
    draft is stored, and signing in again comes back to its check page."""
    level, back = draft.service.min_level, reverse("draft-check", args=[draft.ref])
    if _receipt_if_sent(draft) is not None:
        return None
    away = assurance.rise(request, request.user, back, level=level)
    if away is None:
        return None
    if away:
        return redirect(away)
    return render(
        request, "cases/level.html", {"draft": draft, "service_name": draft.service.label, "level": level, "nav": "layanan"}
    )


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def discard(request: SignedInRequest, ref: str) -> HttpResponse:
    draft = _mine(request, ref)
    if sent := _receipt_if_sent(draft):
        return sent
    if request.method == "GET":
        return render(request, "cases/discard.html", task_page(draft))
    drafts.drop(draft)
    messages.success(request, _("Isian dihapus."))
    return see_other("account-home")


@login_required
@never_cache
@require_GET
def receipt(request: SignedInRequest, reference: str) -> HttpResponse:
    case = queries.case_of(request.user, reference)
    if case is None:
        raise Http404
    return render(request, "cases/receipt.html", {**receipt_page(case), "place": place_of(case)})


@login_required
@never_cache
@require_GET
def download(request: SignedInRequest, ref: str) -> HttpResponse:
    """A file, always as an attachment that no browser opens in our origin."""
    attachment = Attachment.objects.filter(ref=ref).select_related("case", "owner").first()
    if attachment is None or not may_read_attachment(request.user, attachment):
        raise Http404
    try:
        data = open_attachment(attachment)
    except OSError:
        raise Http404 from None
    if attachment.case is not None and attachment.owner_id != request.user.pk:
        queries.record_staff_view(attachment.case, request.user)
    response = HttpResponse(data, content_type=attachment.content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{escape_uri_path(attachment.name).replace('/', '%2F')}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _mine(request: SignedInRequest, ref: str) -> Draft:
    draft = drafts.draft_of(request.user, ref)
    if draft is None:
        raise Http404
    return draft


def _receipt_if_sent(draft: Draft) -> HttpResponse | None:
    """Every page of a sent draft leads to its receipt."""
    if draft.open:
        return None
    case = drafts.sent_case(draft)
    if case is None:
        raise Http404
    return see_other("receipt", case.reference)
