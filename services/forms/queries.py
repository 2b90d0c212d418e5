"""Reading forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.forms.models import FormDefinition, FormVersion


def current_version(definition: FormDefinition) -> FormVersion:
    """The newest published version. Raises FormVersion.DoesNotExist when there is none."""
    return definition.versions.latest()


def newest_of(code: str) -> FormVersion | None:
    """The newest published version of the form with this code, if there is one."""
    return FormVersion.objects.filter(definition__code=code).order_by("-number").first()


def replacement_of(version: FormVersion) -> FormVersion | None:
    """The version that drafts of this one go over to: the newest, once one after it was published to replace them."""
    later = version.definition.versions.filter(number__gt=version.number)
    return later.latest() if later.filter(replaces_drafts=True).exists() else None


def published_keys(code: str) -> set[str]:
    """Every key of a question, and `/key` of a part, that a published version of this form ever had."""
    found: set[str] = set()
    for document in FormVersion.objects.filter(definition__code=code).values_list("document", flat=True):
        found.update(keys_of(document))
    return found


def keys_of(document: Mapping[str, Any]) -> Iterator[str]:
    for part in document["parts"]:
        yield f"/{part['key']}"
        for question in part["questions"]:
            yield question["key"]
            yield from (inner["key"] for inner in question.get("questions", ()))
