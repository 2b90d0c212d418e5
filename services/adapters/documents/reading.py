"""Bytes that somebody uploads, into plain values: JSON or YAML, whatever the file is called. Strict and bounded.

YAML is read by the core schema of YAML 1.2: no dates, no yes/no/on, no octal by a leading zero; keys are text; only plain
values, lists and mappings exist. Refused, with the line where there is one: tags, duplicate keys, keys that are no text, text
that no answer could carry (half of a surrogate pair, NUL), brackets nested deeper than 200, indentation beyond 400 (the C parser
would end the process), more than 300,000 values however aliases multiply them, depth over 100, and more than 2 MiB.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, ClassVar

import yaml
from django.utils.translation import gettext as _

MAX_BYTES = 2 * 1024 * 1024
MAX_BRACKETS = 200
MAX_INDENT = 400
MAX_NODES = 300_000
MAX_DEPTH = 100
MAX_MERGED = 100_000
MAX_DIGITS = 20
_CORE = "tag:yaml.org,2002:"


class DocumentError(ValueError):
    """The document is not taken; the message says why and what to do, without quoting it at length.

    line: counted from 1, or None.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line

    def __str__(self) -> str:
        return _("Baris %(line)d: %(message)s") % {"line": self.line, "message": self.message} if self.line else self.message


def read(raw: bytes) -> Any:
    """The document as None, bool, int, float, str, list and dict with text keys. Raises DocumentError."""
    text = _text_of(raw)
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_int=_integer, parse_float=_finite, parse_constant=_no_number)
    except (ValueError, RecursionError):
        value = _read_yaml(text)
    _bound(value, text)
    return value


