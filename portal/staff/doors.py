"""Doors of the rooms that are not one department's cases: who passes, and who must show again that it is them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.factors.rules import is_staff
from accounts.permissions import is_operator
from accounts.requests import SignedInRequest
from services.catalogue.members import managed_departments, manages_somewhere
from services.catalogue.wordkeepers import proposes_words, reviews_words

View = Callable[..., HttpResponse]


def _only(may_enter: Callable[[Any], bool]) -> Callable[[View], View]:
    """Signed in: else to sign-in. Not one of them: 403."""

    def mark(view: View) -> View:
        @login_required
        @never_cache
        @wraps(view)
        def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not may_enter(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return mark


operators_only = _only(is_operator)
staff_only = _only(is_staff)
managers_only = _only(manages_somewhere)
word_editors_only = _only(proposes_words)
word_reviewers_only = _only(reviews_words)


def of_own_department(view: View) -> View:
    """The view gets the department instead of its code; one that this person does not manage is as absent as none."""

    @managers_only
    @wraps(view)
    def guarded(request: SignedInRequest, code: str, **kwargs: Any) -> HttpResponse:
        department = managed_departments(request.user).filter(code=code).first()
        if department is None:
            raise Http404
        return view(request, department, **kwargs)

    return guarded


# Sending a form, not looking: a browser that was left open gives no roles. What was typed waits and is done afterwards.
sure_who_it_is: Callable[[View], View] = reauthentication_required(allow_get=True)
