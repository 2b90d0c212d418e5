"""OpenAPI 3.0, 3.1 and Swagger 2 documents as one set of values. What is almost right is read, with a warning; what cannot be
meant is refused with a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from services.adapters.documents.reading import DocumentError, mapping
from services.adapters.documents.schemas import ANSWERED, SENT, Pointers, Schemas
from services.adapters.documents.values import Answer, Api, ApiOperation, Body, Parameter, SecurityScheme

MAX_OPERATIONS = 2_000
MAX_WARNINGS = 200
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_COLLECTIONS = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}


def parse(document: Any) -> Api:
    """Raises DocumentError."""
    return _Parser(document).api()


def version_of(document: Any) -> str:
    """2.0, 3.0 or 3.1. Raises DocumentError with what it is instead."""
    if not isinstance(document, dict):
        raise DocumentError(_("Ini bukan dokumen OpenAPI: isinya harus peta yang dimulai dengan openapi atau swagger"))
    given = str(document.get("openapi") or document.get("swagger") or "")
    if found := next((known for known in ("2.0", "3.0", "3.1") if given == known or given.startswith(f"{known}.")), ""):
        return found
    if given:
        raise DocumentError(
            _("OpenAPI %(version)s belum didukung. Yang didukung: 2.0, 3.0, dan 3.1") % {"version": given[:20]}
        )
    if isinstance(document.get("info"), dict) and "_postman_id" in document["info"]:
        raise DocumentError(_("Ini koleksi Postman. Ekspor dahulu sebagai OpenAPI"))
    if "asyncapi" in document:
        raise DocumentError(_("Ini AsyncAPI: yang bisa disambungkan hanya API HTTP (OpenAPI)"))
    raise DocumentError(_("Tidak ada kunci openapi atau swagger di awal dokumen"))


class _Parser:
    def __init__(self, document: Any) -> None:
        self.version = version_of(document)
        self.root: dict[str, Any] = document
        self.warnings: dict[str, None] = {}
        self.pointers = Pointers(document, self.warn)
        self.schemas = Schemas(self.pointers, self.version, self.warn)
        self.names: set[str] = set()

    def warn(self, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.setdefault(text)

    def api(self) -> Api:
        info = self.root.get("info")
        operations = tuple(self._operations())
        if not operations:
            raise DocumentError(_("Dokumen tidak berisi satu operasi pun (paths kosong)"))
        return Api(
            version=self.version,
            title=_text(info.get("title") if isinstance(info, dict) else "", 200),
            servers=tuple(self._servers()),
            operations=operations,
            security=self._security_schemes(),
            sent=self.schemas.defs[SENT],
            answered=self.schemas.defs[ANSWERED],
            warnings=tuple(self.warnings),
        )

    # --- operations ---

    def _operations(self) -> Iterator[ApiOperation]:
        paths = self.root.get("paths")
        count = 0
        for path, raw in mapping(paths).items():
            item = self.pointers.resolve(raw)
            if path.startswith("x-") or not isinstance(item, dict):
                continue
            for method in METHODS:
                if isinstance(node := item.get(method), dict):
                    count += 1
                    if count > MAX_OPERATIONS:
                        raise DocumentError(_("Dokumen berisi lebih dari 2.000 operasi. Kirim hanya bagian yang dipakai"))
                    yield self._operation(path if path.startswith("/") else f"/{path}", method, item, node)

    def _operation(self, path: str, method: str, item: dict[str, Any], node: dict[str, Any]) -> ApiOperation:
        given = self._parameters_of(item, node)
        tags = node.get("tags")
        return ApiOperation(
            name=self._name(node.get("operationId"), method, path),
            method=method.upper(),
            path=path,
            summary=_text(node.get("summary") or node.get("description"), 200),
            tags=tuple(_text(tag, 60) for tag in tags)[:10] if isinstance(tags, list) else (),
            parameters=tuple(self._parameters(path, given)),
            body=self._body(node, given) if method not in ("get", "head", "options") else None,
            answers=tuple(self._answers(node)),
            security=self._security_of(node),
            deprecated=node.get("deprecated") is True,
        )

    def _name(self, given: Any, method: str, path: str) -> str:
        plain = _text(given, 100) or re.sub(r"[^A-Za-z0-9]+", "_", f"{method}_{path}").strip("_")[:100]
        name, number = plain, 2
        while name in self.names:
            name, number = f"{plain}_{number}", number + 1
        if given and name != plain:
            self.warn(
                _("operationId %(name)s ada dua kali; yang berikutnya menjadi %(other)s") % {"name": plain, "other": name}
            )
        self.names.add(name)
        return name

    # --- parameters ---

    def _parameters_of(self, item: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
        """Those of the path and of the operation, which come last and win; by place and name."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for source in (item, node):
            rows = source.get("parameters")
            mine: set[tuple[str, str]] = set()
            for raw in rows if isinstance(rows, list) else []:
                one = self.pointers.resolve(raw)
                if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("in"), str):
                    key = (one["in"], one["name"])
                    if key in mine:
                        self.warn(
                            _("Parameter %(name)s ada dua kali di satu operasi; yang terakhir dipakai")
                            % {"name": one["name"][:60]}
                        )
                    mine.add(key)
                    found[key] = one
        return list(found.values())

    def _parameters(self, path: str, given: list[dict[str, Any]]) -> Iterator[Parameter]:
        holes = list(dict.fromkeys(re.findall(r"\{([^{}]+)\}", path)))
        declared = set()
        for one in given:
            place = one["in"]
            if place not in _STYLES:
                continue
            if place == "path" and one["name"] not in holes:
                self.warn(
                    _("Parameter %(name)s tidak ada di alamat %(path)s") % {"name": one["name"][:60], "path": path[:80]}
                )
                continue
            if place == "header" and one["name"].lower() in ("accept", "content-type", "authorization"):
                continue  # OpenAPI says: ignored
            if place == "path":
                declared.add(one["name"])
            yield self._parameter(one)
        for name in holes:
            if name not in declared:
                self.warn(
                    _("Bagian {%(name)s} di alamat %(path)s tidak diterangkan; dianggap teks")
                    % {"name": name[:60], "path": path[:80]}
                )
                yield Parameter(name, "path", True, {"type": "string"}, "simple", False)

    def _parameter(self, one: dict[str, Any]) -> Parameter:
        place = one["in"]
        style = one["style"] if isinstance(one.get("style"), str) else _STYLES[place]
        explode = one["explode"] if isinstance(one.get("explode"), bool) else style == "form"
        content = one.get("content")
        source = one.get("schema")
        if self.version == "2.0":
            source = {key: value for key, value in one.items() if key not in ("name", "in", "required", "description")}
            style, explode = (
                _COLLECTIONS.get(str(one.get("collectionFormat", "csv")), (style, False))
                if place == "query"
                else (style, False)
            )
        elif isinstance(content, dict) and content:
            media = next(iter(content.values()))
            source = media.get("schema") if isinstance(media, dict) else None
        return Parameter(
            name=one["name"],
            place=place,
            required=place == "path" or one.get("required") is True,
            schema=self.schemas.convert(source, SENT),
            style=style,
            explode=explode,
            description=_text(one.get("description"), 200),
            as_json=self.version != "2.0" and isinstance(content, dict) and bool(content),
        )

    # --- bodies and answers ---

    def _body(self, node: dict[str, Any], given: list[dict[str, Any]]) -> Body | None:
        if self.version == "2.0":
            return self._swagger_body(node, given)
        raw = self.pointers.resolve(node.get("requestBody"))
        if not isinstance(raw, dict):
            return None
        content = mapping(raw.get("content"))
        chosen = _best(content, [JSON, FORM, MULTIPART])
        if content and not chosen:
            self.warn(_("Isi kiriman %(kinds)s tidak bisa ditulis portal") % {"kinds": ", ".join(map(str, content))[:120]})
        media = mapping(content.get(chosen))
        encoding = mapping(media.get("encoding"))
        schema = self.schemas.convert(media.get("schema"), SENT)
        return Body(_bare(chosen), schema, raw.get("required") is True, encoding, _media(chosen))

    def _swagger_body(self, node: dict[str, Any], given: list[dict[str, Any]]) -> Body | None:
        consumes = [str(kind) for kind in self._kinds("consumes", node)]
        for one in given:
            if one["in"] == "body":
                chosen = _best(dict.fromkeys(consumes or [JSON]), [JSON])
                if not chosen:
                    self.warn(_("Isi kiriman %(kinds)s tidak bisa ditulis portal") % {"kinds": ", ".join(consumes)[:120]})
                schema = self.schemas.convert(one.get("schema"), SENT)
                return Body(_bare(chosen), schema, one.get("required") is True, media=_media(chosen))
        fields = [one for one in given if one["in"] == "formData"]
        if not fields:
            return None
        has_file = any(one.get("type") == "file" for one in fields)
        skipped = ("name", "in", "required")
        schema = {
            "type": "object",
            "properties": {one["name"]: {k: v for k, v in one.items() if k not in skipped} for one in fields},
            "required": [one["name"] for one in fields if one.get("required") is True],
        }
        kind = MULTIPART if has_file or (MULTIPART in consumes and FORM not in consumes) else FORM
        return Body(kind, self.schemas.convert(schema, SENT), bool(schema["required"]))

    def _answers(self, node: dict[str, Any]) -> Iterator[Answer]:
        rows = node.get("responses")
        for status, raw in mapping(rows).items():
            one = self.pointers.resolve(raw)
            code = str(status).upper() if str(status).lower() != "default" else "default"
            if not isinstance(one, dict) or not re.fullmatch(r"[1-5](?:\d\d|XX)|default", code):
                continue
            if self.version == "2.0":
                chosen = _best(dict.fromkeys(self._kinds("produces", node) or [JSON]), [JSON]) or JSON
                source = one.get("schema")
            else:
                content = mapping(one.get("content"))
                chosen = _best(content, [JSON])
                media = content.get(chosen)
                source = media.get("schema") if isinstance(media, dict) else None
            schema = self.schemas.convert(source, ANSWERED) if isinstance(source, dict | bool) else None
            yield Answer(code, _bare(chosen), schema, _text(one.get("description"), 200), _media(chosen))

    def _kinds(self, key: str, node: dict[str, Any]) -> list[Any]:
        own, common = node.get(key), self.root.get(key)
        return own if isinstance(own, list) else common if isinstance(common, list) else []

    # --- around them ---

    def _servers(self) -> Iterator[str]:
        if self.version == "2.0":
            host, base = _text(self.root.get("host"), 200), _text(self.root.get("basePath"), 200)
            schemes = self.root.get("schemes")
            secure = not isinstance(schemes, list) or "https" in schemes
            if host:
                yield f"{'https' if secure else 'http'}://{host}{base}"
            return
        rows = self.root.get("servers")
        for one in rows if isinstance(rows, list) else []:
            if isinstance(one, dict) and (url := _text(one.get("url"), 400)):
                for name, variable in mapping(one.get("variables")).items():
                    default = variable.get("default") if isinstance(variable, dict) else ""
                    url = url.replace("{" + name + "}", _text(default, 100))
                yield url

    def _security_schemes(self) -> dict[str, SecurityScheme]:
        if self.version == "2.0":
            rows = mapping(self.root.get("securityDefinitions"))
        else:
            rows = mapping(mapping(self.root.get("components")).get("securitySchemes"))
        found = {}
        for name, raw in rows.items():
            one = self.pointers.resolve(raw)
            if isinstance(one, dict):
                found[str(name)] = _security(str(name), one)
        return found

    def _security_of(self, node: dict[str, Any]) -> tuple[str, ...]:
        rows = node["security"] if isinstance(node.get("security"), list) else self.root.get("security")
        first = next((row for row in rows if isinstance(row, dict)), {}) if isinstance(rows, list) else {}
        return tuple(map(str, first))


