"""When a question is shown: `{"field": key, OP: value}`, `{"all": [...]}`, `{"any": [...]}`, two levels deep.

OP is `equals`, `in`, `filled`, `at_least` or `at_most` (numbers, dates, number of rows). There is no "not": options are closed lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from services.forms.bounds import day_bound, number_bound
from services.forms.documents import Option, Question, localized

OPERATORS = ("equals", "in", "filled", "at_least", "at_most")
Condition = Mapping[str, Any]


def leaves(condition: Condition) -> Iterator[Condition]:
    """The single comparisons of a condition."""
    if "field" in condition:
        yield condition
        return
    for inner in [*condition.get("all", ()), *condition.get("any", ())]:
        yield from leaves(inner)


def _filled(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", [], {})


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and value == wanted


def _compare(value: Any, bound: Any, today: date) -> int | None:
    """-1, 0 or 1, or None when the two cannot be compared."""
    if isinstance(value, list):
        value = len(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        limit = number_bound(bound, today)
        return None if limit is None else (value > limit) - (value < limit)
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return None
        edge = day_bound(bound, today)
        return None if edge is None else (day > edge) - (day < edge)
    return None


def _leaf(condition: Condition, answers: Mapping[str, Any], today: date) -> bool:
    value = answers.get(condition["field"])
    if "equals" in condition:
        return _same(value, condition["equals"]) or (condition["equals"] is False and value is None)
    if "in" in condition:
        return any(_same(value, wanted) for wanted in condition["in"])
    if "filled" in condition:
        return _filled(value) is bool(condition["filled"])
    if "at_least" in condition:
        order = _compare(value, condition["at_least"], today)
        return order is not None and order >= 0
    order = _compare(value, condition["at_most"], today)
    return order is not None and order <= 0


def holds(condition: Condition | None, answers: Mapping[str, Any], today: date) -> bool:
    """Does the condition hold for the effective answers so far? None always does. Total: odd values make it false."""
    if condition is None:
        return True
    if "all" in condition:
        return all(holds(inner, answers, today) for inner in condition["all"])
    if "any" in condition:
        return any(holds(inner, answers, today) for inner in condition["any"])
    return _leaf(condition, answers, today)


def resolve(condition: Condition, inside: set[str], answers: Mapping[str, Any], today: date) -> Condition | bool:
    """The condition with everything that is not a question of `inside` decided: what a script on the page needs."""
    if "field" in condition:
        if condition["field"] not in inside:
            return _leaf(condition, answers, today)
        kept = dict(condition)
        for operator in ("at_least", "at_most"):
            if isinstance(kept.get(operator), str):
                edge = day_bound(kept[operator], today)
                kept[operator] = edge.isoformat() if edge else kept[operator]
        return kept
    word = "all" if "all" in condition else "any"
    rest: list[Condition] = []
    for inner in condition[word]:
        found = resolve(inner, inside, answers, today)
        if isinstance(found, bool):
            if found is (word == "any"):
                return found
            continue
        rest.append(found)
    return {word: rest} if rest else word == "all"


def _option_label(question: Question | None, value: Any) -> str:
    options: tuple[Option, ...] = question.options if question else ()
    return next((localized(option.label) for option in options if option.value == value), str(value))


def sentence(condition: Condition, question_of: Callable[[str], Question | None]) -> str:
    """ "Alasan: Hilang" - what must be answered so that the question applies, for people without scripts."""
    if "field" in condition:
        question = question_of(condition["field"])
        label = localized(question.label) if question else condition["field"]
        if "equals" in condition:
            value = condition["equals"]
            if isinstance(value, bool):
                return f"{label}: {_('Ya') if value else _('Tidak')}"
            return f"{label}: {_option_label(question, value)}"
        if "in" in condition:
            words = [_option_label(question, value) for value in condition["in"]]
            return f"{label}: {_(' atau ').join(words)}"
        if "filled" in condition:
            return (
                _("%(label)s diisi") % {"label": label} if condition["filled"] else _("%(label)s kosong") % {"label": label}
            )
        if "at_least" in condition:
            return _("%(label)s paling sedikit %(bound)s") % {"label": label, "bound": condition["at_least"]}
        return _("%(label)s paling banyak %(bound)s") % {"label": label, "bound": condition["at_most"]}
    word, glue = ("all", _(" dan ")) if "all" in condition else ("any", _(" atau "))
    return glue.join(sentence(inner, question_of) for inner in condition[word])
