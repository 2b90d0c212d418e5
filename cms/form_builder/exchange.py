"""A form out of and into a file: our document exactly, its pair of schemas, or a foreign JSON Schema as far as it is understood.

Whatever is sent gives a proposal or a refusal in words; nothing is changed here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.form_builder.documents import document_of, stream_from
from portal.lib import strict_json
from services.adapters.documents.fields import leaves
from services.adapters.documents.questions import MOST_QUESTIONS, Questions, form_of
from services.forms import lint
from services.forms.documents import PROFILE, SPOKEN, Document, tidy
from services.forms.schemas import NotOurPairError, derive, document_from

MAX_BYTES = 256 * 1024
MOST_NOTES = 50
_MEMBERS = frozenset({"profile", "title", "parts"})

# What our strict reader of JSON says, for people; in the order in which they are tried.
_REASONS = (
    ("a key appears twice", gettext_lazy("ada nama yang tertulis dua kali dalam satu objek")),
    ("nested deeper", gettext_lazy("isinya bersarang terlalu dalam")),
    ("more than", gettext_lazy("isinya terlalu banyak")),
    ("too many", gettext_lazy("isinya terlalu banyak")),
    ("not UTF-8", gettext_lazy("hurufnya bukan UTF-8")),
    ("starts with a byte order mark", gettext_lazy("berkas diawali tanda BOM; simpan ulang sebagai UTF-8 tanpa BOM")),
    ("a key holds a NUL", gettext_lazy("ada huruf yang tidak boleh dipakai")),
    ("a text holds a NUL", gettext_lazy("ada huruf yang tidak boleh dipakai")),
    ("a number", gettext_lazy("ada angka yang terlalu besar")),
)
# Keywords of JSON Schema that say something about answers which the proposal does not.
_UNREAD = frozenset(
    "if then else not dependentRequired dependentSchemas patternProperties propertyNames contains pattern multipleOf const "
    "minProperties maxProperties minItems maxItems unevaluatedProperties prefixItems default".split()
)


class ImportRefused(ValueError):
    """The message says what is wrong with the file and what to do."""


@dataclass(frozen=True)
class Proposed:
    """`kind`: document, pair or schema. `notes`: what was not understood. `problems`: what keeps it from being published."""

    kind: str
    document: Document
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def exported(document: Document) -> bytes:
    """The document as a file; `read` gives the same document back."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def exported_pair(document: Document) -> bytes:
    """JSON Schema and UI schema, for others. Of a document that could be published."""
    schema, ui = derive(document)
    return (json.dumps({"schema": schema, "ui": ui}, ensure_ascii=False, indent=2) + "\n").encode()


def read(data: bytes, title: str = "") -> Proposed:
    """What a file proposes. title: of a form made from a schema that has none. Raises ImportRefused."""
    if len(data) > MAX_BYTES:
        raise ImportRefused(_("Berkas lebih besar dari 256 KB. Kirim hanya formulirnya."))
    try:
        found = strict_json.loads(data)
    except strict_json.InvalidJSON as error:
        raise ImportRefused(_("Berkas ini tidak bisa dibaca: %(why)s.") % {"why": _reason(str(error))}) from error
    if not isinstance(found, dict):
        raise ImportRefused(_("Berkas ini bukan formulir: isinya harus satu objek JSON."))
    if found.get("profile") == PROFILE and "schema" not in found:
        return _proposed("document", found, [_("%(name)s tidak dikenal dan dilewati") % {"name": n} for n in _others(found)])
    if isinstance(found.get("schema"), dict) and isinstance(found.get("ui"), dict):
        try:
            return _proposed("pair", document_from(found["schema"], found["ui"]), [])
        except NotOurPairError as error:
            raise ImportRefused(_("Kedua skema di berkas ini tidak berpasangan. Ekspor ulang dari asalnya.")) from error
    if isinstance(found.get("properties"), dict) or "$ref" in found or isinstance(found.get("allOf"), list):
        return _from_schema(found, title)
    raise ImportRefused(
        _("Berkas ini bukan formulir %(profile)s dan bukan JSON Schema dengan properties.") % {"profile": PROFILE}
    )


def _reason(said: str) -> str:
    known = next((str(words) for start, words in _REASONS if said.startswith(start)), "")
    if known:
        return known
    place = said.rpartition(" at line ")[2].replace("column", _("kolom"))
    return _("bukan JSON yang sah, baris %(place)s") % {"place": place} if " at line " in said else _("bukan JSON yang sah")


def _others(found: Mapping[str, Any]) -> list[str]:
    return sorted(str(name)[:60] for name in set(found) - _MEMBERS)[:MOST_NOTES]


