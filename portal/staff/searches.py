"""`/petugas/pencarian/`: searches that helped nobody, the words that mean the same, and the guides; for editors and reviewers."""

from __future__ import annotations

import difflib

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from portal.lib import languages
from portal.lib.posted import posted
from portal.staff.doors import word_editors_only, word_reviewers_only
from services.catalogue import counting, guides, synonyms
from services.catalogue.models import Guide, Need, Service, ServiceText, WordLink
from services.catalogue.wordkeepers import reviews_words

NAV = "pencarian"
PAGE = "staff-searches"


@word_editors_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    typed = " ".join(request.GET.get("q", "").split())[:60]
    links = WordLink.objects.select_related("service", "proposed_by").order_by("words", "means", "pk")
    approved = links.filter(state=WordLink.State.APPROVED)
    if typed:
        folded = synonyms.folded(typed)
        approved = approved.filter(Q(words__contains=folded) | Q(means__contains=folded) | Q(service__code__contains=folded))
    context = {
        "missed": counting.missed_searches(),
        "shown_from": counting.SHOWN_FROM,
        "proposed": [
            (link, link.proposed_by_id != request.user.pk) for link in links.filter(state=WordLink.State.PROPOSED)[:200]
        ],
        "page": Paginator(approved, 50).get_page(request.GET.get("hal")),
        "typed": typed,
        "may_review": reviews_words(request.user),
        "needs": Need.objects.select_related("guide"),
        "services": ServiceText.objects.filter(language=languages.DEFAULT, service__is_public=True)
        .order_by("name")
        .values_list("service__code", "name"),
        "nav": NAV,
    }
    return render(request, "staff/searches.html", context)


@word_editors_only
@posted(PAGE)
def propose(request: SignedInRequest) -> HttpResponse:
    code = request.POST.get("layanan", "").strip()
    service = Service.objects.filter(code=code).first() if code else None
    if code and service is None:
        messages.error(request, _("Layanan itu tidak ada."))
        return redirect(PAGE)
    try:
        link = synonyms.propose_link(
            request.POST.get("kata", ""), means=request.POST.get("arti", ""), service=service, by=request.user
        )
    except synonyms.NotALink as wrong:
        messages.error(request, _link_problem(str(wrong)))
    else:
        if link.state == WordLink.State.APPROVED:
            messages.success(request, _("Kata itu sudah dipakai pencarian."))
        else:
            messages.success(request, _("Tersimpan. Peninjau lain memutuskan, lalu pencarian memakainya seketika."))
    return redirect(PAGE)


def _link_problem(why: str) -> str:
    if why == "words":
        return _("Tulis kata yang dipakai warga, bukan hanya kata sambung.")
    if why == "long":
        return _("Paling banyak lima kata. Ambil kata yang penting saja.")
    return _("Isi salah satu: kata lain yang artinya sama, atau layanan.")


@word_reviewers_only
@posted(PAGE)
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Approve, refuse or retire one link."""
    wanted = request.POST.get("putusan")
    if wanted == "cabut":
        link = synonyms.retire_link(pk, by=request.user)
    elif wanted in ("setuju", "tolak"):
        link = synonyms.decide_link(pk, approve=wanted == "setuju", by=request.user)
    else:
        messages.error(request, _("Pilih Setujui atau Tolak."))
        return redirect(PAGE)
    if link is None:
        messages.error(request, _("Tidak bisa: usul Anda sendiri, atau sudah diputuskan orang lain."))
    else:
        messages.success(request, _("Tersimpan. Pencarian sudah mengikutinya."))
    return redirect(PAGE)


@word_editors_only
@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: SignedInRequest, slug: str) -> HttpResponse:
    """The outline of a need's guide: to read, to propose another, and for somebody else to approve or refuse it."""
    need = Need.objects.filter(slug=slug).first()
    if need is None:
        raise Http404
    kept, wrong, outline = Guide.objects.filter(need=need).select_related("proposed_by").first(), "", ""
    if request.method == "POST":
        outline = request.POST.get("isi", "")
        try:
            _act_on_guide(request, need, outline)
        except guides.OutlineError as error:
            wrong = _outline_problem(error)
        except guides.GuideMoved:
            wrong = _(
                "Sementara itu orang lain mengubah pemandu ini. Bandingkan tulisan Anda dengan usul di atas, lalu kirim lagi."
            )
            kept = Guide.objects.filter(need=need).select_related("proposed_by").first()
        if not wrong:
            return redirect("staff-guide", slug=slug)
    context = {
        "need": need,
        "guide": kept,
        "outline": outline or (kept.proposed or kept.outline if kept else ""),
        "read": guides.seen(kept),
        "changes": _changes(kept) if kept and kept.proposed else [],
        "decides": bool(kept and kept.proposed and kept.proposed_by_id != request.user.pk and reviews_words(request.user)),
        "wrong": wrong,
        "nav": NAV,
    }
    return render(request, "staff/guide.html", context)


def _act_on_guide(request: SignedInRequest, need: Need, outline: str) -> None:
    read, decision = request.POST.get("dibaca", ""), request.POST.get("putusan")
    if decision is None:
        made = guides.propose_guide(need, outline, by=request.user, read=read)
        said = _("Tersimpan. Peninjau lain memutuskan, lalu pemandu berubah untuk semua orang.")
        messages.success(request, said if made.proposed else _("Sama dengan pemandu yang dipakai. Tidak ada yang menunggu."))
        return
    if not reviews_words(request.user):
        raise PermissionDenied
    if decision not in ("setuju", "tolak"):
        messages.error(request, _("Pilih Setujui atau Tolak."))
    elif guides.decide_guide(need, approve=decision == "setuju", by=request.user, read=read) is None:
        messages.error(request, _("Tidak bisa: usul Anda sendiri, atau sudah diputuskan orang lain."))
    elif decision == "setuju":
        messages.success(request, _("Tersimpan. Pemandu sudah berubah untuk semua orang."))
    else:
        messages.success(request, _("Ditolak. Pemandu yang dipakai tetap."))


def _changes(kept: Guide) -> list[tuple[str, str]]:
    """(sign, line) of what the proposal takes away (-) and adds (+), with two lines around."""
    lines = difflib.unified_diff(kept.outline.splitlines(), kept.proposed.splitlines(), lineterm="", n=2)
    return [(line[:1], line[1:]) for line in list(lines)[2:]]


def _outline_problem(error: guides.OutlineError) -> str:
    if error.why == "codes":
        return _("Layanan ini tidak ada: %(codes)s.") % {"codes": error.words}
    if error.why == "long":
        return _("Kerangka ini terlalu panjang. Paling banyak %(n)s huruf.") % {"n": f"{guides.LONGEST:n}"}
    reasons = {
        "sign": _("ada huruf yang tidak bisa disimpan; tulis lagi baris ini"),
        "start": _("mulai dengan pertanyaan: tanda ? di awal baris"),
        "indent": _("periksa jarak di awal baris: dua spasi setiap tingkat"),
        "empty": _("pertanyaan perlu jawaban (-), dan jawaban perlu pertanyaan (?) atau layanan (=) di bawahnya"),
        "deep": _("paling dalam empat pertanyaan"),
        "many": _("paling banyak sembilan jawaban"),
    }
    return _("Baris %(line)s: %(why)s.") % {"line": error.line, "why": reasons[error.why]}
