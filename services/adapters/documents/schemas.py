"""Schemas of OpenAPI 3.0, 3.1 and Swagger 2 as JSON Schema 2020-12, each converted once for each direction.

Nothing is fetched: a reference to elsewhere becomes "anything", with a warning that names it. A reference in a circle is fine:
it stays a reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from django.utils.translation import gettext as _

from services.adapters.documents.reading import DocumentError, mapping
from services.adapters.documents.values import Schema

SENT, ANSWERED = "sent", "answered"
MAX_SCHEMAS = 2_000
MAX_CHAIN = 30
MAX_PATTERN = 500
_TYPES = frozenset("null boolean object array number string integer".split())
_PLAIN = frozenset(
    "title description default enum const format multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength "
    "minLength maxItems minItems uniqueItems maxContains minContains maxProperties minProperties dependentRequired "
    "contentEncoding contentMediaType deprecated readOnly writeOnly".split()
)
_ONE = frozenset(
    "not if then else contains propertyNames unevaluatedItems unevaluatedProperties additionalProperties".split()
)
_MANY = frozenset("allOf anyOf oneOf prefixItems".split())
_NAMED = frozenset("properties patternProperties dependentSchemas".split())
_HUGE_REPEAT = re.compile(r"\{\d{4,}|,\d{4,}\}")


class Pointers:
    """`$ref`s of one document. Raises DocumentError for a chain without an end."""

    def __init__(self, root: Mapping[str, Any], warn: Callable[[str], None]) -> None:
        self.root, self.warn = root, warn

    def at(self, ref: Any) -> Any:
        """What a local reference points to; None, with a warning, for one that leads elsewhere or nowhere."""
        if not isinstance(ref, str) or not ref.startswith("#"):
            self.warn(
                _("Rujukan keluar dokumen tidak diambil: %(ref)s. Bagian itu dianggap bebas") % {"ref": str(ref)[:120]}
            )
            return None
        found: Any = self.root
        for part in ref[1:].split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isascii() and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            else:
                self.warn(
                    _("Rujukan %(ref)s menunjuk bagian yang tidak ada. Bagian itu dianggap bebas") % {"ref": ref[:120]}
                )
                return None
        return found

    def resolve(self, node: Any) -> Any:
        """A parameter, an answer, a body: what stands at the end of its references."""
        for _step in range(MAX_CHAIN):
            if not isinstance(node, dict) or "$ref" not in node:
                return node
            node = self.at(node["$ref"])
        raise DocumentError(_("Rujukan $ref berputar tanpa akhir"))


class Schemas:
    """Converts schemas and collects what they refer to in `defs`, by direction."""

    def __init__(self, pointers: Pointers, version: str, warn: Callable[[str], None]) -> None:
        self.pointers, self.version, self.warn = pointers, version, warn
        self.defs: dict[str, dict[str, Schema]] = {SENT: {}, ANSWERED: {}}
        self._names: dict[str, dict[str, str]] = {SENT: {}, ANSWERED: {}}
        self._todo: list[tuple[str, str, str]] = []

    def convert(self, node: Any, direction: str) -> Schema:
        """A schema whose references point to `#/$defs/...`."""
        made = self._convert(node, direction)
        while self._todo:
            way, ref, name = self._todo.pop()
            self.defs[way][name] = self._convert(self.pointers.at(ref), way)
        return made

    def _name_of(self, ref: str, direction: str) -> str:
        """A short unique name for what a reference points to."""
        names = self._names[direction]
        if ref not in names:
            if len(names) >= MAX_SCHEMAS:
                raise DocumentError(_("Dokumen berisi lebih dari 2.000 skema"))
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", unquote(ref).rsplit("/", 1)[-1])[:80] or "schema"
            taken, name, number = set(names.values()), plain, 2
            while name in taken:
                name, number = f"{plain}_{number}", number + 1
            names[ref] = name
            self._todo.append((direction, ref, name))
        return names[ref]

    def _convert(self, node: Any, direction: str) -> Schema:
        if isinstance(node, bool):
            return node
        if not isinstance(node, dict):
            return {}
        if "$ref" in node:
            return self._reference(node, direction)
        return self._nullable(node, self._keywords(node, direction))

    def _reference(self, node: dict[str, Any], direction: str) -> Schema:
        ref = node["$ref"]
        if not isinstance(ref, str) or not ref.startswith("#"):
            self.pointers.at(ref)  # says so
            return {}
        made: dict[str, Any] = {"$ref": f"#/$defs/{self._name_of(ref, direction)}"}
        beside = {key: value for key, value in node.items() if key != "$ref"}
        if self.version == "3.1" and beside:
            made |= self._keywords(beside, direction)
        if node.get("nullable") is True or node.get("x-nullable") is True:
            return {"anyOf": [made, {"type": "null"}]}
        return made

    def _keywords(self, node: dict[str, Any], direction: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in node.items():
            if key in _PLAIN:
                made[key] = value
            elif key in _ONE and isinstance(value, dict | bool):
                made[key] = self._convert(value, direction)
            elif key in _MANY and isinstance(value, list):
                made[key] = [self._convert(one, direction) for one in value]
            elif key in _NAMED and isinstance(value, dict):
                made[key] = {name: self._convert(one, direction) for name, one in value.items()}
        self._types(node, made)
        self._items(node, made, direction)
        self._required(node, made, direction)
        self._limits(made)
        if isinstance(pattern := node.get("pattern"), str):
            self._pattern(pattern, made)
        examples = node.get("examples") if isinstance(node.get("examples"), list) else []
        if examples or "example" in node:
            made["examples"] = examples or [node["example"]]
        return made

    def _types(self, node: dict[str, Any], made: dict[str, Any]) -> None:
        given = node.get("type")
        if given == "file":
            made |= {"type": "string", "format": "binary"}
            return
        kinds = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        known = [kind for kind in kinds if isinstance(kind, str) and kind in _TYPES]
        if len(known) < len(kinds):
            self.warn(_("Jenis %(kind)s tidak dikenal dan dianggap bebas") % {"kind": str(given)[:60]})
        elif known:
            made["type"] = known[0] if len(known) == 1 else known

    def _items(self, node: dict[str, Any], made: dict[str, Any], direction: str) -> None:
        items = node.get("items")
        if isinstance(items, list):
            made["prefixItems"] = [self._convert(one, direction) for one in items]
        elif isinstance(items, dict | bool):
            made["items"] = self._convert(items, direction)

    def _required(self, node: dict[str, Any], made: dict[str, Any], direction: str) -> None:
        """What nobody can send is not asked of us, what nobody tells is not asked of them; and `required: true` inside a
        property, as older documents have it, is meant for its parent."""
        properties = mapping(node.get("properties"))
        given = node.get("required")
        names = [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
        names += [name for name, one in properties.items() if isinstance(one, dict) and one.get("required") is True]
        hidden = "readOnly" if direction == SENT else "writeOnly"

        def is_hidden(name: str) -> bool:
            one = properties.get(name)
            if not isinstance(one, dict) or one.get(hidden) is not True:
                return False
            if self.version == "2.0" and direction == SENT:  # there it may not be both, so one of the two is a mistake
                self.warn(_("%(name)s wajib dan readOnly sekaligus. Dianggap wajib diisi") % {"name": name[:60]})
                made.setdefault("properties", {})[name] = {**made.get("properties", {}).get(name, {}), "readOnly": False}
                return False
            return True

        if kept := [name for name in dict.fromkeys(names) if not is_hidden(name)]:
            made["required"] = kept

    def _limits(self, made: dict[str, Any]) -> None:
        """`exclusiveMinimum: true` of 3.0 becomes a number."""
        for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(flag := made.get(exclusive), bool):
                del made[exclusive]
                if flag and plain in made:
                    made[exclusive] = made.pop(plain)

    def _pattern(self, pattern: str, made: dict[str, Any]) -> None:
        try:
            re.compile(pattern)
        except re.error:
            bad = True
        else:
            bad = len(pattern) > MAX_PATTERN or _HUGE_REPEAT.search(pattern) is not None
        if bad:
            self.warn(_("Pola %(pattern)s tidak dipakai: salah atau terlalu besar") % {"pattern": pattern[:60]})
        else:
            made["pattern"] = pattern

    def _nullable(self, node: dict[str, Any], made: dict[str, Any]) -> Schema:
        if self.version == "3.1" or not (node.get("nullable") is True or node.get("x-nullable") is True):
            return made
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        if isinstance(kind := made.get("type"), str):
            made["type"] = [kind, "null"]
        elif isinstance(kind, list):
            made["type"] = list(dict.fromkeys([*kind, "null"]))
        elif _MANY & made.keys():
            return {"anyOf": [made, {"type": "null"}]}
        return made
