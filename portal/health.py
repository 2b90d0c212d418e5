"""`/healthz`: the process answers. `/readyz`: it can do its work, with the reasons."""

from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok", "checks": {}, "connections": {}})
