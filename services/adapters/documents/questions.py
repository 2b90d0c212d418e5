"""A field of an API document -> a question of a form, and the row that carries its answer back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from services.adapters.documents import words
from services.adapters.documents.fields import Field
from services.forms.documents import PROFILE, Document

Row = dict[str, Any]
LONG_TEXT = 300
MOST_IN_A_PART = 7
MOST_QUESTIONS = 80
MOST_OPTIONS = 100


class Questions:
    """Collects questions with keys of their own."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.made: list[dict[str, Any]] = []
        self.keys = set(taken)

    def ask(self, field: Field, *, own: bool = True) -> Row:
        """The row of the question that this field needs; the question is kept. own: it may be about the applicant."""
        question, steps = question_for(field, self._key(field.path))
        if not own:
            question.pop("prefill", None)
        if question["type"] == "group":
            inner = Questions(self.keys)
            rows = [inner.ask(one, own=False) for one in field.items]
            question["questions"] = inner.made
            self.keys |= inner.keys
            self.made.append(question)
            required = {"required": True} if field.required else {}
            return {"to": field.path, "from": question["key"], "each": rows, **required}
        self.made.append(question)
        row: Row = {"to": field.path, "from": question["key"]}
        if steps:
            row["as"] = steps[0] if len(steps) == 1 else steps
        if field.required:
            row["required"] = True
        return row

    def _key(self, path: str) -> str:
        """The shortest tail of the path that is not taken."""
        parts = [words.folded(part) for part in path.replace("\\.", "_").lstrip("@").split(".")]
        for count in range(1, len(parts) + 1):
            key = ("_".join(parts[-count:]) or "isian")[:50].strip("_")
            if key not in self.keys and key != "periksa":
                break
        plain, number = key, 2
        while key in self.keys:
            key, number = f"{plain}_{number}", number + 1
        self.keys.add(key)
        return key


def question_for(field: Field, key: str) -> tuple[dict[str, Any], list[Any]]:
    """The question, and the steps from its answer to what the backend takes."""
    label = _text(field.schema.get("title")) or words.spoken(field.name)
    question: dict[str, Any] = {"key": key, "type": "text", "label": {"id": label[:120]}}
    if field.required:
        question["required"] = True
    if hint := _text(field.schema.get("description")):
        question["hint"] = {"id": hint[:200]}
    kind, steps = _kind(field, question)
    question["type"] = kind
    if kind in {"nik", "phone"} and (
        prefill := next((p for p, form in words.PREFILL if form.search(words.folded(field.name))), "")
    ):
        question["prefill"] = prefill
    return question, steps


def _kind(field: Field, question: dict[str, Any]) -> tuple[str, list[Any]]:
    name, schema = words.folded(field.name), field.schema
    if choices := field.choices[:MOST_OPTIONS]:
        question["options"] = [{"value": str(one), "label": {"id": words.spoken(str(one)) or str(one)}} for one in choices]
        whole = all(isinstance(one, int) for one in choices)
        return "select", ["int"] if whole else []
    match field.kind:
        case "boolean":
            return "yesno", []
        case "integer":
            return "money" if words.MONEY.search(name) else "integer", _bounds(schema, question)
        case "number":
            question["hint"] = question.get("hint") or {"id": "Tulis angka, misalnya 12,5"}
            return "text", ["decimal"]
        case "array":
            return _list(field, question)
        case "object" | "":
            return "text", []
    form = schema.get("format")
    if form in {"binary", "byte"}:
        return "file", []
    if form == "date" or (form != "date-time" and _day_pattern(schema)):
        return "date", [_day_pattern(schema)] if _day_pattern(schema) else []
    if form == "date-time":
        return "date", [{"date": "iso"}]
    if form == "time":
        return "time", []
    for kind, names in words.TYPES:
        if names.search(name):
            return kind, []
    if form == "email":
        return "email", []
    return _words(schema, name, question)


def _words(schema: Any, name: str, question: dict[str, Any]) -> tuple[str, list[Any]]:
    longest, shortest = schema.get("maxLength"), schema.get("minLength")
    long = words.LONG.search(name) is not None or (isinstance(longest, int) and longest > LONG_TEXT)
    if isinstance(longest, int) and 0 < longest <= 10_000:
        question["max_length"] = longest
    if isinstance(shortest, int) and 1 < shortest <= (longest if isinstance(longest, int) else 200):
        question["min_length"] = shortest
    return "textarea" if long else "text", ["trim"] if not long else []


def _list(field: Field, question: dict[str, Any]) -> tuple[str, list[Any]]:
    if field.items:
        question |= {"row_name": {"id": question["label"]["id"]}, "max_rows": 10}
        return "group", []
    items = field.schema.get("items")
    given = items.get("enum") if isinstance(items, dict) else None
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        question["options"] = [{"value": one, "label": {"id": words.spoken(one) or one}} for one in given[:MOST_OPTIONS]]
        return "choices", []
    question["hint"] = question.get("hint") or {"id": "Pisahkan dengan koma"}
    return "text", [{"split": ","}]


def _day_pattern(schema: Any) -> Any:
    """A date that the document describes by a pattern or an example: the step that writes it so."""
    pattern = str(schema.get("pattern") or "").strip("^$")
    examples = schema.get("examples")
    example = examples[0] if isinstance(examples, list) and examples and isinstance(examples[0], str) else ""
    if re.fullmatch(r"(\\d\{2\}|\[0-9\]\{2\})([-/])(\\d\{2\}|\[0-9\]\{2\})\2(\\d\{4\}|\[0-9\]\{4\})", pattern):
        sign = "/" if "/" in pattern else "-"
        return {"date": f"%d{sign}%m{sign}%Y"}
    if re.fullmatch(r"\d{2}([-/])\d{2}\1\d{4}", example):
        return {"date": f"%d{example[2]}%m{example[2]}%Y"}
    return None


def _bounds(schema: Any, question: dict[str, Any]) -> list[Any]:
    for ours, theirs, above in (("min", "minimum", "exclusiveMinimum"), ("max", "maximum", "exclusiveMaximum")):
        value = schema.get(theirs)
        if value is None and isinstance(schema.get(above), int | float):
            value = schema[above] + (1 if ours == "min" else -1)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**15:
            question[ours] = int(value)
    return []


def form_of(title: str, questions: list[dict[str, Any]]) -> Document:
    """The document of a form, in parts of a size that can be read on a phone."""
    files = [one for one in questions if one["type"] == "file"]
    rest = [one for one in questions if one["type"] != "file"]
    chunks = [rest[start : start + MOST_IN_A_PART] for start in range(0, len(rest), MOST_IN_A_PART)]
    parts = [
        {
            "key": "rincian" if number == 1 else f"rincian-{number}",
            "title": {
                "id": "Rincian permohonan" if len(chunks) == 1 else f"Rincian permohonan ({number} dari {len(chunks)})"
            },
            "questions": chunk,
        }
        for number, chunk in enumerate(chunks, 1)
    ]
    if files:
        parts.append({"key": "dokumen", "title": {"id": "Dokumen"}, "questions": files})
    return {"profile": PROFILE, "title": {"id": title}, "parts": parts}


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
