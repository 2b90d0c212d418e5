"""The definition of a form as frozen values, read from its document (profile `kota-form/1`).

A document is `{"profile", "title", "parts": [{"key", "title", "intro", "questions": [...]}]}`. Texts are `{"id", "en"}`.
A question has `key type label` and, where they differ from the defaults, `name hint example required show_if prefill messages
min max min_length max_length preset options source max_files max_mb not_before differs_from notice`, a group also `questions row_name
add_label min_rows max_rows`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from services.forms.cleaning import clean

PROFILE = "kota-form/1"
Text = Mapping[str, str]
Document = dict[str, Any]
Sources = Mapping[str, list[tuple[str, str]]]

DEFAULT_MAX_LENGTH = {"text": 200, "textarea": 2000, "email": 200}
DEFAULT_MAX_FILES = 3
MB = 1024 * 1024


def localized(text: Any) -> str:
    """The text in the language of the page, else Indonesian."""
    if isinstance(text, str):
        return text
    if not isinstance(text, Mapping):
        return ""
    language = (get_language() or "id")[:2]
    return str(text.get(language) or text.get("id") or "")


@dataclass(frozen=True)
class Option:
    value: str
    label: Text


@dataclass(frozen=True)
class Question:
    """One question, or a group of rows. `part` is presentation: moving a question changes no data."""

    key: str
    type: str
    label: Text
    part: str = ""
    group: str = ""
    name: Text | None = None
    hint: Text | None = None
    notice: Text | None = None
    example: Text | None = None
    required: bool = False
    show_if: Mapping[str, Any] | None = None
    prefill: str = ""
    messages: Mapping[str, Text] = field(default_factory=dict)
    min: int | str | None = None
    max: int | str | None = None
    min_length: int | None = None
    max_length: int | None = None
    preset: str = ""
    options: tuple[Option, ...] = ()
    source: str = ""
    max_files: int = DEFAULT_MAX_FILES
    max_mb: int | None = None  # of one file; the portal's own limit holds besides
    not_before: str = ""
    differs_from: str = ""
    row_name: Text | None = None
    add_label: Text | None = None
    min_rows: int = 0
    max_rows: int = 10
    questions: tuple[Question, ...] = ()

    @property
    def limit(self) -> int:
        """The most characters this answer may have."""
        return self.max_length or DEFAULT_MAX_LENGTH.get(self.type, 200)

    @property
    def spoken(self) -> str:
        """How the question is called inside a sentence: its name, or its label with a small first letter."""
        if self.name:
            return localized(self.name)
        label = localized(self.label)
        first = label.split(" ", 1)[0]
        return label if len(first) > 1 and first.isupper() else label[:1].lower() + label[1:]


@dataclass(frozen=True)
class Part:
    key: str
    title: Text
    intro: Text | None
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Form:
    title: Text
    parts: tuple[Part, ...]

    def questions(self) -> Iterator[Question]:
        for part in self.parts:
            yield from part.questions

    def question(self, key: str) -> Question | None:
        return next((question for question in self.questions() if question.key == key), None)

    def part(self, key: str) -> Part | None:
        return next((part for part in self.parts if part.key == key), None)


def _question(data: Mapping[str, Any], part: str, group: str = "") -> Question:
    known = {name: data[name] for name in _PLAIN if name in data}
    return Question(
        **known,
        part=part,
        group=group,
        options=tuple(Option(o["value"], o["label"]) for o in data.get("options", ())),
        questions=tuple(_question(inner, part, data["key"]) for inner in data.get("questions", ())),
    )


_PLAIN = (
    "key type label name hint notice example required show_if prefill messages min max min_length max_length preset source "
    "max_files max_mb not_before differs_from row_name add_label min_rows max_rows"
).split()
QUESTION_MEMBERS = frozenset([*_PLAIN, "options", "questions"])


def load(document: Document) -> Form:
    """Read a linted document. Raises KeyError or TypeError when it is not one (see `lint`)."""
    return Form(
        title=document["title"],
        parts=tuple(
            Part(
                key=part["key"],
                title=part["title"],
                intro=part.get("intro"),
                questions=tuple(_question(question, part["key"]) for question in part["questions"]),
            )
            for part in document["parts"]
        ),
    )


_DEFAULTS: dict[str, Any] = {
    "required": False,
    "prefill": "",
    "preset": "",
    "source": "",
    "not_before": "",
    "differs_from": "",
    "messages": {},
    "options": [],
    "questions": [],
    "max_files": DEFAULT_MAX_FILES,
    "min_rows": 0,
    "max_rows": 10,
}


def _canonical_question(data: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in data.items():
        if value is None or (name in _DEFAULTS and value == _DEFAULTS[name]):
            continue
        if name == "max_length" and value == DEFAULT_MAX_LENGTH.get(data.get("type", ""), 200):
            continue
        kept[name] = [_canonical_question(inner) for inner in value] if name == "questions" else value
    return kept


def canonical(document: Document) -> Document:
    """The same form written in the one way: without members that say what is the default anyway."""
    parts = []
    for part in document["parts"]:
        kept = {name: value for name, value in part.items() if value is not None}
        parts.append({**kept, "questions": [_canonical_question(question) for question in part["questions"]]})
    return {**document, "profile": PROFILE, "parts": parts}


_ONE_LINE = frozenset({"title", "label", "name", "example", "row_name", "add_label"})
_LINES = frozenset({"intro", "hint", "notice"})
TEXTS = _ONE_LINE | _LINES
SPOKEN = ("id", "en")  # languages in which a form is shown


def _tidy_text(text: Any, *, lines: bool = False) -> Any:
    """The text without what an input field of a page could not hold, or None when nothing is left."""
    if not isinstance(text, Mapping) or any(not isinstance(word, str) for word in text.values()):
        return text
    kept = {language: clean(word, lines=lines) for language, word in text.items() if language in SPOKEN}
    return {language: word for language, word in kept.items() if word or language == "id"} if any(kept.values()) else None


def _tidy_condition(condition: Any) -> Any:
    """A condition of one comparison without the word around it."""
    for word in ("all", "any"):
        if isinstance(condition, Mapping) and isinstance(condition.get(word), list):
            inner = [_tidy_condition(one) for one in condition[word]]
            return inner[0] if len(inner) == 1 else {**condition, word: inner}
    return condition


def _tidy_question(question: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in question.items():
        if name == "questions" and isinstance(value, list):
            kept[name] = [_tidy_question(inner) if isinstance(inner, Mapping) else inner for inner in value]
        elif name == "options" and isinstance(value, list):
            kept[name] = [{**o, "label": _tidy_text(o.get("label"))} if isinstance(o, Mapping) else o for o in value]
        elif name == "messages" and isinstance(value, Mapping):
            kept[name] = {code: _tidy_text(text) for code, text in value.items() if _tidy_text(text)}
        elif name == "show_if":
            kept[name] = _tidy_condition(value)
        elif name in TEXTS:
            kept[name] = _tidy_text(value, lines=name in _LINES) or ({"id": ""} if name == "label" else None)
        else:
            kept[name] = value
    return kept


def tidy(document: Document) -> Document:
    """`canonical`, and every text as a person can type it: one line where there is one line, in the languages of the
    portal, no empty translation.

    What residents see is the same. Raises KeyError or TypeError when it is not a document (see `lint`).
    """
    parts = []
    for part in document["parts"]:
        texts = {name: _tidy_text(part[name], lines=name in _LINES) for name in ("title", "intro") if name in part}
        texts["title"] = texts.get("title") or {"id": ""}
        parts.append({**part, **texts, "questions": [_tidy_question(question) for question in part["questions"]]})
    return canonical({**document, "title": _tidy_text(document["title"]) or {"id": ""}, "parts": parts})


def digest_of(value: Any) -> str:
    """SHA-256 over the one way to write this JSON value."""
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
