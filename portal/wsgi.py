"""WSGI entry for granian (default) and gunicorn (documented fallback).

Two handlers over one application: a lookup that comes without a session goes through the few middlewares that it needs
(`settings.LOOKUP_MIDDLEWARE`), everything else through all of them. The view is the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

_LOOKUP = re.compile(r"/api/v1/services/[^/]+/lookups/[^/]+")


class ShortHandler(WSGIHandler):
    """Loads `settings.LOOKUP_MIDDLEWARE` in place of the whole list. Made at import, by one thread."""

    def load_middleware(self, is_async: bool = False) -> None:
        whole = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.LOOKUP_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = whole


whole = get_wsgi_application()
short = ShortHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A session needs every middleware: it may end, be told of, or be refused."""
    lookup = environ["REQUEST_METHOD"] == "GET" and "HTTP_COOKIE" not in environ and _LOOKUP.fullmatch(environ["PATH_INFO"])
    return short(environ, start_response) if lookup else whole(environ, start_response)
