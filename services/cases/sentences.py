"""Sentences of the portal in a case's history: kept as template and facts, put into words only for who reads them.

What people and departments write is kept and shown as they wrote it; what the portal says reads in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext


@dataclass(frozen=True)
class Sentence:
    """An Indonesian template (a message id of the catalogue, `%(name)s` for facts) and its facts."""

    template: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """In the language that is active now."""
        return str(gettext(self.template) % self.facts)


def say(template: str, **facts: Any) -> Sentence:
    """`say("Kata status tidak dikenal: %(word)s", word=word)`. `make messages` finds the template like one in `_()`."""
    return Sentence(template, facts)
