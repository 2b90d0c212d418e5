"""Lists of the API: `{"results": [...], "next": URL or null, "count": number or null}`, `?page_size=` up to 200."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db.models import QuerySet
from rest_framework.request import Request

from portal.lib.problems import Problem

T = TypeVar("T")
DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
MAX_PAGE = 10_000


def _number(request: Request, name: str, default: int, highest: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
        raise Problem(
            400, f"invalid_{name}", f"`{name}` is a whole number from 1 on; above {highest} it counts as {highest}."
        )
    return min(int(text), highest)


def page_of(request: Request, rows: "Sequence[T] | QuerySet[Any]", show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """One page of an ordered queryset or list. Raises Problem 400 for a page that is not a number."""
    size = _number(request, "page_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    page = _number(request, "page", 1, MAX_PAGE)
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    start = (page - 1) * size
    following = None
    if start + size < count:
        query = request.query_params.copy()
        query["page"] = str(page + 1)
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return {"results": [show(row) for row in rows[start : start + size]], "next": following, "count": count}
