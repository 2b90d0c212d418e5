"""From blocks to the declared document and back: the same document, whatever it holds.

A member that a block has no field for stays in the block's `rest`, so nothing is lost on the way (services.forms.documents.tidy
says what "the same" means).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from cms.form_builder.blocks import MISTAKES, OPERATORS, PARTS, PREFILLS, PRESETS
from services.forms.documents import PROFILE, Document, tidy

Raw = dict[str, Any]

# member -> kind of field; which types have it is said by the blocks
_TEXTS = ("label", "name", "hint", "example", "notice", "row_name", "add_label")
_COUNTS = ("min_length", "max_length", "max_files", "max_mb", "min_rows", "max_rows")
_NAMES = ("not_before", "differs_from")
_CHOICES = {"prefill": dict(PREFILLS), "preset": dict(PRESETS)}
_BOUNDS = ("min", "max")
_CODES = frozenset(code for code, _word in MISTAKES)
_COUNTED = frozenset({"integer", "money", "group", "choices", "file"})
_TICKED = frozenset({"yesno", "checkbox", "consent"})
_QUESTIONS = PARTS[0][1].child_blocks["questions"].child_blocks
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_YES, _NO = "Ya", "Tidak"


# --- from blocks ----------------------------------------------------------------------------------------------------


def document_of(title: str, title_en: str, body: Any) -> Document:
    """The document that the blocks say, tidy, whatever is missing in them. `body`: the value of the stream."""
    parts = []
    kinds = kinds_of(body)
    for part in body:
        value = part.value
        made: dict[str, Any] = {"key": value["key"] or "", "title": _text(value, "title") or {"id": ""}}
        if intro := _text(value, "intro"):
            made["intro"] = intro
        made["questions"] = [_question(child.block_type, child.value, kinds) for child in value["questions"]]
        parts.append(made)
    return tidy({"profile": PROFILE, "title": _pair(title, title_en), "parts": parts})


def kinds_of(body: Any) -> dict[str, str]:
    """Key of each question -> its type."""
    found: dict[str, str] = {}
    for part in body:
        for child in part.value["questions"]:
            found[child.value["key"]] = child.block_type
            if child.block_type == "group":
                found.update({inner.value["key"]: inner.block_type for inner in child.value["questions"]})
    return found


def _question(kind: str, value: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    made = _fields(kind, value, kinds)
    try:
        rest = json.loads(value["rest"]) if value.get("rest") else {}
    except ValueError:
        rest = {}
    if isinstance(rest, dict):
        for name, found in rest.items():
            if name == "messages" and isinstance(found, dict):
                made[name] = {**found, **made.get(name, {})}
            elif found is None or made.get(name) in (None, "", [], {}):
                made[name] = found
    return made


def _fields(kind: str, value: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The members that the fields of the block say."""
    made: dict[str, Any] = {"key": value.get("key") or "", "type": kind}
    for member in _TEXTS:
        if text := _text(value, member):
            made[member] = text
    made.setdefault("label", {"id": ""})
    if value.get("required"):
        made["required"] = True
    for member in _COUNTS:
        if value.get(member) is not None:
            made[member] = value[member]
    for member in (*_NAMES, *_CHOICES):
        if value.get(member):
            made[member] = value[member]
    for member in _BOUNDS:
        if bound := (value.get(member) or "").strip():
            made[member] = int(bound) if kind != "date" and _WHOLE.fullmatch(bound) else bound
    if kind == "kelurahan":
        made["source"] = "kelurahan"
    if value.get("options"):
        made["options"] = [
            {"value": one["value"] or "", "label": _text(one, "label") or {"id": ""}} for one in value["options"]
        ]
    if value.get("messages"):
        made["messages"] = {
            one["code"]: text for one in value["messages"] if one["code"] and (text := _text(one, "text")) is not None
        }
    if value.get("show_if") and (condition := _condition(value["show_if"], kinds)) is not None:
        made["show_if"] = condition
    if kind == "group":
        made["questions"] = [_question(child.block_type, child.value, kinds) for child in value["questions"]]
    return made


def _text(value: Mapping[str, Any], member: str) -> dict[str, str] | None:
    words, english = value.get(member) or "", value.get(f"{member}_en") or ""
    return _pair(words, english) if words.strip() or english.strip() else None


def _pair(words: str, english: str) -> dict[str, str]:
    return {"id": words, "en": english} if english.strip() else {"id": words}


def _condition(value: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any] | None:
    inner = [
        _leaf(child.value, kinds) if child.block_type == "rule" else _several(child.value, kinds) for child in value["rules"]
    ]
    return {value["match"] or "all": inner} if inner else None