def _proposed(kind: str, document: Document, notes: list[str]) -> Proposed:
    """Judged, and proved to fit the blocks. Raises ImportRefused."""
    from cms.models import FormPage

    plain = {name: value for name, value in document.items() if name in _MEMBERS}
    findings = lint.errors_of(plain)
    try:
        neat = tidy(plain)
        title = neat["title"]
        stream = stream_from(neat, FormPage._meta.get_field("body"))
        kept = document_of(title.get("id", ""), title.get("en", ""), stream)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        reasons = "; ".join(f"{one.path} {one.text}".strip() for one in findings[:5]) or _("bentuknya tidak dikenal")
        raise ImportRefused(_("Formulir di berkas ini tidak bisa dibuka: %(why)s.") % {"why": reasons}) from error
    if kept != neat:
        notes = [*notes, _("Sebagian sifat tidak bisa disunting di sini dan mungkin berubah")]
    if spoken := _languages(plain):
        notes = [*notes, _("Bahasa %(names)s dilewati: formulir ditampilkan dalam id dan en") % {"names": ", ".join(spoken)}]
    problems = tuple(f"{one.path}: {one.text}" for one in findings[:MOST_NOTES])
    return Proposed(kind, kept, tuple(notes[:MOST_NOTES]), problems)  # what will be there, not what was sent


def _languages(document: Document) -> list[str]:
    """Languages of texts that no page of the portal shows."""
    found: set[str] = set()
    waiting: list[Any] = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "id" in one and all(isinstance(word, str) for word in one.values()):
                found |= {str(name)[:20] for name in one} - set(SPOKEN)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return sorted(found)[:5]


def _from_schema(schema: Mapping[str, Any], title: str) -> Proposed:
    """A form of what a JSON Schema describes. Raises ImportRefused."""
    defs = {
        name: inner
        for holder in ("definitions", "$defs")
        for name, inner in (schema[holder].items() if isinstance(schema.get(holder), dict) else ())
    }
    local = json.loads(json.dumps(schema).replace('"#/definitions/', '"#/$defs/'))
    try:
        fields = list(islice(leaves(local, json.loads(json.dumps(defs).replace('"#/definitions/', '"#/$defs/'))), 201))
        questions = Questions()
        for field in fields[:MOST_QUESTIONS]:
            questions.ask(field)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ImportRefused(
            _("JSON Schema di berkas ini tidak bisa dibaca. Periksa bentuknya di alat pembuatnya.")
        ) from error
    if not questions.made:
        raise ImportRefused(_("JSON Schema di berkas ini tidak menyebut satu isian pun."))
    notes = list(islice(_not_read(schema), MOST_NOTES))
    if len(fields) > MOST_QUESTIONS:
        notes.insert(0, _("Hanya %(n)d isian pertama yang dipakai") % {"n": MOST_QUESTIONS})
    own = schema.get("title")
    return _proposed("schema", form_of(own if isinstance(own, str) and own.strip() else title, questions.made), notes)


def _not_read(schema: Mapping[str, Any]) -> Iterator[str]:
    """`path: keyword` of what a foreign schema demands and the proposal does not."""
    waiting: list[tuple[str, Any]] = [("", schema)]
    while waiting:
        path, one = waiting.pop(0)
        if isinstance(one, list):
            waiting += [(f"{path}/{n}", inner) for n, inner in enumerate(one)]
        if not isinstance(one, dict):
            continue
        for name, inner in one.items():
            here = f"{path}/{str(name)[:60]}"
            inside = path.rsplit("/", 1)[-1] in {"properties", "$defs", "definitions"}
            if not inside and name in _UNREAD:
                yield _("%(place)s tidak dimengerti dan dilewati") % {"place": here}
                continue
            if not inside and name in {"anyOf", "oneOf"} and isinstance(inner, list) and len(inner) > 1:
                yield _("%(place)s: hanya kemungkinan pertama yang dipakai") % {"place": here}
            if name == "$ref" and isinstance(inner, str) and not inner.startswith("#"):
                yield _("%(place)s menunjuk keluar berkas dan tidak diambil") % {"place": here}
            if name not in {"enum", "examples"} or inside:
                waiting.append((here, inner))


@dataclass(frozen=True)
class Differences:
    """Keys that come, go and change when a document takes the place of another."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def differences(present: Document, wanted: Document) -> Differences:
    before, after = _by_key(present), _by_key(wanted)
    return Differences(
        tuple(after[key] for key in after if key not in before),
        tuple(before[key] for key in before if key not in after),
        tuple(after[key] for key in after if key in before and _asked(present, key) != _asked(wanted, key)),
    )


def _by_key(document: Document) -> dict[str, str]:
    return {q["key"]: q["label"].get("id", "") or q["key"] for part in document["parts"] for q in part["questions"]}


def _asked(document: Document, key: str) -> Any:
    return next(q for part in document["parts"] for q in part["questions"] if q["key"] == key)
