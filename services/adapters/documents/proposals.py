"""What an API document proposes for a connection: operations, mapping, form, and the first test case. Pure, and only a proposal.

Nothing here decides: every guess is shown with its reason in `notes`, and what could not be guessed is named in `open`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from services.adapters.documents import fields as flat
from services.adapters.documents import guesses, samples, words
from services.adapters.documents.budget import MOST_NODES, Budget
from services.adapters.documents.evaluation import is_too_heavy
from services.adapters.documents.fields import Field
from services.adapters.documents.questions import MOST_QUESTIONS, Questions, Row, form_of
from services.adapters.documents.values import Api, ApiOperation

WRITES = ("submit", "answer", "attachment", "withdraw")
READS = ("reconcile", "status", "lookup")
ROLES = (*WRITES, *READS)
MOST_SCHEMA_BYTES = 200_000
_BODY_FORMATS = {"application/x-www-form-urlencoded": "form", "multipart/form-data": "multipart", "": "none"}


@dataclass(frozen=True)
class Proposal:
    """One operation of ours made from one of theirs.

    spec: of our Operation. rows: of the binding (submit only). form: its document, or None where there is nothing to ask.
    samples: an answer for each question that the document has an example of.
    """

    role: str
    operation_id: str
    spec: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    form: dict[str, Any] | None = None
    samples: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


def propose(api: Api, operation_id: str, role: str, *, title: str = "", keys: Mapping[str, str] | None = None) -> Proposal:
    """An operation of ours with everything around it.

    keys: question key -> label of a form that exists already; then rows lead to it and no form is proposed.
    Raises KeyError for an operation that the document does not have, ValueError for a role that does not exist.
    """
    if role not in ROLES:
        raise ValueError(role)
    return _Maker(api, api.operation(operation_id), role).proposal(title, keys)


class _Maker:
    def __init__(self, api: Api, operation: ApiOperation, role: str) -> None:
        self.api, self.operation, self.role = api, operation, role
        budgets = (Budget(), Budget())
        self.sent = flat.sent(api, operation, budgets[0])
        self.answered = flat.answered(api, operation, budgets[1])
        self.examples = Budget()
        self.notes: list[str] = []
        self.open: list[str] = []
        if any(one.spent for one in budgets):
            self.notes.append(
                _("Skema operasi ini bercabang terlalu banyak. Hanya %(n)d bagian pertama yang dibaca") % {"n": MOST_NODES}
            )

    def proposal(self, title: str, keys: Mapping[str, str] | None) -> Proposal:
        spec = self._spec()
        if len(self.sent) > flat.MAX_FIELDS:
            self.notes.append(
                _("Operasi ini punya lebih dari %(n)d isian. Hanya itu yang diusulkan") % {"n": flat.MAX_FIELDS}
            )
            self.sent = self.sent[: flat.MAX_FIELDS]
        rows: list[Row] = []
        form: dict[str, Any] | None = None
        examples: dict[str, Any] = {}
        if self.role == "submit":
            rows, form, examples = self._binding(title or self.operation.summary or self.api.title, keys, spec)
        elif self.role == "lookup":
            spec["lookup"] = self._lookup()
        else:
            self._act_rows(spec)
        return Proposal(self.role, self.operation.name, spec, rows, form, examples, tuple(self.notes), tuple(self.open))

    # --- the operation ---

    def _spec(self) -> dict[str, Any]:
        operation = self.operation
        spec: dict[str, Any] = {
            "method": operation.method,
            "path": operation.path,
            "operation_id": operation.name,
        }
        if operation.body is not None:
            kind = operation.body.content_type
            spec["format"] = _BODY_FORMATS.get(kind, "json")
            if kind == "":
                self.open.append(_("Isi permintaan operasi ini bukan JSON atau formulir, jadi belum bisa ditulis"))
            if operation.body.media:
                spec["content_type"] = operation.body.media
        elif operation.method != "GET":
            spec["format"] = "none"
        if media := flat.good_media(operation):
            spec["accept"] = media
        if accepted := sorted({int(a.status) for a in operation.answers if a.status.isdigit() and a.status[0] == "2"}):
            spec["accepted"] = accepted
        if styles := self._styles():
            spec["parameters"] = styles
        if self.role in WRITES:
            self._key(spec)
            self._receipt(spec)
            self._rejection(spec)
            self._files(spec)
        elif self.role == "reconcile":
            self._receipt(spec)
            self._echo(spec)
        if self.role in {"status", *WRITES}:
            self._status(spec, needed=self.role == "status")
        if self.role in READS:
            self._absent(spec)
        self._schemas(spec)
        return spec

    def _styles(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for one in self.operation.parameters:
            if one.place not in {"path", "query", "header"}:
                continue
            how: dict[str, Any] = {"style": one.style, "explode": one.explode}
            if one.as_json:
                how["json"] = True
            kinds = (plain := flat.plain(one.schema, self.api.sent)).get("type")
            if one.as_json or kinds in ("array", "object") or "properties" in plain:
                made[f"{one.place}.{flat.escaped(one.name)}"] = how
        return made

    def _key(self, spec: dict[str, Any]) -> None:
        headers = [one.name for one in self.operation.parameters if one.place == "header"]
        named = next((name for name in headers if words.folded(name) in words.KEY_HEADERS), "")
        if named:
            spec["key"] = {"place": "header", "name": named}
            self.notes.append(_("Kunci kirim-ulang dikirim di header %(name)s") % {"name": named})
            return
        spec["key"] = {"place": "none"}
        self.notes.append(_("Dokumen tidak menyebut kunci kirim-ulang. Bila sistem mengenalinya, atur key dan idempotency"))

    def _receipt(self, spec: dict[str, Any]) -> None:
        singles = [one for one in self.answered if one.kind in {"string", "integer"} and words.receipt_rank(one.name)]
        singles.sort(key=lambda one: (one.path.count("."), not one.required, words.receipt_rank(one.name)))
        if singles:
            spec["receipt"] = singles[0].path
            self.notes.append(_("Nomor tanda terima dibaca dari %(path)s") % {"path": singles[0].path})
        elif self.role in {"submit", "reconcile"}:
            self.open.append(_("Dokumen tidak menyebut di mana nomor tanda terima. Isi receipt"))
        else:
            spec["receipt"] = ""

    def _echo(self, spec: dict[str, Any]) -> None:
        if echo := next((one.path for one in self.answered if words.folded(one.name) in words.REFERENCE), ""):
            spec["echo"] = echo

    def _status(self, spec: dict[str, Any], *, needed: bool) -> None:
        found = [one for one in self.answered if words.folded(one.name) in words.STATUS]
        found.sort(key=lambda one: (one.path.count("."), words.STATUS.index(words.folded(one.name))))
        if found:
            spec["status"] = found[0].path
        elif needed:
            self.open.append(_("Dokumen tidak menyebut di mana status. Isi status"))
        if needed and (said := words.first_of(words.MESSAGE, [one.name for one in self.answered if one.kind == "string"])):
            spec["message"] = next(one.path for one in self.answered if one.name == said)

    def _rejection(self, spec: dict[str, Any]) -> None:
        """Field errors: a list of objects (or an object) in one of the refusals that the document describes."""
        for answer in self.operation.answers:
            if answer.status in {"400", "422", "4XX", "409", "default"} and answer.schema is not None:
                found = list(islice(flat.leaves(answer.schema, self.api.answered), flat.MAX_FIELDS))
                made: dict[str, str] = {}
                listed = words.first_of(words.ERRORS, [one.name for one in found])
                if one := next((one for one in found if one.name == listed), None):
                    made["list"] = one.path
                    names = [inner.name for inner in one.items]
                    if names:
                        made["field"] = words.first_of(words.ERROR_FIELD, names)
                        made["text"] = words.first_of(words.ERROR_TEXT, names)
                        for part in [part for part in ("field", "text") if not made[part]]:
                            del made[part]
                            said = _("Dokumen tidak jelas menyebut rejection.%(part)s di %(path)s. Pilih dari: %(names)s")
                            self.open.append(said % {"part": part, "path": one.path, "names": ", ".join(names)[:200]})
                if said := words.first_of(
                    words.MESSAGE, [one.name for one in found if one.kind == "string" and "." not in one.path]
                ):
                    made["message"] = said
                if made:
                    spec["rejection"] = made
                    return

    def _absent(self, spec: dict[str, Any]) -> None:
        """A 404 that the document describes with a code of its own proves that there is nothing; a bare 404 does not."""
        for answer in self.operation.answers:
            if answer.status == "404" and answer.schema is not None:
                for one in flat.leaves(answer.schema, self.api.answered):
                    value = one.schema.get("const", one.choices[0] if len(one.choices) == 1 else None)
                    if value is not None:
                        spec["absent"] = {"status": 404, "path": one.path, "equals": value}
                        return
        if self.role == "reconcile":
            self.open.append(_("Tentukan absent: jawaban mana yang membuktikan bahwa sistem tidak punya nomor itu"))

    def _files(self, spec: dict[str, Any]) -> None:
        for one in list(self.sent):
            if spec.get("format") == "multipart" and guesses.binary(one):
                spec["files"] = {"mode": "multipart", "to": one.name}
                return
            inner = next((item for item in one.items if guesses.binary(item)), None)
            if inner is not None and spec.get("format", "json") == "json":
                names = [item.name for item in one.items if item is not inner]

                def named(*wanted: str, names: Sequence[str] = names) -> str:
                    return words.first_of(wanted, names)

                spec["files"] = {
                    "mode": "base64",
                    "to": one.path,
                    "content": inner.name,
                    "name": named("nama_file", "nama_berkas", "filename", "file_name", "nama", "name"),
                    "type": named("tipe", "jenis", "mime_type", "content_type", "media_type", "type", "mime"),
                    "question": named("keperluan", "untuk", "kategori", "category", "label", "kind", "jenis_dokumen"),
                    "size": named("ukuran", "size"),
                    "sha256": named("sha256", "checksum", "hash"),
                }
                return
            if guesses.binary(one) and spec.get("format", "json") == "json" and not one.path.startswith("@"):
                spec["files"] = {"mode": "base64", "shape": "text", "to": one.path}
                return

    def _schemas(self, spec: dict[str, Any]) -> None:
        body = self.operation.body
        pairs = (
            ("request_schema", body.schema if body is not None else None, self.api.sent),
            ("answer_schema", flat.good_answer(self.operation), self.api.answered),
        )
        for name, schema, defs in pairs:
            made = flat.bundled(schema, defs)
            if made is None or made is True or made == {}:
                continue
            if len(repr(made)) > MOST_SCHEMA_BYTES or is_too_heavy(made):
                self.notes.append(_("Skema operasi ini terlalu besar untuk dijaga. Yang dijaga hanya yang dipetakan"))
                continue
            spec[name] = made

    # --- what goes into it ---

    def _binding(
        self, title: str, keys: Mapping[str, str] | None, spec: Mapping[str, Any]
    ) -> tuple[list[Row], dict[str, Any] | None, dict[str, Any]]:
        rows: list[Row] = []
        questions = Questions()
        examples: dict[str, Any] = {}
        for one in sorted(self.sent, key=lambda one: not one.required):
            if one.name.startswith("@") or "@" in one.path[1:]:
                self.open.append(_("%(path)s tidak bisa diisi: namanya memuat @") % {"path": one.path})
                continue
            if self._is_ours(one, spec):
                continue
            if row := guesses.known(one):
                rows.append(row)
            elif one.path in guesses.file_targets(spec):
                if keys is None:
                    questions.made.append(
                        {"key": _free("berkas", questions), "type": "file", "label": {"id": words.spoken(one.name)}}
                        | ({"required": True} if one.required else {})
                    )
            elif keys is not None:
                self._matched(one, keys, rows)
            elif len(questions.keys) + len(one.items) < MOST_QUESTIONS and (
                one.kind or not one.required or one.schema == {}
            ):
                if one.kind == "object":
                    self.open.append(
                        _("%(path)s adalah objek tanpa isi yang diterangkan. Petakan dengan const atau expr")
                        % {"path": one.path}
                    )
                    continue
                row = questions.ask(one, own=not guesses.of_another(one, self.sent))
                rows.append(row)
                if (value := samples.sample(one.schema, self.api.sent, self.examples)) is not None:
                    examples[row["from"]] = value
            elif one.required:
                self.open.append(_("%(path)s wajib tetapi belum dipetakan") % {"path": one.path})
        form = (
            None if keys is not None or not questions.made else form_of(title[:120] or self.operation.name, questions.made)
        )
        return rows, form, examples

    def _is_ours(self, one: Field, spec: Mapping[str, Any]) -> bool:
        """The header of our key and content negotiation are not asked of anybody."""
        if not one.path.startswith("@header."):
            return False
        name = one.path.removeprefix("@header.")
        return name == spec.get("key", {}).get("name") or name.lower() in {"accept", "content-type", "authorization"}

    def _matched(self, one: Field, keys: Mapping[str, str], rows: list[Row]) -> None:
        """A question of an existing form that is called the same."""
        name = words.folded(one.name)
        tail = words.folded(one.path.replace("\\.", "_").lstrip("@").replace(".", "_"))
        alike = {tail} if guesses.of_another(one, self.sent) else {name, tail}
        for key, label in keys.items():
            if words.folded(key) in alike or words.folded(label) in alike:
                row = Questions().ask(one)
                rows.append({**row, "from": key})
                return
        if one.required:
            self.open.append(_("%(path)s wajib, tetapi formulir tidak menanyakannya") % {"path": one.path})

    def _lookup(self) -> dict[str, Any]:
        parameters: list[dict[str, Any]] = []
        request: list[Row] = []
        for one in self.sent:
            if self._is_ours(one, {}) or (not one.required and one.path.startswith("@header")):
                continue
            name = words.folded(one.name)[:40] or "nilai"
            entry: dict[str, Any] = {"name": name, "label": words.spoken(one.name), "required": one.required}
            if name == "nik":
                entry |= {"source": "nik"}
            value = samples.sample(one.schema, self.api.sent, self.examples)
            single = isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= 120
            if single and samples.fits(value, one.schema, self.api.sent):
                entry["example"] = str(value)
            if isinstance(pattern := one.schema.get("pattern"), str) and len(pattern) <= 200:
                entry["pattern"] = pattern
            parameters.append(entry)
            steps = ["int"] if one.kind == "integer" else ["decimal"] if one.kind == "number" else []
            request.append({"to": one.path, "from": name, **({"as": steps[0]} if steps else {})})
        answer: list[Row] = []
        for one in self.answered:
            if "@" in one.path:
                continue
            row: Row = {"to": one.path, "from": one.path}
            if one.items:
                row["each"] = [
                    {"to": item.path, "from": item.path} for item in one.items if not item.items and "@" not in item.path
                ]
            answer.append(row)
        listed = flat.plain(flat.good_answer(self.operation), self.api.answered)
        if not answer and listed.get("type") == "array":
            answer = [{"to": "items", "expr": "@"}]
        if not answer:
            self.open.append(_("Dokumen tidak menerangkan jawaban. Tempel contoh jawaban, lalu pilih yang diteruskan"))
        personal = any(entry.get("source") == "nik" for entry in parameters)
        return {
            "parameters": parameters,
            "request": request,
            "answer": answer,
            "level": 2 if personal else 1,
            "private": True,
            "consent": personal,
        }

    def _act_rows(self, spec: dict[str, Any]) -> None:
        """answer, attachment, withdraw, status, reconcile: the path's one part is their number, or our reference."""
        rows: list[Row] = []
        for one in self.sent:
            name = words.folded(one.name)
            if one.path.startswith("@path."):
                spec["path"] = spec["path"].replace(
                    "{" + one.name + "}", "{reference}" if self.role in READS else "{number}"
                )
            elif self._is_ours(one, spec) or one.path in guesses.file_targets(spec):
                continue
            elif row := guesses.known(one):
                rows.append(row)
            elif self.role in {"reconcile", "status"} and one.required:
                rows.append({"to": one.path, "from": "@reference"})
            elif words.LONG.search(name) or name in words.MESSAGE:
                rows.append({"to": one.path, "from": "@text"})
            elif one.required:
                self.open.append(_("%(path)s wajib tetapi belum dipetakan") % {"path": one.path})
        if rows:
            spec["body"] = rows


def _free(key: str, questions: Questions) -> str:
    name, number = key, 2
    while name in questions.keys:
        name, number = f"{key}_{number}", number + 1
    questions.keys.add(name)
    return name
