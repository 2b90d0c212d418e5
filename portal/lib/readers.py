"""The language of the person who reads an answer of the API: `?lang=id` or `?lang=en`, Indonesian when nothing is said.

`title` and `detail` of a problem are for developers and English. What a consumer shows to a resident is in the reader's
language: field errors, why a file or a later act is refused, the texts of services and forms. No header decides it, so an
answer may be kept for everybody who asks for the same address.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.utils import translation
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from portal.lib import languages
from portal.lib.problems import Problem

LANG = OpenApiParameter(
    "lang", str, enum=languages.CODES, description="Language of what a resident reads; `id` unless said."
)


def reader_language(request: Request) -> str:
    """One of `languages.CODES`. Raises Problem 400."""
    given = request.query_params.getlist("lang")
    wanted = given[0] if given else languages.DEFAULT
    if len(given) > 1 or wanted not in languages.CODES:
        raise Problem(400, "unknown_language", f"`lang` is {' or '.join(languages.CODES)}.")
    return wanted


def spoken_to_reader(request: Request) -> AbstractContextManager[None]:
    """Everything translated inside is in the reader's language. Raises Problem 400."""
    return translation.override(reader_language(request))
