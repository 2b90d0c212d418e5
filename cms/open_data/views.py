"""`/data/katalog.jsonld`, `.csv` and `.json`: the whole catalogue for machines. No account, no key, no cookie."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from cms.open_data import linked, table, whole
from portal.lib.public_pages import public_page

MAX_AGE_SECONDS = 300


def _file(name: str, media_type: str, make: Callable[[], str]) -> Any:
    @public_page()
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(make(), content_type=media_type)
        response["Content-Disposition"] = f'inline; filename="{name}"'
        response["Access-Control-Allow-Origin"] = "*"  # open data, the same for everybody
        patch_cache_control(response, public=True, max_age=MAX_AGE_SECONDS)
        return response

    return view


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


linked_data = _file("katalog.jsonld", linked.MEDIA_TYPE, lambda: _json(linked.catalogue()))
as_table = _file("katalog.csv", table.MEDIA_TYPE, table.catalogue)
as_file = _file("katalog.json", "application/json", lambda: _json(whole.export()))