def _security(name: str, one: dict[str, Any]) -> SecurityScheme:
    kind, scheme = str(one.get("type", "")), str(one.get("scheme", "")).lower()
    if kind == "apiKey":
        return SecurityScheme(name, "api_key", place=_text(one.get("in"), 10), parameter=_text(one.get("name"), 60))
    if kind == "basic" or (kind == "http" and scheme == "basic"):
        return SecurityScheme(name, "basic")
    if kind == "http" and scheme == "bearer":
        return SecurityScheme(name, "bearer")
    if kind == "mutualTLS":
        return SecurityScheme(name, "mutual_tls")
    if kind == "oauth2":
        flows = mapping(one.get("flows"))
        flow = flows.get("clientCredentials") if flows else one if one.get("flow") == "application" else None
        if isinstance(flow, dict):
            scopes = flow.get("scopes")
            names = tuple(map(str, scopes)) if isinstance(scopes, dict) else ()
            return SecurityScheme(name, "oauth2", token_url=_text(flow.get("tokenUrl"), 400), scopes=names)
    return SecurityScheme(name, "", says=f"{kind} {scheme}".strip()[:60])


def _best(kinds: Any, wanted: list[str]) -> str:
    """The first wanted media type that is offered, as it is written there; `+json` counts as JSON, after it."""
    offered = [kind for kind in kinds if isinstance(kind, str)]
    for want in wanted:
        for kind in offered:
            if _bare(kind) == want:
                return kind
        if want == JSON and (
            found := next((kind for kind in offered if _bare(kind).endswith("+json") or _bare(kind) == "*/*"), "")
        ):
            return found
    return ""


_MEDIA = re.compile(r"[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+(?: *; *[A-Za-z0-9_-]+=[A-Za-z0-9.+_:/-]+)*")


def _media(kind: str) -> str:
    """A media type of JSON that must be said as it is written: with a vendor's name, a version, parameters."""
    plain = kind.strip()
    needed = _bare(plain) not in {FORM, MULTIPART} and plain.lower() not in {JSON, "*/*", ""}
    return plain if needed and len(plain) <= 120 and _MEDIA.fullmatch(plain) else ""


def _bare(kind: str) -> str:
    """Without parameters; `*/*` is taken for JSON."""
    bare = kind.partition(";")[0].strip().lower()
    return JSON if bare == "*/*" else bare


def _text(value: Any, longest: int) -> str:
    return " ".join(value.split())[:longest] if isinstance(value, str) else ""
