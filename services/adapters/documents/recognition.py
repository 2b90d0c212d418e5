"""What an API document says of the connection as a whole: which operation is which, credentials, health, status words."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from services.adapters.documents import fields as flat
from services.adapters.documents import words
from services.adapters.documents.budget import MOST_NODES, Budget
from services.adapters.documents.fields import Field
from services.adapters.documents.values import Api, ApiOperation, SecurityScheme

MOST_READ = 100_000
Answered = Callable[[ApiOperation], list[Field]]


def guess(api: Api) -> dict[str, str]:
    """Role -> the operation that looks most like it. Lookups are the integrator's choice and not guessed."""
    found: dict[str, str] = {}
    answered = _answers(api)
    judges: tuple[tuple[str, Callable[[ApiOperation], int]], ...] = (
        ("submit", _like_submit),
        ("status", partial(_like_status, answered)),
        ("reconcile", partial(_like_reconcile, answered)),
    )
    for role, judge in judges:
        best = max(api.operations, key=judge)
        if judge(best) > 0:
            found[role] = best.name
    if "submit" in found:  # the status of what was submitted lies below it, or says that it is one
        made = api.operation(found["submit"])
        below = [one for one in api.operations if one.path.startswith(f"{made.path}/") and _like_status(answered, one) > 0]
        if below:
            found["status"] = max(below, key=partial(_like_status, answered)).name
        elif "status" in found and "status" not in _hints(api.operation(found["status"])):
            del found["status"]
    if found.get("submit"):
        made = api.operation(found["submit"])
        best = max(api.operations, key=lambda one: _like_withdraw(one, made))
        if _like_withdraw(best, made) > 0:
            found["withdraw"] = best.name
    return found


def _answers(api: Api) -> Answered:
    """The fields of an operation's answer, each read once, and no more than MOST_READ nodes of all together."""
    budget = Budget(MOST_READ)

    @cache
    def of(name: str) -> list[Field]:
        return flat.answered(api, api.operation(name), budget.share(MOST_NODES))

    return lambda operation: of(operation.name)


def _hints(operation: ApiOperation) -> str:
    return words.folded(f"{operation.name} {operation.path} {operation.summary}")


def _like_submit(operation: ApiOperation) -> int:
    if operation.method not in {"POST", "PUT"} or operation.body is None or operation.deprecated:
        return 0
    hints = _hints(operation)
    score = 3 + 3 * any(
        word in hints for word in ("permohonan", "pengajuan", "pendaftaran", "submit", "apply", "application")
    )
    score += 2 * any(
        word in hints for word in ("ajukan", "daftar", "create", "register", "booking", "request", "simpan", "baru")
    )
    other = {"login", "token", "auth", "cancel", "batal", "batalkan", "search", "cari", "webhook", "upload"}
    score -= 4 * bool(other & set(hints.split("_")))
    first = words.folded(operation.name).split("_")[0]
    score += 2 * (first in {"buat", "terbitkan", "kirim", "tambah", "insert", "add", "post"})
    score -= 8 * (first in words.ASKING)
    return score - 2 * len([one for one in operation.parameters if one.place == "path"])


def _like_status(answered: Answered, operation: ApiOperation) -> int:
    segments = [one for one in operation.parameters if one.place == "path" or one.required]
    if operation.method != "GET" or len(segments) != 1 or operation.deprecated:
        return 0
    said = any(words.folded(one.name) in words.STATUS for one in answered(operation))
    named = "status" in _hints(operation)
    return 2 * said + 3 * named + ("{" in operation.path) if said or named else 0


def _like_reconcile(answered: Answered, operation: ApiOperation) -> int:
    """A search is none: it must be asked by our reference alone, answer with a number, and say what proves that there is none."""
    asked = [one for one in operation.parameters if words.folded(one.name) in words.REFERENCE]
    must = [one for one in operation.parameters if one.required or one.place == "path"]
    if operation.method != "GET" or operation.deprecated or len(asked) != 1 or must not in ([], asked):
        return 0
    numbered = any(words.receipt_rank(one.name) for one in answered(operation))
    proves = any(answer.status == "404" and answer.schema is not None for answer in operation.answers)
    return 5 if numbered and proves else 0


def _like_withdraw(operation: ApiOperation, made: ApiOperation) -> int:
    if operation.method not in {"POST", "DELETE", "PUT", "PATCH"} or "{" not in operation.path or operation is made:
        return 0
    hints = _hints(operation)
    asked = any(word in hints for word in ("batal", "cancel", "withdraw", "cabut"))
    return (3 if asked else 0) + (1 if asked and operation.path.startswith(made.path) else 0)


def options_of(api: Api) -> tuple[dict[str, Any], list[str]]:
    """Options for the connection (credentials by kind, health path) and what is said about them. No secret is in a document."""
    options: dict[str, Any] = {}
    notes: list[str] = []
    used = {name for one in api.operations for name in one.security}
    schemes = [scheme for name, scheme in api.security.items() if name in used or not used]
    chosen = next((auth for scheme in schemes if (auth := _auth(scheme)) is not None), None)
    if chosen:
        options["auth"] = chosen
    elif schemes:
        notes.append(_("Cara masuk %(kind)s belum didukung") % {"kind": schemes[0].says or schemes[0].name})
    if api.version.startswith("wsdl") and api.servers:
        options["path"] = urlsplit(api.servers[0]).path or "/"
    health = [
        one
        for one in api.operations
        if one.method == "GET" and not one.parameters and words.folded(one.path.rsplit("/", 1)[-1]) in words.HEALTH
    ]
    if health:
        options["health_path"] = health[0].path
    return options, notes


def _auth(scheme: SecurityScheme) -> dict[str, Any] | None:
    match scheme.kind:
        case "api_key" if scheme.place == "header":
            return {"type": "api_key", "header": scheme.parameter}
        case "api_key" if scheme.place == "query":
            return {"type": "api_key", "query": scheme.parameter}
        case "basic" | "bearer" | "wsse":
            return {"type": scheme.kind}
        case "oauth2":
            path = "/" + scheme.token_url.split("://", 1)[-1].split("/", 1)[-1] if scheme.token_url else "/oauth/token"
            return {"type": "oauth2", "token_path": path.split("?", 1)[0], "scope": " ".join(scheme.scopes)[:200]}
        case "mutual_tls":
            return {"type": "mutual_tls"}
    return None


def status_words(api: Api, operation_id: str) -> dict[str, str]:
    """Their status words -> ours, for those that the document lists and that can be guessed."""
    operation = api.operation(operation_id)
    found = [one for one in flat.answered(api, operation) if words.folded(one.name) in words.STATUS]
    return {str(one): ours for field in found[:1] for one in field.choices if (ours := words.our_status(str(one)))}