def _several(value: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    return {value["match"] or "any": [_leaf(one, kinds) for one in value["rules"]]}


def _leaf(rule: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    field, operator = (rule["field"] or "").strip(), rule["op"] or "equals"
    return {"field": field, operator: _wanted(operator, (rule["value"] or "").strip(), kinds.get(field, ""))}


def _wanted(operator: str, text: str, kind: str) -> Any:
    """What is compared with, in the kind of value that the looked-at question has."""
    if operator == "filled":
        return text.lower() not in {"tidak", "no", "false", "kosong"}
    if operator == "in":
        return [_value(one.strip(), kind) for one in text.split(",") if one.strip()]
    if operator in ("at_least", "at_most"):
        return int(text) if kind in _COUNTED and _WHOLE.fullmatch(text) else text
    return _value(text, kind)


def _value(text: str, kind: str) -> Any:
    if kind in _TICKED and text.lower() in {"ya", "yes", "true", "tidak", "no", "false"}:
        return text.lower() in {"ya", "yes", "true"}
    return int(text) if kind in ("integer", "money") and _WHOLE.fullmatch(text) else text


# --- to blocks ------------------------------------------------------------------------------------------------------


def raw_stream(document: Document, ids: Mapping[str, str] | None = None) -> list[Raw]:
    """The raw value of the stream for a linted document; `document_of` gives it back tidy.

    ids: key of a question, or `/key` of a part -> id of the block that it has already.
    """
    known = ids or {}
    plain = tidy(document)
    kinds = {q["key"]: q["type"] for part in plain["parts"] for q in _each(part["questions"])}
    return [
        {
            "type": "part",
            "id": known.get(f"/{part['key']}") or str(uuid.uuid4()),
            "value": {
                "key": part["key"],
                **_spread(part.get("title"), "title"),
                **_spread(part.get("intro"), "intro"),
                "questions": [_raw_question(question, kinds, known) for question in part["questions"]],
            },
        }
        for part in plain["parts"]
    ]


def _each(questions: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for question in questions:
        yield question
        yield from question.get("questions", ())


def _spread(text: Mapping[str, str] | None, member: str) -> Raw:
    return {member: (text or {}).get("id", ""), f"{member}_en": (text or {}).get("en", "")}


def _raw_question(question: Mapping[str, Any], kinds: Mapping[str, str], known: Mapping[str, str]) -> Raw:
    kind = question["type"]
    fields = _QUESTIONS[kind].child_blocks
    value: Raw = {"key": question["key"]}
    for member in _TEXTS:
        if member in fields:
            value |= _spread(question.get(member), member)
    for member in (*_COUNTS, *_NAMES):
        if member in fields:
            value[member] = question.get(member)
    for member, choices in _CHOICES.items():
        if member in fields:
            value[member] = question.get(member) if question.get(member) in choices else ""
    for member in _BOUNDS:
        if member in fields:
            value[member] = "" if question.get(member) is None else str(question[member])
    value["required"] = bool(question.get("required"))
    if "options" in fields:
        value["options"] = [
            _item({"value": one["value"], **_spread(one["label"], "label")}) for one in question.get("options", ())
        ]
    if "messages" in fields:
        value["messages"] = [
            _item({"code": code, **_spread(text, "text")})
            for code, text in question.get("messages", {}).items()
            if code in _CODES
        ]
    value["show_if"] = _raw_condition(question.get("show_if"))
    if kind == "group":
        value["questions"] = [_raw_question(inner, kinds, known) for inner in question.get("questions", ())]
    if rest := _rest(question, kinds, value):
        value["rest"] = json.dumps(rest, ensure_ascii=False, sort_keys=True)
        if rest.get("show_if"):
            value["show_if"] = _raw_condition(None)
    return {"type": kind, "id": known.get(question["key"]) or str(uuid.uuid4()), "value": value}


def _item(value: Raw) -> Raw:
    return {"type": "item", "id": str(uuid.uuid4()), "value": value}


def _rest(question: Mapping[str, Any], kinds: Mapping[str, str], value: Raw) -> Raw:
    """What the fields of the block do not give back as it was; None takes away what they would add."""
    block = _QUESTIONS[question["type"]]
    back = _tidy_question(_fields(question["type"], block.to_python(value), kinds))
    rest: Raw = {}
    for member in question:
        if member not in ("key", "type", "label", "questions") and back.get(member) != question[member]:
            rest[member] = question[member]
    if "messages" in rest:
        rest["messages"] = {
            code: text for code, text in question["messages"].items() if code not in back.get("messages", {})
        }
    rest.update({member: None for member in back if member not in question and member != "questions"})
    return rest


def _tidy_question(question: Mapping[str, Any]) -> dict[str, Any]:
    part = {"key": "x", "title": {"id": "x"}, "questions": [dict(question)]}
    made: dict[str, Any] = tidy({"profile": PROFILE, "title": {"id": "x"}, "parts": [part]})["parts"][0]["questions"][0]
    return made


def _raw_condition(condition: Any) -> Raw:
    """The blocks of a condition; what does not fit them is found by `_rest`."""
    empty: Raw = {"match": "all", "rules": []}
    if not isinstance(condition, Mapping):
        return empty
    word = next((word for word in ("all", "any") if word in condition), "")
    if not word:
        rule = _raw_rule(condition)
        return {"match": "all", "rules": [_stream("rule", rule)]} if rule else empty
    rules = []
    for inner in condition[word]:
        nested = next((one for one in ("all", "any") if one in inner), "")
        if nested:
            many = [_raw_rule(leaf) for leaf in inner[nested]]
            rules.append(_stream("rules", {"match": nested, "rules": [_item(one) for one in many if one]}))
        elif rule := _raw_rule(inner):
            rules.append(_stream("rule", rule))
    return {"match": word, "rules": rules}


def _stream(kind: str, value: Raw) -> Raw:
    return {"type": kind, "id": str(uuid.uuid4()), "value": value}


def _raw_rule(leaf: Mapping[str, Any]) -> Raw | None:
    operator = next((name for name, _word in OPERATORS if name in leaf), "")
    if not operator:
        return None
    wanted = leaf[operator]
    text = ", ".join(_written(one) for one in wanted) if isinstance(wanted, list) else _written(wanted)
    return {"field": leaf.get("field", ""), "op": operator, "value": text}


def _written(value: Any) -> str:
    return (_YES if value else _NO) if isinstance(value, bool) else str(value)


def stream_from(document: Document, field: Any, ids: Mapping[str, str] | None = None) -> Any:
    """The value of the page's stream field for a linted document."""
    return field.to_python(json.dumps(raw_stream(document, ids)))
