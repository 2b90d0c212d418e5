"""The public pages of life events: what happens in which order before anyone signs in. They read the catalogue alone."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.lib import languages
from portal.lib.public_pages import public_page
from services.catalogue.journeys import queries
from services.catalogue.journeys.queries import JourneyView
from services.catalogue.models import LifeEvent


@public_page()
@require_safe
def life_events(request: HttpRequest) -> HttpResponse:
    events = queries.life_events(languages.active())
    return render(request, "catalogue/life_events.html", {"nav": "layanan", "events": events, "canonical": "/peristiwa/"})


@public_page()
@require_safe
def life_event(request: HttpRequest, slug: str) -> HttpResponse:
    """The steps in their order where they are known, and the other services of the event."""
    event = LifeEvent.objects.filter(slug=slug).first()
    if event is None:
        raise Http404("no such life event")
    view = queries.public_journey(slug, languages.active())
    return show(request, event, view)


def show(request: HttpRequest, event: LifeEvent, view: JourneyView | None, *, preview: bool = False) -> HttpResponse:
    others = queries.other_services(event.slug, view, languages.active())
    if view is None and not others:
        raise Http404("nothing is known of this life event")
    return render(
        request,
        "catalogue/life_event.html",
        {
            "nav": "layanan",
            "slug": event.slug,
            "view": view,
            "title": view.title if view else queries.Said(event.label, languages.active()),
            "lead": view.intro if view else _("Layanan kota yang biasanya diperlukan pada peristiwa ini."),
            "can_start": view is not None and not preview,
            "papers": view.papers() if view else (),
            "others": others,
            "canonical": f"/peristiwa/{event.slug}/",
        },
    )
