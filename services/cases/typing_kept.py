"""A part that is sent after the session has ended: the words wait, encrypted, in the new session until sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict

from portal.lib.crypto import DecryptionError, decrypt, encrypt

_KEY = "typed"
_MAX_BYTES = 64 * 1024


def keeps_what_was_typed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Like `login_required`, but the text of a POST is kept for the same address; files have to be chosen again."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.method == "POST":
            typed = request.POST.copy()
            typed.pop("csrfmiddlewaretoken", None)
            typed.pop("aksi", None)
            encoded = typed.urlencode().encode()
            if len(encoded) <= _MAX_BYTES:
                request.session[_KEY] = {"path": request.path, "data": encrypt(encoded)}
        response = redirect_to_login(request.path)
        response.status_code = 303 if request.method == "POST" else 302
        return response

    return guarded


def take_typed(request: HttpRequest) -> QueryDict | None:
    """What was typed at this address before sign-in, once. Only the owner of the draft gets as far as asking."""
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict) or kept.get("path") != request.path:
        return None
    del request.session[_KEY]
    try:
        return QueryDict(decrypt(str(kept["data"])))
    except DecryptionError:
        return None
