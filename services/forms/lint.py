"""What keeps a definition from being published, and what an editor should look at again. Total: any JSON gives sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from services.forms.bounds import day_bound, number_bound
from services.forms.conditions import OPERATORS, leaves
from services.forms.documents import MB, PROFILE, QUESTION_MEMBERS, TEXTS
from services.forms.question_types import PRESETS, question_types

MAX_QUESTIONS = 80
NOT_INSIDE = frozenset({"group", "file", "consent"})  # types that rows of a group cannot have
RESERVED = frozenset({"periksa", "kirim", "hapus"})  # addresses beside the parts of an application
WARN_QUESTIONS_A_PART = 7
WARN_CONDITIONS_A_PART = 3
LONGEST_TEXT = 500
LONGEST_PASSAGE = 4_000
MOST_OPTIONS = 300
MOST_CONDITIONS = 20
_PASSAGES = frozenset({"intro", "hint", "notice"})
_COUNTS = {
    "min_length": (1, 10_000),
    "max_length": (1, 10_000),
    "max_files": (1, 10),
    "max_mb": (1, 1_000),
    "min_rows": (0, 50),
    "max_rows": (1, 50),
}
_KEY_RULE = gettext_lazy("%(what)s terdiri dari huruf, angka, dan garis bawah, paling banyak 60")
_NAMES = ("prefill", "preset", "source", "not_before", "differs_from")
_PICKED = frozenset({"select", "choices", "kelurahan"})


@dataclass(frozen=True)
class Finding:
    """`level` is error (cannot be published) or warning; `path` leads to the place in the document."""

    level: str
    path: str
    text: str


def lint(document: Any) -> list[Finding]:
    """Everything that is wrong with a document, in its order."""
    if not isinstance(document, Mapping) or document.get("profile") != PROFILE:
        return [Finding("error", "", _("Dokumen bukan formulir %(profile)s") % {"profile": PROFILE})]
    if not _is_text(document.get("title")):
        return [Finding("error", "/title", _("Formulir belum punya judul"))]
    parts = document.get("parts")
    if not isinstance(parts, list) or not parts:
        return [Finding("error", "/parts", _("Formulir belum punya bagian"))]
    return list(_Lint(parts).findings())


def errors_of(document: Any) -> list[Finding]:
    return [finding for finding in lint(document) if finding.level == "error"]


def _is_text(value: Any, longest: int = LONGEST_TEXT) -> bool:
    """At least the Indonesian words, in no language more than there is room for."""
    return (
        isinstance(value, Mapping)
        and all(isinstance(word, str) and len(word) <= longest for word in value.values())
        and bool(value.get("id", "").strip())
    )


def _is_count(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_key(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= 60
        and value.replace("_", "a").replace("-", "a").isalnum()
        and value.isascii()
    )


class _Lint:
    def __init__(self, parts: list[Mapping[str, Any]]) -> None:
        self.parts = parts
        self.earlier: dict[str, Mapping[str, Any]] = {}
        self.keys: set[str] = set()

    def findings(self) -> Iterator[Finding]:
        titles: set[str] = set()
        for number, part in enumerate(self.parts):
            path = f"/parts/{number}"
            if not isinstance(part, Mapping) or not isinstance(part.get("questions"), list):
                yield Finding("error", path, _("Bagian ini belum punya pertanyaan"))
                continue
            yield from self._part(part, path)
            if _is_key(part.get("key")):
                if part["key"] in titles or part["key"] in RESERVED:
                    yield Finding("error", path, _("Kode bagian %(key)s dipakai dua kali") % {"key": part["key"]})
                titles.add(part["key"])
            if not part["questions"]:
                yield Finding("error", path, _("Bagian ini belum punya pertanyaan"))
            conditions = 0
            for place, question in enumerate(part["questions"]):
                yield from self._question(question, f"{path}/questions/{place}", {})
                conditions += isinstance(question, Mapping) and "show_if" in question
            if len(part["questions"]) > WARN_QUESTIONS_A_PART:
                yield Finding(
                    "warning", path, _("Lebih dari %(n)d pertanyaan dalam satu bagian") % {"n": WARN_QUESTIONS_A_PART}
                )
            if conditions > WARN_CONDITIONS_A_PART:
                yield Finding(
                    "warning", path, _("Lebih dari %(n)d syarat tampil dalam satu bagian") % {"n": WARN_CONDITIONS_A_PART}
                )
        if len(self.keys) > MAX_QUESTIONS:
            yield Finding("error", "/parts", _("Formulir paling banyak %(n)d pertanyaan") % {"n": MAX_QUESTIONS})

    def _part(self, part: Mapping[str, Any], path: str) -> Iterator[Finding]:
        if not _is_text(part.get("title")):
            yield Finding("error", f"{path}/title", _("Bagian ini belum punya judul"))
        elif not _is_key(part.get("key")):
            yield Finding("error", f"{path}/key", _KEY_RULE % {"what": _("Kode bagian")})
        if part.get("intro") is not None and not _is_text(part["intro"], LONGEST_PASSAGE):
            yield Finding("error", f"{path}/intro", _("Teks ini harus punya bahasa Indonesia, dan tidak terlalu panjang"))
        for member in sorted(set(map(str, part)) - {"key", "title", "intro", "questions"}):
            yield Finding("error", path, _("Sifat %(member)s tidak dikenal") % {"member": member[:60]})

    def _question(self, question: Any, path: str, row: dict[str, Mapping[str, Any]]) -> Iterator[Finding]:
        if not isinstance(question, Mapping):
            yield Finding("error", path, _("Pertanyaan ini tidak bisa dibaca"))
            return
        longest = LONGEST_PASSAGE if question.get("type") == "note" else LONGEST_TEXT
        if not _is_text(question.get("label"), longest):
            yield Finding("error", f"{path}/label", _("Pertanyaan ini belum punya label"))
        if not _is_key(question.get("key")):
            if _is_text(question.get("label"), longest):
                yield Finding("error", f"{path}/key", _KEY_RULE % {"what": _("Kode pertanyaan")})
            return
        kind, key = question.get("type"), question["key"]
        if not isinstance(kind, str) or kind not in question_types:
            yield Finding("error", path, _("Jenis pertanyaan %(type)s tidak dikenal") % {"type": str(kind)[:60]})
            return
        if odd := self._odd(question):
            yield Finding("error", f"{path}/{odd}", _("Isi %(member)s tidak bisa dipakai") % {"member": odd})
            return
        if key in self.keys:
            yield Finding("error", path, _("Kode pertanyaan %(key)s dipakai dua kali") % {"key": key})
        self.keys.add(key)
        for member in sorted(set(map(str, question)) - QUESTION_MEMBERS):
            yield Finding("error", path, _("Sifat %(member)s tidak dikenal") % {"member": member[:60]})
        yield from self._options(question, kind, path)
        yield from self._rules(question, kind, path)
        if "show_if" in question:
            yield from self._condition(question["show_if"], f"{path}/show_if", {**self.earlier, **row}, depth=1)
        if kind == "group":
            yield from self._group(question, path, row)
        if row or "/questions/" in path.split("/parts/", 1)[-1].split("/questions/", 1)[-1]:
            row[key] = question
        else:
            self.earlier[key] = question

    def _odd(self, question: Mapping[str, Any]) -> str:
        """The first member that is not of its kind, or ""."""
        for member in TEXTS - {"label", "title", "intro"}:
            if question.get(member) is not None and not _is_text(
                question[member], LONGEST_PASSAGE if member in _PASSAGES else LONGEST_TEXT
            ):
                return member
        for member, (low, high) in _COUNTS.items():
            if question.get(member) is not None and not _is_count(question[member], low, high):
                return member
        for member in _NAMES:
            if not isinstance(question.get(member, ""), str):
                return member
        messages = question.get("messages", {})
        if not isinstance(messages, Mapping) or not all(_is_text(text) for text in messages.values()):
            return "messages"
        return "" if isinstance(question.get("required", False), bool) else "required"

    def _group(self, question: Mapping[str, Any], path: str, row: dict[str, Mapping[str, Any]]) -> Iterator[Finding]:
        inner = question.get("questions")
        if not isinstance(inner, list) or not inner or row:
            yield Finding("error", path, _("Kelompok harus berisi pertanyaan dan tidak boleh di dalam kelompok lain"))
            return
        inside: dict[str, Mapping[str, Any]] = {}
        for place, found in enumerate(inner):
            if isinstance(found, Mapping) and str(found.get("type")) in NOT_INSIDE:
                yield Finding("error", f"{path}/questions/{place}", _("Jenis ini tidak bisa dipakai di dalam kelompok"))
                continue
            yield from self._question(found, f"{path}/questions/{place}", inside)

    def _options(self, question: Mapping[str, Any], kind: str, path: str) -> Iterator[Finding]:
        options = question.get("options", [])
        if not isinstance(options, list) or len(options) > MOST_OPTIONS:
            yield Finding("error", f"{path}/options", _("Paling banyak %(n)d pilihan") % {"n": MOST_OPTIONS})
            return
        if any(
            not isinstance(o, Mapping)
            or not isinstance(o.get("value"), str)
            or not 0 < len(o["value"]) <= 100
            or not _is_text(o.get("label"))
            for o in options
        ):
            yield Finding("error", f"{path}/options", _("Setiap pilihan harus punya nilai dan label"))
            return
        values = [option["value"] for option in options]
        if len(values) != len(set(values)):
            yield Finding("error", f"{path}/options", _("Ada pilihan dengan nilai yang sama"))
        if kind in _PICKED and not options and not question.get("source"):
            yield Finding("error", f"{path}/options", _("Pertanyaan pilihan belum punya pilihan"))

    def _rules(self, question: Mapping[str, Any], kind: str, path: str) -> Iterator[Finding]:
        if question.get("preset") and question["preset"] not in PRESETS:
            yield Finding("error", f"{path}/preset", _("Pola %(preset)s tidak dikenal") % {"preset": question["preset"]})
        for low, high in (("min_length", "max_length"), ("min_rows", "max_rows")):
            if (question.get(low) or 0) > (question.get(high) or 10_000):
                yield Finding("error", f"{path}/{low}", _("Batas paling sedikit lebih besar dari batas paling banyak"))
        most = settings.ATTACHMENT_MAX_BYTES // MB
        if (question.get("max_mb") or 0) > most:
            yield Finding("error", f"{path}/max_mb", _("Berkas di portal ini paling besar %(mb)d MB") % {"mb": most})
        read = day_bound if kind == "date" else number_bound
        for member in ("min", "max"):
            if question.get(member) is not None and read(question[member], date(2026, 1, 1)) is None:
                yield Finding(
                    "error",
                    f"{path}/{member}",
                    _("Batas %(bound)s tidak bisa dibaca") % {"bound": str(question[member])[:60]},
                )
        for member in ("not_before", "differs_from"):
            if question.get(member) and question[member] not in self.earlier:
                yield Finding("error", f"{path}/{member}", _("Pertanyaan yang dibandingkan harus ada sebelumnya"))

    def _condition(
        self, condition: Any, path: str, earlier: Mapping[str, Mapping[str, Any]], *, depth: int
    ) -> Iterator[Finding]:
        unreadable = Finding("error", path, _("Syarat tampil tidak bisa dibaca"))
        if not isinstance(condition, Mapping):
            yield unreadable
            return
        word = next((w for w in ("all", "any") if w in condition), "")
        if word:
            inner = condition[word]
            if depth > 2 or set(condition) != {word} or not isinstance(inner, list) or not 0 < len(inner) <= MOST_CONDITIONS:
                yield unreadable
                return
            for found in inner:
                yield from self._condition(found, path, earlier, depth=depth + 1)
            return
        operators = [operator for operator in OPERATORS if operator in condition]
        if len(operators) != 1 or set(condition) != {"field", operators[0]} or not isinstance(condition["field"], str):
            yield unreadable
            return
        looked_at = earlier.get(condition["field"])
        if looked_at is None:
            yield Finding("error", path, _("Pertanyaan yang dilihat syarat harus ada sebelumnya"))
            return
        given = looked_at.get("options", ())
        options = [o.get("value") for o in given if isinstance(o, Mapping)] if isinstance(given, list) else []
        wanted = condition.get("in", [condition["equals"]] if "equals" in condition else [])
        if not isinstance(wanted, list):
            yield unreadable
        elif options and any(value not in options for value in wanted if isinstance(value, str)):
            yield Finding("error", path, _("Syarat melihat pilihan yang tidak ada"))


def looked_at(condition: Mapping[str, Any] | None) -> set[str]:
    """Keys of the questions a condition looks at."""
    return {leaf["field"] for leaf in leaves(condition)} if condition else set()
