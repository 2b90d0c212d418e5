"""Errors of the API as `application/problem+json` (RFC 9457) with a stable `code`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler


class Problem(exceptions.APIException):
    """An error with its own status, code and further members, e.g. `Problem(422, "key_reused", "...", errors=[...])`.

    `wait`: seconds for Retry-After.
    """

    def __init__(self, status: int, code: str, detail: str, *, wait: int | None = None, **members: Any) -> None:
        super().__init__(detail=detail, code=code)
        self.status_code = status
        self.wait = wait
        self.members = members


def problem_response(status: int, code: str, detail: str, **members: Any) -> Response:
    return Response(
        {
            "type": f"/api/v1/docs/#{code}",
            "title": code.replace("_", " "),
            "status": status,
            "code": code,
            "detail": detail,
            **members,
        },
        status=status,
        content_type="application/problem+json",
    )


def problem_page(status: int, code: str, detail: str) -> HttpResponse:
    """The same document where DRF is not in the path: unknown addresses, bodies that are too large, our own failures."""
    problem = {
        "type": f"/api/v1/docs/#{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
    }
    return JsonResponse(problem, status=status, content_type="application/problem+json")


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler, with the body replaced by a problem document. None lets Django's 500 page answer."""
    answer = drf_exception_handler(error, context)
    if answer is None:
        return None
    code, detail, members = "error", "", {}
    if isinstance(error, Problem):
        code, detail, members = str(error.get_codes()), str(error.detail), error.members
    elif isinstance(error, exceptions.ValidationError):
        code, detail, members = "invalid", "Some values are not acceptable.", {"errors": error.get_full_details()}
    elif isinstance(error, Http404):
        code, detail = "not_found", "There is nothing at this address."
    elif isinstance(error, PermissionDenied):
        code, detail = "permission_denied", "You may not do this."
    elif isinstance(error, exceptions.APIException):
        code, detail, members = str(error.get_codes()), str(error.detail), getattr(error, "members", {})
    made = problem_response(answer.status_code, code, detail, **members)
    for name, value in answer.headers.items():
        if name.lower() in {"www-authenticate", "retry-after", "allow"}:
            made[name] = value
    return made
