"""What a single field of a document is: ours to fill, a file, somebody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.adapters.documents import words
from services.adapters.documents.fields import Field
from services.adapters.documents.questions import Row


def known(one: Field) -> Row | None:
    """A row for what the portal knows by itself, or for the only value there is."""
    name = words.folded(one.name)
    if "const" in one.schema:
        return {"to": one.path, "const": one.schema["const"]}
    if one.required and len(one.choices) == 1:
        return {"to": one.path, "const": one.choices[0]}
    if name in words.REFERENCE and _takes_our_reference(one):
        return {"to": one.path, "from": "@reference", "required": True}
    if name in words.SERVICE and not one.choices and one.kind == "string" and "pattern" not in one.schema:
        return {"to": one.path, "from": "@service"}
    if name in words.SUBMITTED and one.kind == "string" and "pattern" not in one.schema:
        step = {"as": {"date": "%Y-%m-%d"}} if one.schema.get("format") == "date" else {}
        return {"to": one.path, "from": "@submitted_at", **step}
    return None


def _takes_our_reference(one: Field) -> bool:
    """A text of at least 20 signs without a form of its own."""
    longest = one.schema.get("maxLength")
    free = not one.choices and "pattern" not in one.schema and one.schema.get("format") in (None, "")
    return one.kind in {"string", ""} and free and (not isinstance(longest, int) or longest >= 20)


def binary(one: Field) -> bool:
    form = one.schema.get("format") or one.schema.get("contentEncoding")
    return one.kind == "string" and form in {"binary", "byte", "base64"}


def file_targets(spec: Mapping[str, Any]) -> set[str]:
    files = spec.get("files") or {}
    return {files["to"]} if files.get("to") else set()


def of_another(one: Field, sent: Sequence[Field]) -> bool:
    """Is the field about another person or thing than the applicant: below a word for one, or below something of its own while the
    same name stands further up?"""
    folders = _folders(one.path)
    if any(words.folded(part).rstrip("0123456789_") in words.OTHERS for part in folders):
        return True
    return any(other is not one and other.name == one.name and len(_folders(other.path)) < len(folders) for other in sent)


def _folders(path: str) -> list[str]:
    """`induk.alamat.jalan` -> induk, alamat; without `@query` and the like."""
    return [part for part in path.replace("\\.", "_").split(".")[:-1] if not part.startswith("@")]
