"""Where the pages of an application are: of a draft here, of a form that is being tried elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from services.cases.models import Draft
from services.cases.trial import AnyDraft


@dataclass(frozen=True)
class DraftAddresses:
    """Each is the path of a page in the language of the request."""

    ref: str
    slug: str

    def part(self, key: str) -> str:
        return reverse("draft-part", args=[self.ref, key])

    @property
    def tasks(self) -> str:
        return reverse("draft", args=[self.ref])

    @property
    def check(self) -> str:
        return reverse("draft-check", args=[self.ref])

    @property
    def send(self) -> str:
        return reverse("draft-send", args=[self.ref])

    @property
    def discard(self) -> str:
        return reverse("draft-discard", args=[self.ref])

    @property
    def service(self) -> str:
        return reverse("service", args=[self.slug])

    @property
    def later(self) -> str:
        return reverse("account-home")


def addresses_of(draft: AnyDraft, slug: str) -> Any:
    """`DraftAddresses`, or what a trial brings in their place."""
    return DraftAddresses(draft.ref, slug) if isinstance(draft, Draft) else draft.addresses
