"""The steps of a row (`as`): one value in, one out, no value of a person in what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from services.adapters.mapping.paths import MappingError

MOST_ITEMS = 1_000
_DIRECTIVES = re.compile(r"(?:[^%]|%[YmdHMSyjBbAaZzf%pI])*")


def check(step: Any) -> None:
    """Raises MappingError for a step that does not exist or cannot work."""
    if isinstance(step, str):
        if step not in _WORDS:
            raise MappingError([f"unknown step {step[:40]!r}"])
        return
    found = [name for name in _SHAPED if isinstance(step, dict) and name in step]
    if len(found) != 1:
        raise MappingError([f"unknown step {str(step)[:60]!r}"])
    _SHAPED[found[0]][0](step)


def apply(step: Any, value: Any) -> Any:
    """Raises MappingError when the value is not of the kind that the step takes."""
    if isinstance(step, str):
        return _WORDS[step](value)
    name = next(name for name in _SHAPED if name in step)
    return _SHAPED[name][1](step, value)


def inverted(step: Any) -> Any:
    """The step that undoes this one, or None where there is none."""
    if step == "text":
        return step
    if isinstance(step, dict) and "code" in step:
        table = step["code"]
        back = {str(theirs): ours for ours, theirs in table.items() if isinstance(theirs, str | int | bool)}
        return {**step, "code": back} if len(back) == len(table) and "default" not in step else None
    if isinstance(step, dict) and "date" in step:
        form = step["date"]
        return {"date": {"in": form, "out": "%Y-%m-%d"}} if isinstance(form, str) else None
    return None


def text_of(value: Any) -> str:
    """A single value as text. Raises MappingError for a list or an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise MappingError(["a single value is needed, not a list or an object"])


def _int(value: Any) -> int:
    text = text_of(value).strip()
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise MappingError(["not a whole number"])
    return int(text)


def _decimal(value: Any) -> int | float:
    """A JSON number of at most 15 digits, so that none is lost; `1.234,5` is read as people here write it."""
    text = text_of(value).strip()
    if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]{1,9}", text) or re.fullmatch(r"-?[0-9]{1,15},[0-9]{1,9}", text):
        text = text.replace(".", "").replace(",", ".")
    try:
        number = Decimal(text) if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,15})?", text) else None
    except InvalidOperation:
        number = None
    if number is None or len(number.normalize().as_tuple().digits) > 15:
        raise MappingError(["not a number of at most 15 digits"])
    return int(number) if number == number.to_integral_value() else float(number)


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = text_of(value).strip().lower()
    if word in {"ya", "yes", "true", "1", "y"}:
        return True
    if word in {"tidak", "no", "false", "0", "t", "n"}:
        return False
    raise MappingError(["neither yes nor no"])


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None if isinstance(value, list) else value


_WORDS: Mapping[str, Callable[[Any], Any]] = {
    "trim": lambda value: " ".join(text_of(value).split()),
    "upper": lambda value: text_of(value).upper(),
    "lower": lambda value: text_of(value).lower(),
    "text": text_of,
    "int": _int,
    "decimal": _decimal,
    "bool": _bool,
    "first": _first,
    "digits": lambda value: re.sub(r"[^0-9]", "", text_of(value)),
}


def _check_date(step: Mapping[str, Any]) -> None:
    form = step["date"]
    declared = form if isinstance(form, dict) else {"out": form}
    if not declared.keys() <= {"in", "out", "zone"} or set(step) != {"date"}:
        raise MappingError(["`date` is a format, or in, out and zone"])
    for name in ("in", "out"):
        given = declared.get(name, "%Y")
        iso = name == "out" and given == "iso"
        if not iso and (not isinstance(given, str) or not 0 < len(given) <= 60 or not _DIRECTIVES.fullmatch(given)):
            raise MappingError([f"`date`: {name} is not a date format such as %d-%m-%Y"])
    if "zone" in declared:
        try:
            ZoneInfo(str(declared["zone"]))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise MappingError(["`date`: there is no such zone"]) from error


def _date(step: Mapping[str, Any], value: Any) -> str:
    form = step["date"]
    declared = form if isinstance(form, dict) else {"out": form}
    try:
        if isinstance(value, date):
            moment: date = value
        elif declared.get("in"):
            moment = datetime.strptime(text_of(value).strip(), declared["in"])
        else:
            moment = datetime.fromisoformat(text_of(value).strip())
        iso = declared.get("out") == "iso"
        if isinstance(moment, datetime) and (declared.get("zone") or iso):
            aware = moment if moment.tzinfo else timezone.make_aware(moment)
            moment = aware.astimezone(ZoneInfo(declared["zone"])) if declared.get("zone") else aware
        if iso:  # a moment with its offset, as RFC 3339 has it
            return moment.isoformat()
        return moment.strftime(declared.get("out") or "%Y-%m-%d")
    except (ValueError, OverflowError) as error:
        raise MappingError(["not a date"]) from error


def _check_code(step: Mapping[str, Any]) -> None:
    table = step["code"]
    if not isinstance(table, dict) or len(table) > MOST_ITEMS or not step.keys() <= {"code", "unknown", "default"}:
        raise MappingError(["`code` is a table: ours -> theirs"])
    if step.get("unknown", "refuse") not in {"refuse", "keep", "default"}:
        raise MappingError(["`unknown` is refuse, keep or default"])


def _code(step: Mapping[str, Any], value: Any) -> Any:
    table: Mapping[str, Any] = step["code"]
    if isinstance(value, list):
        return [_code(step, item) for item in value[:MOST_ITEMS]]
    word = text_of(value)
    if word in table:
        return table[word]
    match step.get("unknown", "refuse"):
        case "keep":
            return value
        case "default":
            return step.get("default")
    raise MappingError(["a value that the code table does not have"])


def _check_sign(name: str) -> Callable[[Mapping[str, Any]], None]:
    def check_it(step: Mapping[str, Any]) -> None:
        if (
            not isinstance(step[name], str)
            or len(step[name]) > 10
            or set(step) != {name}
            or (name == "split" and not step[name])
        ):
            raise MappingError([f"`{name}` is a sign of at most 10 characters"])

    return check_it


def _join(step: Mapping[str, Any], value: Any) -> str:
    if not isinstance(value, list):
        return text_of(value)
    return str(step["join"]).join(text_of(item) for item in value[:MOST_ITEMS])


def _split(step: Mapping[str, Any], value: Any) -> list[str]:
    return [part.strip() for part in text_of(value).split(step["split"])[:MOST_ITEMS] if part.strip()]


_SHAPED: Mapping[str, tuple[Callable[[Mapping[str, Any]], None], Callable[[Mapping[str, Any], Any], Any]]] = {
    "date": (_check_date, _date),
    "code": (_check_code, _code),
    "join": (_check_sign("join"), _join),
    "split": (_check_sign("split"), _split),
}
