"""The mark of a view whose answer to a stranger is the same for every stranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

V = TypeVar("V", bound=Callable[..., Any])


def public_page(*parameters: str) -> Callable[[V], V]:
    """Let the page cache keep this view's answers, one for each query of these parameters; the outermost decorator.

    The answer may depend on the address and on the public tables (`settings.PUBLIC_TABLES`), on nothing else: not on
    the visitor, a header, the clock or another table.
    """

    def mark(view: V) -> V:
        view.public_parameters = frozenset(parameters)  # type: ignore[attr-defined]
        return view

    return mark
