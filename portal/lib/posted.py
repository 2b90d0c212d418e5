"""The door of a form that is asked for without the form: somebody signed in again in between, or opened it from the history."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

View = Callable[..., HttpResponse]


def posted(page: str, *names: str) -> Callable[[View], View]:
    """POST goes through; GET leads to the page where the form stands, so that nobody ends at a blank 405.

    page: its route; names: those of the address's arguments that it takes.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                address = request.resolver_match.kwargs if request.resolver_match else kwargs
                page_itself: HttpResponse = redirect(page, **{name: address[name] for name in names})
                return page_itself
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return view(request, *args, **kwargs)

        return guarded

    return mark
