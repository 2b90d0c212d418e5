"""Doors of a walk along a journey: begin, its page, the shared questions, its steps. Every POST ends in 303."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import SignedInRequest
from portal.lib.posted import posted
from services.cases import drafts
from services.cases.journeys import pages, runs, walks
from services.cases.models import JourneyRun
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.cases.views import see_other
from services.catalogue.models import Availability, Journey


@login_required
@never_cache
@require_GET
def begin(request: SignedInRequest, slug: str) -> HttpResponse:
    """The person's walk; a new one begins with the first part of the shared questions."""
    journey = Journey.objects.filter(life_event__slug=slug, is_public=True).first()
    if journey is None:
        raise Http404
    run = runs.start(journey, request.user)
    form = pages.form_of(run)
    if form is not None and not run.seen and not run.marks.exists():
        return see_other("walk-part", run.ref, form.parts[0].key)
    return see_other("walk", run.ref)


@login_required
@never_cache
@require_GET
def walk(request: SignedInRequest, ref: str) -> HttpResponse:
    return render(request, "cases/walk.html", pages.run_page(_mine(request, ref)))


@keeps_what_was_typed
@never_cache
@require_http_methods(["GET", "POST"])
def part(request: SignedInRequest, ref: str, key: str) -> HttpResponse:
    run = _mine(request, ref)
    page = pages.shared_page(run, key, judged_now="cek" in request.GET)
    if page is None:
        raise Http404
    if request.method == "GET":
        if typed := take_typed(request):
            runs.save_part(run, page["part"], typed, judge=False)
            return see_other("walk-part", ref, key)
        return render(request, "cases/walk_part.html", page)
    if len(request.POST) > drafts.MAX_FIELDS:
        return render(request, "400.html", status=400)
    leaving = request.POST.get("aksi") == "keluar"
    runs.save_part(run, page["part"], request.POST, judge=not leaving)
    if leaving:
        messages.success(request, _("Isian tersimpan. Lanjutkan kapan saja dari akun Anda."))
        return see_other("account-home")
    after = pages.shared_page(_mine(request, ref), key, judged_now=True)
    if after is not None and after["problems"]:
        return see_other("walk-part", ref, key, suffix="?cek=1")
    return see_other("walk-part", ref, page["next"]) if page["next"] else see_other("walk", ref)


@login_required
@posted("walk", "ref")
def step(request: SignedInRequest, ref: str, key: str) -> HttpResponse:
    """One press at a step: fill it in, say that it is done, leave it out, or take either back."""
    run = _mine(request, ref)
    try:
        match request.POST.get("aksi"):
            case "isi":
                return _filled_in(run, key)
            case "sudah" | "belum" as said:
                runs.tick(run, key, done=said == "sudah")
            case "lewati" | "perlu" as said:
                runs.skip(run, key, skipped=said == "lewati")
            case _unknown:
                raise runs.StepError(_("Pilih salah satu tombol pada langkah itu."))
    except runs.StepSentError as sent:
        return see_other("receipt", sent.case.reference)
    except runs.StepError as error:
        messages.error(request, str(error))
    return see_other("walk", ref, suffix=f"#langkah-{key}")


def _filled_in(run: JourneyRun, key: str) -> HttpResponse:
    standing = walks.walk_of(run).standing(key)
    if standing and standing.may_begin and standing.step.service.availability == Availability.PAUSED and standing.step.text:
        return see_other("service-paused", standing.step.text.slug)
    return see_other("draft", runs.begin_step(run, key).ref)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: SignedInRequest, ref: str) -> HttpResponse:
    run = _mine(request, ref)
    if request.method != "POST":
        return render(request, "cases/walk_discard.html", pages.run_page(run))
    runs.drop(run)
    messages.success(request, _("Urusan dihapus dari akun Anda. Permohonan yang sudah terkirim tetap berjalan."))
    return see_other("account-home")


def _mine(request: SignedInRequest, ref: str) -> JourneyRun:
    run = walks.run_of(request.user, ref)
    if run is None:
        raise Http404
    return run
