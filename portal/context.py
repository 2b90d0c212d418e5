"""What every template may know: the city's names and whether this is a demo."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "city_name": settings.CITY_NAME,
        "portal_name": settings.PORTAL_NAME,
        "portal_tagline": settings.PORTAL_TAGLINE,
        "public_url": settings.PUBLIC_URL,
        "source_code_url": settings.SOURCE_CODE_URL,
        "demo": settings.DEMO,
    }
