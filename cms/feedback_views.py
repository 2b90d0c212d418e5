"""`/umpan-balik/`: did this page help? Without cookie and token: the browser's Origin says that the form was ours, and a few a
minute come from one address. `/petugas/umpan-balik/`: what was said, for the page's owner."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from cms import feedback, figures
from cms.models import PageRemark
from portal.lib.crypto import blind_index
from portal.lib.languages import active, path_in
from portal.lib.posted import posted
from portal.lib.throttle import too_many

A_MINUTE, A_DAY = 10, 200  # of one address: hundreds of phones may stand behind it


def _is_ours(request: HttpRequest) -> bool:
    """Was the form sent from a page of ours? Every browser of the last years sends Origin with a POST."""
    sent = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(sent).netloc == request.get_host()


def _too_many(request: HttpRequest) -> bool:
    address = blind_index(request.META.get("REMOTE_ADDR", ""), purpose="feedback")
    minute = too_many(f"feedback:{address}", limit=A_MINUTE, seconds=60)
    return minute or too_many(f"feedback-day:{address}", limit=A_DAY, seconds=86400)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest) -> HttpResponse:
    """POST counts an answer, or keeps a remark, and leads to GET, which thanks and asks what was missing."""
    given = request.POST if request.method == "POST" else request.GET
    path = given.get("halaman", "")[:200]
    subject = feedback.subject_of(path_in(active(), path) if path.startswith("/") else "")
    if subject is None:
        raise Http404("no such page")
    facts = {"subject": subject, "back": path_in(active(), subject.path), "longest": feedback.MAX_REMARK}
    if request.method != "POST":
        return render(
            request, "cms/feedback.html", {**facts, "answer": given.get("membantu", ""), "kept": "terima" in given}
        )
    if not _is_ours(request):
        raise PermissionDenied
    if _too_many(request):
        problem = _("Terlalu banyak masukan dari jaringan ini. Coba lagi beberapa menit lagi.")
        return render(request, "cms/feedback.html", {**facts, "problem": problem, "text": given.get("kata", "")}, status=429)
    answer = given.get("membantu", "")
    query = {"halaman": subject.path}
    if answer in ("ya", "tidak"):
        feedback.vote(subject, helpful=answer == "ya")
        query["membantu"] = answer
    elif feedback.remark(subject, given.get("kata", "")[: 4 * feedback.MAX_REMARK]):
        query["terima"] = "1"
    else:
        problem = _("Tulis apa yang kurang atau salah di halaman ini")
        return render(request, "cms/feedback.html", {**facts, "problem": problem, "answer": "tidak"})
    response = redirect(f"{reverse('feedback')}?{urlencode(query)}")
    response.status_code = 303
    return response


def _readers_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: SignedInRequest, **kwargs: Any) -> HttpResponse:
        if not feedback.reads_feedback(request.user):
            raise PermissionDenied
        return view(request, **kwargs)

    return guarded


@_readers_only
@require_safe
def read(request: SignedInRequest) -> HttpResponse:
    done = request.GET.get("tampil") == "selesai"
    state = PageRemark.State.DONE if done else PageRemark.State.OPEN
    page = Paginator(feedback.remarks(request.user).filter(state=state), 25).get_page(request.GET.get("hal"))
    said = feedback.voices(request.user)
    views = figures.views_of([voice.path for voice in said])
    context = {
        "page": page,
        "done": done,
        "voices": [(voice, views.get(voice.path)) for voice in said],
        "counts": bool(views),
        "nav": "umpan-balik",
    }
    return render(request, "staff/feedback.html", context)


@_readers_only
@posted("staff-feedback")
def settle(request: SignedInRequest, pk: int) -> HttpResponse:
    if not feedback.settle(request.user, pk):
        raise Http404
    messages.success(request, _("Ditandai sudah ditindaklanjuti."))
    return redirect("staff-feedback")
