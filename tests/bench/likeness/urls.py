from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.models import Page


def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "")
    found = Page.objects.live().search(words) if words else Page.objects.none()
    page = Paginator(found, 20).get_page(request.GET.get("p"))
    return render(request, "likeness/search.html", {"words": words, "results": page})


urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("accounts/", include("allauth.urls")),
    path("search/", search),
    path("", include(wagtail_urls)),
]
