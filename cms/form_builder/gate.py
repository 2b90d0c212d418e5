"""What keeps a form from being published, at its block and as sentences; one function for every door."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.blocks import StreamBlockValidationError, StructBlockValidationError
from wagtail.blocks.list_block import ListBlockValidationError

from cms.form_builder.blocks import PARTS
from portal.lib.clocks import today
from portal.lib.languages import DEFAULT
from services.adapters.connecting.forms import sending_problems
from services.catalogue.regions import kelurahan_source
from services.forms import lint
from services.forms.documents import Document, load
from services.forms.samples import sample_answers

if TYPE_CHECKING:
    from cms.models import FormPage

_PLACE = re.compile(r"/parts/([0-9]+)(?:/questions/([0-9]+))?(?:/questions/([0-9]+))?(?:/([a-z_]+))?")
_QUESTIONS = PARTS[0][1].child_blocks["questions"].child_blocks


@dataclass(frozen=True)
class Problem:
    """One finished sentence. `path` leads to the place in the document, "" to the form as a whole."""

    path: str
    text: str


def problems(page: FormPage) -> list[Problem]:
    """What has to be mended before the form may be public; empty when nothing has."""
    document = page.document()
    if page.locale_id and page.locale.language_code != DEFAULT:
        return [Problem("", _("Formulir diterbitkan dari halaman bahasa Indonesia; kata Inggrisnya ditulis di sana juga."))]
    found = [Problem(one.path, f"{one.text}.") for one in lint.errors_of(document)]
    if found:
        return found
    found = [*_unanswerable(document)]
    service = page.service()
    if service is not None:
        found += [Problem("", text) for text in sending_problems(service, document)]
    return found


def advice(page: FormPage) -> list[Problem]:
    """What an editor should look at again; keeps nothing from being published."""
    return [Problem(one.path, f"{one.text}.") for one in lint.lint(page.document()) if one.level == "warning"]


def _unanswerable(document: Document) -> Iterable[Problem]:
    form = load(document)
    sample = sample_answers(form, today=today(), sources=kelurahan_source())
    for path, question in questions_of(document):
        if question["key"] in sample.missing:
            yield Problem(path, _("Tidak ada jawaban yang bisa diterima untuk pertanyaan ini. Periksa batas dan aturannya."))


def questions_of(document: Document) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """(path, question), the inner ones of groups too."""
    for number, part in enumerate(document["parts"]):
        for place, question in enumerate(part["questions"]):
            path = f"/parts/{number}/questions/{place}"
            yield path, question
            for inner, found in enumerate(question.get("questions", ())):
                yield f"{path}/questions/{inner}", found


def sentences(page: FormPage, found: Iterable[Problem]) -> list[str]:
    """The problems with the words of the place they are at, for doors that show no blocks."""
    document = page.document()
    return [f"{_where(document, one.path)}{one.text}" for one in found]


def _where(document: Document, path: str) -> str:
    place = _PLACE.match(path)
    if place is None:
        return ""
    part = document["parts"][int(place[1])]
    words = [part["title"].get("id") or _("bagian %(n)d") % {"n": int(place[1]) + 1}]
    inside = part
    for number in (place[2], place[3]):
        if number is not None:
            inside = inside["questions"][int(number)]
            words.append(inside["label"].get("id") or _("pertanyaan %(n)d") % {"n": int(number) + 1})
    return f"{' › '.join(words)}: "


def block_errors(found: Iterable[Problem]) -> StreamBlockValidationError:
    """The problems as the editor shows them: each in its block."""
    tree: dict[str, Any] = {}
    for one in found:
        place = _PLACE.match(one.path)
        steps = [number for number in (place[1], place[2], place[3]) if number is not None] if place else []
        node = tree
        for number in steps:
            node = node.setdefault("inside", {}).setdefault(int(number), {})
        member = (place[4] or "") if place else ""
        node.setdefault("members", {}).setdefault(member, []).append(one.text)
    inside = {number: _part_error(node) for number, node in tree.get("inside", {}).items()}
    return StreamBlockValidationError(inside, _texts(tree.get("members", {})))


def _texts(members: Mapping[str, list[str]]) -> list[str]:
    return [text for texts in members.values() for text in texts]


def _part_error(node: Mapping[str, Any]) -> StructBlockValidationError:
    errors, rest = _fields(node.get("members", {}), {"title", "intro", "key"})
    if inside := node.get("inside"):
        errors["questions"] = StreamBlockValidationError({n: _question_error(inner) for n, inner in inside.items()})
    return StructBlockValidationError(errors, rest)


def _question_error(node: Mapping[str, Any]) -> StructBlockValidationError:
    known = {name for block in _QUESTIONS.values() for name in block.child_blocks} - {"questions"}
    errors, rest = _fields(node.get("members", {}), known)
    if inside := node.get("inside"):
        errors["questions"] = StreamBlockValidationError({n: _question_error(inner) for n, inner in inside.items()})
    return StructBlockValidationError(errors, rest)


def _fields(members: Mapping[str, list[str]], known: set[str]) -> tuple[dict[str, ValidationError], list[str]]:
    errors: dict[str, ValidationError] = {}
    rest: list[str] = []
    for member, texts in members.items():
        match member:
            case "show_if":
                errors[member] = StructBlockValidationError(non_block_errors=texts)
            case "options" | "messages":
                errors[member] = ListBlockValidationError(non_block_errors=texts)
            case _ if member in known:
                errors[member] = ValidationError(texts[0])
            case _:
                rest += texts
    return errors, rest


def refuse_broken(page: FormPage) -> None:
    """Raises ValidationError with every problem as a sentence."""
    if found := problems(page):
        raise ValidationError({"body": sentences(page, found)})
