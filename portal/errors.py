"""Our own error pages: 400, 403, 404, 500, 503 and a failed CSRF check. None of them needs the database."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from portal.lib.logs import correlation_id
from portal.lib.problems import problem_page


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_page(400, "bad_request", "The request cannot be read.")
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After when it is the database that does not answer: the same request may be sent again."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _unavailable(request)
    code = correlation_id()[:6].upper()
    if request.path.startswith("/api/"):
        return problem_page(500, "server_error", f"Something is wrong on our side. Name this to the operator: {code}.")
    return render(request, "500.html", {"error_code": f"{code[:4]}-{code[4:]}" if code else "–"}, status=500)


def _unavailable(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        detail = (
            "The portal is being restarted. Send the same request again; with the same Idempotency-Key nothing is doubled."
        )
        response: HttpResponse = problem_page(503, "unavailable", detail)
    else:
        # The page that nginx shows when nobody answers at all.
        page = settings.BASE_DIR / "portal" / "static" / "portal" / "503.html"
        response = HttpResponse(page.read_bytes(), status=503)
    response["Retry-After"] = "5"
    response["Cache-Control"] = "no-store"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


@csrf_exempt
def api_not_found(request: HttpRequest) -> HttpResponse:
    return problem_page(404, "not_found", "There is nothing at this address.")
