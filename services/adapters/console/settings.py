"""The settings of a connection as fields: who we are to the system and what its status words mean; what has no field stays JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from services.adapters import gateway
from services.adapters.values import Misconfigured

BLANK_WORDS = 3
MOST_WORDS = 200
AUTH = ("header", "query", "username", "client_id", "token_path", "scope")
TYPES = {
    "none": gettext_lazy("Tanpa kredensial"),
    "api_key": gettext_lazy("Kunci API"),
    "basic": gettext_lazy("Nama dan kata sandi (basic)"),
    "bearer": gettext_lazy("Token (bearer)"),
    "oauth2": gettext_lazy("OAuth 2 (client credentials)"),
    "wsse": gettext_lazy("WS-Security UsernameToken"),
}
MEANINGS = {
    "RECEIVED": gettext_lazy("Diterima"),
    "IN_PROGRESS": gettext_lazy("Diproses"),
    "WAITING_FOR_RESIDENT": gettext_lazy("Menunggu warga"),
    "COMPLETED": gettext_lazy("Selesai"),
    "REFUSED": gettext_lazy("Ditolak"),
    "WITHDRAWN": gettext_lazy("Dibatalkan"),
}


@dataclass(frozen=True)
class Word:
    """A row of the table: their word, and the name of a status of ours or ""."""

    theirs: str = ""
    ours: str = ""

    @property
    def meanings(self) -> list[tuple[str, Any]]:
        """What may be chosen; a name that was saved and that we do not know stays."""
        unknown = [(self.ours, self.ours)] if self.ours and self.ours not in MEANINGS else []
        return [("", "–"), *MEANINGS.items(), *unknown]


def auth_types(kind: str) -> list[tuple[str, Any]]:
    """How one can prove who one is to a system of this kind; [] where nobody has to."""
    try:
        declared = gateway.kind_of(kind).Options().fields.get("auth")
    except Misconfigured:
        return []
    chosen = declared.fields.get("type") if isinstance(declared, serializers.Serializer) else None
    if not isinstance(chosen, serializers.ChoiceField):
        return []
    return [(name, TYPES.get(name, name)) for name in chosen.choices]


def has_words(kind: str) -> bool:
    """Does such a system tell how a case stands, in words of its own?"""
    try:
        return "words" in gateway.kind_of(kind).Options().fields
    except Misconfigured:
        return False


def taken_apart(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[Word], dict[str, Any]]:
    """Values of the fields, rows of the table, and the rest."""
    auth = options.get("auth") if isinstance(options.get("auth"), Mapping) else {}
    words = options.get("words") if isinstance(options.get("words"), Mapping) else {}
    assert isinstance(auth, Mapping) and isinstance(words, Mapping)
    fields = {f"auth_{name}": auth[name] for name in ("type", *AUTH) if name in auth}
    left = {name: value for name, value in auth.items() if name not in {"type", *AUTH}}
    rest = {name: value for name, value in options.items() if name not in {"auth", "words"}}
    return fields, [Word(theirs, ours) for theirs, ours in words.items()], {**rest, **({"auth": left} if left else {})}


def put_together(fields: Mapping[str, Any], words: list[Word], rest: Mapping[str, Any]) -> dict[str, Any]:
    """The options again. What a field or a row says goes before what the JSON says of the same."""
    chosen = {name: fields[f"auth_{name}"] for name in ("type", *AUTH) if fields.get(f"auth_{name}")}
    auth = {**(rest["auth"] if isinstance(rest.get("auth"), Mapping) else {}), **chosen}
    table = {**(rest["words"] if isinstance(rest.get("words"), Mapping) else {}), **{one.theirs: one.ours for one in words}}
    made = {name: value for name, value in rest.items() if name not in {"auth", "words"}}
    return {**made, **({"auth": auth} if auth else {}), **({"words": table} if table else {})}


def typed_words(typed: Mapping[str, str]) -> list[Word]:
    """The rows of a form as they were typed, empty ones left out."""
    rows = [Word(typed.get(f"kata-{n}", "").strip(), typed.get(f"arti-{n}", "")) for n in range(MOST_WORDS)]
    return [row for row in rows if row.theirs or row.ours]


def judged(words: list[Word]) -> list[Word]:
    """Raises ValidationError with a sentence for each row that says nothing or something twice."""
    wrong = [_("Pilih arti kata status %(word)s.") % {"word": one.theirs} for one in words if one.theirs and not one.ours]
    wrong += [_("Tulis kata status yang berarti %(word)s.") % {"word": one.ours} for one in words if not one.theirs]
    said = [one.theirs for one in words]
    wrong += [
        _("Kata status %(word)s ada dua kali.") % {"word": one} for one in sorted({s for s in said if said.count(s) > 1})
    ]
    if wrong:
        raise forms.ValidationError(wrong)
    return words


def shown(options: Mapping[str, Any]) -> str:
    return json.dumps(options, indent=2, ensure_ascii=False)