def _text_of(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise DocumentError(_("Dokumen lebih besar dari 2 MiB. Kirim hanya bagian API yang dipakai"))
    if not raw.strip():
        raise DocumentError(_("Dokumen kosong"))
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(_("Dokumen ditulis dalam UTF-16. Simpan ulang sebagai UTF-8"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DocumentError(_("Ada huruf yang bukan UTF-8. Simpan ulang sebagai UTF-8"), line) from None
    if "\0" in text:
        raise DocumentError(_("Ada byte nol: ini bukan teks"), text[: text.index("\0")].count("\n") + 1)
    _refuse_other_kinds(text.lstrip()[:2000].lower())
    _refuse_deep(text)
    return text


def _refuse_other_kinds(start: str) -> None:
    if start.startswith(("<!doctype html", "<html")):
        raise DocumentError(
            _("Ini halaman web, bukan dokumen API. Cari tautan ke openapi.json atau openapi.yaml di halaman itu")
        )
    if start.startswith("<"):
        raise DocumentError(_("Ini XML. Untuk WSDL pilih jenis sambungan SOAP"))


def _refuse_deep(text: str) -> None:
    """Before any parser sees it: brackets by nesting, block YAML by indentation."""
    depth = 0
    for found in re.finditer(r"[\[{\]}]", text):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        if depth > MAX_BRACKETS:
            raise DocumentError(_("Kurung bersarang terlalu dalam"), text.count("\n", 0, found.start()) + 1)
    if deep := re.search(rf"^(?:[ \t]|- ){{{MAX_INDENT},}}", text, re.MULTILINE):
        raise DocumentError(_("Baris menjorok terlalu dalam"), text.count("\n", 0, deep.start()) + 1)


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is a mapping, else an empty one: documents put anything anywhere."""
    return value if isinstance(value, dict) else {}


# --- JSON -----------------------------------------------------------------------------------------------------------


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")  # the YAML reader finds the line
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("no number of ours")  # to the YAML reader it is a text
    return value


def _no_number(text: str) -> Any:
    raise ValueError(text)


# --- YAML -----------------------------------------------------------------------------------------------------------


def _read_yaml(text: str) -> Any:
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context or "")[:200]
        words = _("Bukan JSON atau YAML yang benar: %(problem)s") % {"problem": problem}
        raise DocumentError(words, min(mark.line, text.count("\n")) + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise DocumentError(_("Bukan JSON atau YAML yang benar: %(problem)s") % {"problem": str(error)[:200]}) from None
    except RecursionError:
        raise DocumentError(_("Kurung bersarang terlalu dalam")) from None
    finally:
        loader.dispose()


class _Loader(yaml.CSafeLoader):
    """Only what JSON has."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    yaml_constructors: ClassVar[dict[Any, Any]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """`<<`, counted: a few lines of merges could make millions of pairs."""
        merge, own = [], []
        for key, value in node.value:
            if key.tag == f"{_CORE}merge":
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(source, yaml.MappingNode):
                        raise _at(key, _("<< menunjuk sesuatu yang bukan peta"))
                    self.flatten_mapping(source)
                    merge += source.value
                    self.merged += len(source.value)
                    if self.merged > MAX_MERGED:
                        raise _at(key, _("Terlalu banyak isi yang digabung dengan <<"))
            else:
                own.append((key, value))
        if merge:
            mine = {key.value for key, _value in own}
            node.value = [pair for pair in merge if pair[0].value not in mine] + own


def _at(node: yaml.Node, message: str) -> DocumentError:
    return DocumentError(message, node.start_mark.line + 1)


def _mapping(loader: _Loader, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.MappingNode):
        raise _at(node, _("Di sini seharusnya peta kunci dan nilai"))
    seen: set[str] = set()
    for key, _value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _at(key, _("Kunci harus teks"))
        if key.tag != f"{_CORE}merge" and key.value in seen:
            raise _at(key, _("Kunci %(key)s ada dua kali") % {"key": key.value[:80]})
        seen.add(key.value)
    found: dict[str, Any] = {}
    yield found
    loader.flatten_mapping(node)
    found.update((key.value, loader.construct_object(value)) for key, value in node.value)


def _sequence(loader: _Loader, node: yaml.Node) -> Any:
    if not isinstance(node, yaml.SequenceNode):
        raise _at(node, _("Di sini seharusnya daftar"))
    found: list[Any] = []
    yield found
    found.extend(loader.construct_object(child) for child in node.value)


def _scalar(loader: _Loader, node: yaml.Node) -> str:
    return str(loader.construct_scalar(node))  # type: ignore[arg-type]


def _number(loader: _Loader, node: yaml.Node) -> Any:
    text = _scalar(loader, node)
    if len(text) > MAX_DIGITS:
        return text
    return int(text, 0) if text[:2] in ("0x", "0o") else int(text)


def _unknown(loader: _Loader, node: yaml.Node) -> Any:
    raise _at(node, _("Tanda %(tag)s tidak dibaca. Hapus tandanya") % {"tag": str(node.tag)[:80]})


for _tag, _make in {
    "null": lambda loader, node: None,
    "bool": lambda loader, node: _scalar(loader, node).lower() == "true",
    "int": _number,
    "float": lambda loader, node: float(_scalar(loader, node)),
    "str": _scalar,
    "seq": _sequence,
    "map": _mapping,
}.items():
    _Loader.add_constructor(f"{_CORE}{_tag}", _make)
_Loader.add_constructor(None, _unknown)
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    # A leading zero is no number here: post codes, telephone numbers.
    ("int", r"^(?:[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})$", list("-+0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    _Loader.add_implicit_resolver(f"{_CORE}{_tag}", re.compile(_pattern), _first)


# --- either ---------------------------------------------------------------------------------------------------------


_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def _refuse_unsayable(said: str, text: str) -> None:
    """Half of a surrogate pair and NUL can be written as an escape, and neither answered nor stored."""
    try:
        said.encode()
    except UnicodeEncodeError:
        found = _HALF.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else None
        raise DocumentError(_("Ada huruf yang tidak utuh (\\ud800 sampai \\udfff). Tulis huruf itu lengkap"), line) from None
    if "\0" in said:
        at = text.find("\\u0000")
        raise DocumentError(_("Ada byte nol: ini bukan teks"), text.count("\n", 0, at) + 1 if at >= 0 else None)


def _bound(value: Any, text: str) -> None:
    """Every visit counts, not every object: aliases cannot blow up, and a circle is too deep."""
    todo: list[tuple[Any, int]] = [(value, 1)]
    visits = 0
    while todo:
        item, depth = todo.pop()
        visits += 1
        if visits > MAX_NODES:
            raise DocumentError(_("Dokumen berisi lebih dari 300.000 nilai"))
        if depth > MAX_DEPTH:
            raise DocumentError(_("Dokumen bersarang lebih dari 100 tingkat, atau menunjuk dirinya sendiri"))
        if isinstance(item, str):
            _refuse_unsayable(item, text)
        elif isinstance(item, dict):
            for key in item:
                _refuse_unsayable(key, text)
            todo += [(child, depth + 1) for child in item.values()]
        elif isinstance(item, list):
            todo += [(child, depth + 1) for child in item]
