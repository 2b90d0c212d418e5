"""What belongs into the OpenAPI document: our own API, not the back office's."""

from collections.abc import Callable
from typing import Any

Endpoint = tuple[str, str, str, Callable[..., Any]]


def only_ours(endpoints: list[Endpoint]) -> list[Endpoint]:
    """A preprocessing hook of drf-spectacular: Wagtail's admin API is no promise to anybody."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]
