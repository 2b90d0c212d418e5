"""JSON Schema 2020-12 and UI schema of a form, and the way back: definition = import(export(definition)).

The schema says what JSON Schema can say. Limits that move with the day, rules between two questions and kept lists are
left to the walk; they stand in the UI schema, so nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation

from services.forms.bounds import moves
from services.forms.documents import PROFILE, Document, Form, Question, load, localized
from services.forms.question_types import type_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def derive(document: Document) -> tuple[Schema, dict[str, Any]]:
    """(JSON Schema, UI schema) of a linted document: the schema speaks Indonesian, the UI schema keeps the other languages."""
    return schema_in("id", document), _ui(document)


def schema_in(language: str, document: Document) -> Schema:
    """The JSON Schema with its titles and descriptions in a language; what is not translated stays Indonesian."""
    with translation.override(language):
        form = load(document)
        return {"$schema": DIALECT, "title": localized(document["title"]), **_object(form.questions(), form)}


def _object(questions: Any, form: Form) -> Schema:
    properties: dict[str, Any] = {}
    required: list[str] = []
    rules: list[Schema] = []
    for question in questions:
        kind = type_of(question)
        if not kind.answers:
            continue
        properties[question.key] = _property(question, form)
        if question.show_if is None:
            if question.required:
                required.append(question.key)
            continue
        condition = _condition(question.show_if, form)
        if condition is not None:
            rule: Schema = {"if": condition, "else": {"properties": {question.key: False}}}
            if question.required:
                rule["then"] = {"required": [question.key]}
            rules.append(rule)
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        found["required"] = required
    if rules:
        found["allOf"] = rules
    return found


def _property(question: Question, form: Form) -> Schema:
    if question.type == "group":
        own = {**type_of(question).schema(question), "items": _object(question.questions, form)}
    else:
        own = type_of(question).schema(question)
    described = {"description": hint} if (hint := localized(question.hint)) else {}
    return {"title": localized(question.label), **described, **own}


def _condition(condition: Mapping[str, Any], form: Form) -> Schema | None:
    """The condition as a schema of the whole answers, or None when JSON Schema cannot say it."""
    for word, keyword in (("all", "allOf"), ("any", "anyOf")):
        if word in condition:
            inner = [_condition(found, form) for found in condition[word]]
            return None if any(found is None for found in inner) else {keyword: inner}
    key = condition["field"]
    question = form.question(key)
    kind = question.type if question else ""
    if "equals" in condition:
        wanted: Schema = {"properties": {key: {"const": condition["equals"]}}}
        return wanted if condition["equals"] is False else {**wanted, "required": [key]}
    if "in" in condition:
        return {"properties": {key: {"enum": list(condition["in"])}}, "required": [key]}
    if "filled" in condition:
        given: Schema = {"required": [key]}
        if kind in ("checkbox", "yesno", "consent"):
            given["properties"] = {key: {"const": True}}
        return given if condition["filled"] else {"not": given}
    operator = "at_least" if "at_least" in condition else "at_most"
    bound = condition[operator]
    if isinstance(bound, str) or moves(bound):
        return None
    if kind in ("group", "choices", "file"):
        keyword = "minItems" if operator == "at_least" else "maxItems"
    else:
        keyword = "minimum" if operator == "at_least" else "maximum"
    return {"properties": {key: {keyword: bound}}, "required": [key]}


def _ui(document: Document) -> dict[str, Any]:
    parts = []
    for part in document["parts"]:
        kept = {name: value for name, value in part.items() if name != "questions"}
        parts.append({**kept, "questions": [_ui_question(question) for question in part["questions"]]})
    rest = {name: value for name, value in document.items() if name not in ("parts", "profile", "title")}
    return {"profile": PROFILE, **rest, "title": _other_languages(document["title"]), "parts": parts}


def _other_languages(text: Mapping[str, str]) -> dict[str, str]:
    return {language: word for language, word in text.items() if language != "id"}


def _ui_question(question: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"key": question["key"], "type": question["type"]}
    answered = question["type"] != "note"
    for name, value in question.items():
        if name == "label" and answered:
            kept["label"] = _other_languages(value)
        elif name == "questions":
            kept["questions"] = [_ui_question(inner) for inner in value]
        elif name == "required" and answered and "show_if" not in question:
            continue
        else:
            kept[name] = value
    return kept


class NotOurPairError(ValueError):
    """The two schemas are not what `derive` writes."""


def document_from(schema: Mapping[str, Any], ui: Mapping[str, Any]) -> Document:
    """The document a pair was derived from. Raises NotOurPairError."""
    if ui.get("profile") != PROFILE:
        raise NotOurPairError(f"the UI schema is not {PROFILE}")
    try:
        parts = []
        for part in ui["parts"]:
            parts.append({**part, "questions": [_question_from(question, schema) for question in part["questions"]]})
        rest = {name: value for name, value in ui.items() if name not in ("parts", "title", "profile")}
        return {"profile": PROFILE, **rest, "title": {"id": schema["title"], **ui["title"]}, "parts": parts}
    except (KeyError, TypeError, AttributeError) as error:
        raise NotOurPairError("the schemas do not belong together") from error


def _question_from(kept: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    question = dict(kept)
    if kept["type"] == "note":
        return question
    own = schema["properties"][kept["key"]]
    question["label"] = {"id": own["title"], **kept["label"]}
    if "show_if" not in kept and kept["key"] in schema.get("required", ()):
        question["required"] = True
    if "questions" in kept:
        question["questions"] = [_question_from(inner, own["items"]) for inner in kept["questions"]]
    return question
