"""Keys of questions, parts and options: made from their words once, kept when a version with them is published.

A key is what answers, mappings and conditions hang on, so it outlives every change of words. A block that was copied gets a
key of its own; what looked at the original still does.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from django.utils.text import slugify

from services.forms.lint import RESERVED

LONGEST = 50
_VALID = re.compile(r"[A-Za-z0-9_-]{1,60}")


def assign(body: Any, remembered: Mapping[str, str], published: Collection[str]) -> dict[str, str]:
    """Give every block of the stream a key and a unique one; changes the values of the blocks.

    remembered: id of a block -> key it had at the last save. published: keys that a published version has.
    Gives what is to be remembered next.
    """
    parts = list(body)
    questions = list(_questions(parts))
    for block in [*parts, *questions]:
        if not block.id:
            block.id = str(uuid.uuid4())
    _settle(parts, remembered, {f"/{key}" for key in published}, _part_key, RESERVED, remember_as="/")
    renamed = _settle(questions, remembered, published, _question_key, frozenset())
    by_label = {_folded(q.value["label"]): q.value["key"] for q in reversed(questions) if q.value["label"]}
    keys = {q.value["key"] for q in questions}
    for question in questions:
        _option_values(question.value)
    by_key = {q.value["key"]: q.value for q in questions}
    for question in questions:
        _look_at(question.value, keys, by_label, renamed)
        for rule in _rules(question.value):
            rule["value"] = _values_of(rule, by_key.get(rule["field"]))
    return {
        **{part.id: f"/{part.value['key']}" for part in parts if part.value["key"]},
        **{question.id: question.value["key"] for question in questions if question.value["key"]},
    }


def _questions(parts: list[Any]) -> Iterator[Any]:
    for part in parts:
        for question in part.value["questions"]:
            yield question
            if question.block_type == "group":
                yield from question.value["questions"]


def _settle(
    blocks: list[Any],
    remembered: Mapping[str, str],
    published: Collection[str],
    make: Callable[[Any], str],
    reserved: Collection[str],
    *,
    remember_as: str = "",
) -> dict[str, str]:
    """Unique keys for blocks of one sort. Gives old key -> new key of those that were renamed."""
    before = {
        id: key.removeprefix(remember_as) for id, key in remembered.items() if key.startswith("/") is bool(remember_as)
    }
    wanted: dict[str, str] = {}
    for block in blocks:
        old, typed = before.get(block.id, ""), (block.value["key"] or "").strip()
        locked = old and f"{remember_as}{old}" in published
        wanted[block.id] = old if locked else typed if _VALID.fullmatch(typed) else slug_of(typed)
    # Of two blocks with one key, it stays with the block that had it; else with the first.
    taken: dict[str, str] = {}
    for block in sorted(blocks, key=lambda b: before.get(b.id) != wanted[b.id]):
        if wanted[block.id] and wanted[block.id] not in reserved:
            taken.setdefault(wanted[block.id], block.id)
    for block in blocks:
        key = wanted[block.id]
        if not key or taken.get(key) != block.id:
            key = _free(make(block), {*taken, *reserved})
            if key:
                taken[key] = block.id
        block.value["key"] = key
    now = {block.value["key"] for block in blocks}
    moved = ((before.get(block.id, ""), block.value["key"]) for block in blocks)
    return {old: new for old, new in moved if old and new and old != new and old not in now}


def slug_of(words: Any, glue: str = "_") -> str:
    return slugify(str(words or "")).replace("-", glue)[:LONGEST].strip("_-")


def _question_key(block: Any) -> str:
    return slug_of(block.value["label"]) or (block.block_type if block.value["label"] else "")


def _part_key(block: Any) -> str:
    return slug_of(block.value["title"], "-") or ("bagian" if block.value["title"] else "")


def _free(wanted: str, taken: Collection[str]) -> str:
    key, number = wanted, 2
    while key and key in taken:
        key, number = f"{wanted}_{number}", number + 1
    return key


def _folded(words: Any) -> str:
    return " ".join(str(words or "").lower().split())


def _look_at(value: Any, keys: Collection[str], by_label: Mapping[str, str], renamed: Mapping[str, str]) -> None:
    """What names another question: a label becomes its key, a key that was renamed the new one."""

    def key_of(typed: Any) -> str:
        text = str(typed or "").strip()
        return text if not text or text in keys else renamed.get(text) or by_label.get(_folded(text)) or text

    for member in ("not_before", "differs_from"):
        if value.get(member):
            value[member] = key_of(value[member])
    for rule in _rules(value):
        rule["field"] = key_of(rule["field"])


def _rules(value: Any) -> Iterator[Any]:
    for child in value["show_if"]["rules"]:
        yield from [child.value] if child.block_type == "rule" else child.value["rules"]


def _values_of(rule: Any, looked_at: Any) -> str:
    """What a rule compares with: an answer that was written in its words becomes its value."""
    typed = rule["value"] or ""
    options = list((looked_at or {}).get("options") or ())
    values = {option["value"] for option in options}
    by_label = {_folded(option["label"]): option["value"] for option in options if option["label"]}
    if rule["op"] == "equals":
        return typed if typed.strip() in values else by_label.get(_folded(typed), typed)
    if rule["op"] == "in" and options:
        words = [one.strip() for one in typed.split(",") if one.strip()]
        return ", ".join(one if one in values else by_label.get(_folded(one), one) for one in words)
    return typed


def _option_values(value: Any) -> None:
    options = list(value.get("options") or ())
    taken = {option["value"] for option in options if option["value"]}
    for option in options:
        if not option["value"] and option["label"]:
            option["value"] = _free(slug_of(option["label"]) or "pilihan", taken)
            taken.add(option["value"])
