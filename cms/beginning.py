"""A new service page begins from an example, which is chosen first."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from wagtail.admin.views.pages.create import CreateView

from cms import examples


class BeginView(CreateView):
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
