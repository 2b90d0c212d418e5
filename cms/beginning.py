"""A new service page begins from an example, which is chosen first."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from wagtail.admin.views.pages.create import CreateView

from cms import examples
from cms.gate_panel import GatePanel
from cms.models import ServicePage


class BeginView(CreateView):
    def get_side_panels(self) -> Any:
        """The gate from the first letter on: a draft that saves itself refreshes the panels that the page began with."""
        panels = super().get_side_panels()
        if isinstance(self.page, ServicePage):
            panels.insert(0, GatePanel(self.page, self.request))
        return panels

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """`?contoh=` names the example; empty: a blank page. Without it, the examples are offered."""
        name = request.GET.get("contoh")
        if name is None and not self.page.is_translation:
            return render(request, "cms/examples.html", {"examples": examples.examples(), "parent_page": self.parent_page})
        if name and not self.page.is_translation:
            try:
                examples.begin(self.page, name)
            except KeyError:
                raise Http404("no such example") from None
        return super().get(request)
