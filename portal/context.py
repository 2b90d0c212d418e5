"""What every template may know: the city's names and whether this is a demo."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.lib import languages


def site(request: HttpRequest) -> dict[str, Any]:
    language = languages.active()
    path = request.get_full_path()
    return {
        "language": language,
        "other_languages": [
            {"code": code, "name": name, "url": languages.path_in(code, path)}
            for code, name in settings.LANGUAGES
            if code != language
        ],
        "city_name": settings.CITY_NAME,
        "portal_name": settings.PORTAL_NAME,
        "portal_tagline": settings.PORTAL_TAGLINE_EN if language == "en" else settings.PORTAL_TAGLINE,
        "public_url": settings.PUBLIC_URL,
        "source_code_url": settings.SOURCE_CODE_URL,
        "demo": settings.DEMO,
    }
