"""An application that is only tried: what the pages of a draft show, without a row in the database and without a resident.

An editor previews a form with it, or fills it in to see how it goes. Nothing of it is stored here, and nothing can be sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from services.cases.models import Attachment, Draft
from services.catalogue.models import Service
from services.forms.models import FormVersion


class Papers(Sequence[Attachment]):
    """Files that are not there, in the words of a related manager."""

    def __init__(self, files: Sequence[Attachment] = ()) -> None:
        self._files = list(files)

    def __getitem__(self, at: Any) -> Any:
        return self._files[at]

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Attachment]:
        return iter(self._files)

    def all(self) -> Papers:
        return self

    def order_by(self, *names: str) -> Papers:
        return self

    def values_list(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(getattr(file, name) for name in names) for file in self._files]


@dataclass
class Trial:
    """`version` and `service` may be rows that are not saved. `addresses`: where the links of the pages lead."""

    service: Service
    version: FormVersion
    addresses: Any
    answers: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    upload_problems: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    attachments: Papers = field(default_factory=Papers)
    carried: dict[str, Any] = field(default_factory=dict)
    ref: str = ""
    updated_at: datetime = field(default_factory=timezone.now)
    expires_at: datetime = field(default_factory=lambda: timezone.now() + timedelta(days=30))


AnyDraft = Draft | Trial


def sample_file(ref: str, question: str) -> Attachment:
    """What stands in for a file that a resident would have chosen."""
    return Attachment(ref=ref, question=question, name="contoh.pdf", size=184_320, content_type="application/pdf")
