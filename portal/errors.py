"""Our own error pages: 400, 403, 404, 500 and a failed CSRF check. None of them needs the database."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from portal.lib.logs import correlation_id


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    code = correlation_id()[:6].upper()
    return render(request, "500.html", {"error_code": f"{code[:4]}-{code[4:]}" if code else "–"}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


def api_not_found(request: HttpRequest) -> HttpResponse:
    problem = {
        "type": "about:blank",
        "title": "not found",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing at this address.",
    }
    return JsonResponse(problem, status=404, content_type="application/problem+json")
