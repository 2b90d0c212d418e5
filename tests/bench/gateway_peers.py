"""The proxy's peers: a bare django-revproxy view and an empty DRF view, each with Django's default middleware."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponseBase
from django.urls import path

if not settings.configured:
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "revproxy",
            "rest_framework",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        LOGGING_CONFIG=None,
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": []},
    )
    django.setup()

from rest_framework.response import Response
from rest_framework.views import APIView
from revproxy.views import ProxyView


class Empty(APIView):
    def get(self, request: object) -> Response:
        return Response({"ok": True})


def ready(request: HttpRequest) -> HttpResponseBase:
    from django.http import HttpResponse

    return HttpResponse("ok")


urlpatterns = [
    path("ready", ready),
    path("drf", Empty.as_view()),
    path("<path:path>", ProxyView.as_view(upstream=os.environ.get("BENCH_BACKEND", "http://127.0.0.1:1/"))),
]
application = get_wsgi_application()
