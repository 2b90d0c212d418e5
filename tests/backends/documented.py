"""A pretend department made from nothing but its own OpenAPI document: it shares no code with the portal.

It refuses what its document refuses (by python-jsonschema), honours Idempotency-Key where the document names that header, gives
each application a number and keeps what arrived.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema
import yaml


class Documented:
    """`arrived`: bodies in the order of their first arrival; `seen`: every request as (method, path, headers, body)."""

    def __init__(self, document: bytes) -> None:
        self.root = _read(document)
        self.arrived: list[Any] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.numbers: dict[str, str] = {}
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # --- the document ---

    def resolve(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            found: Any = self.root
            for part in node["$ref"].lstrip("#/").split("/"):
                found = found[unquote(part).replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def find(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]] | None:
        for template, item in sorted(self.root["paths"].items(), key=lambda pair: pair[0].count("{")):
            names = re.findall(r"\{([^}]+)\}", template)
            found = re.fullmatch(re.sub(r"\\\{[^}]+\\\}", "([^/]+)", re.escape(template)), path)
            if found and method.lower() in item:
                return item[method.lower()], dict(zip(names, map(unquote, found.groups()), strict=True))
        return None

    def schema_of(self, content: dict[str, Any] | None) -> Any:
        for kind, media in (content or {}).items():
            if "json" in kind:
                return {**media.get("schema", {}), **_definitions(self.root)}
        return None

    def wrong(self, operation: dict[str, Any], raw: bytes) -> list[tuple[str, str]]:
        """(path, what) of everything that the document does not allow."""
        body = self.resolve(operation.get("requestBody"))
        schema = self.schema_of(body.get("content")) if body else None
        for one in map(self.resolve, operation.get("parameters", [])):
            if one["in"] == "body":  # Swagger 2
                schema = {**one["schema"], **_definitions(self.root)}
        if schema is None:
            return []
        try:
            value = json.loads(raw)
        except ValueError:
            return [("", "not JSON")]
        errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
        return [(".".join(map(str, error.absolute_path)) or _missing(error), error.validator) for error in errors]

    def answer_of(self, operation: dict[str, Any], number: str) -> tuple[int, Any]:
        status = next((code for code in sorted(operation.get("responses", {})) if code.startswith("2")), "200")
        answer = self.resolve(operation.get("responses", {}).get(status, {}))
        schema = self.schema_of(answer.get("content")) or answer.get("schema")
        return int(status), self.value(schema or {}, number)

    def value(self, schema: Any, number: str, name: str = "", depth: int = 0) -> Any:
        schema = self.resolve(schema)
        if schema.get("enum"):
            return schema["enum"][0]
        kind = schema.get("type")
        kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
        if schema.get("allOf"):
            made: dict[str, Any] = {}
            for part in schema["allOf"]:
                made |= self.value(part, number, name, depth + 1) or {}
            return made
        if kind == "object" or "properties" in schema:
            inner = schema.get("properties", {})
            return {key: self.value(one, number, key, depth + 1) for key, one in inner.items()} if depth < 5 else {}
        if kind == "array":
            return []
        if kind == "integer":
            return int(number) if re.search("no|id|num", name) else max(1, int(schema.get("minimum", 1)))
        if kind == "number":
            return 1.5
        if kind == "boolean":
            return True
        form = {
            "date": "2026-11-25",
            "date-time": "2026-11-25T10:00:00Z",
            "uuid": f"00000000-0000-4000-8000-{int(number):012d}",
        }
        return form.get(schema.get("format", ""), number)


def _read(document: bytes) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return json.loads(json.dumps(yaml.safe_load(document), default=str))


def _definitions(root: dict[str, Any]) -> dict[str, Any]:
    return {name: root[name] for name in ("components", "definitions") if name in root}


def _missing(error: Any) -> str:
    found = re.match(r"'([^']+)' is a required", error.message)
    return found.group(1) if found else ""


def _handler_of(office: Documented) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Quiet."""

        def say(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def work(self) -> None:
            path = urlsplit(self.path).path
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with office.lock:
                office.seen.append((self.command, self.path, headers, raw))
                found = office.find(self.command, path)
                if found is None:
                    return self.say(404, {"error": "no such address"})
                operation, _values = found
                if self.command == "GET":
                    return self.say(*office.answer_of(operation, "42"))
                if problems := office.wrong(operation, raw):
                    errors = [{"field": where, "message": what, "kolom": where, "ket": what} for where, what in problems]
                    return self.say(422, {"errors": errors, "kesalahan": errors, "message": "wrong", "pesan": "salah"})
                key = headers.get("idempotency-key") or f"{path} {len(office.arrived)}"
                if key not in office.numbers:
                    office.numbers[key] = str(1000 + len(office.numbers))
                    office.arrived.append(
                        json.loads(raw) if raw and raw[:1] in b"{[" else dict(parse_qsl(raw.decode("utf-8", "replace")))
                    )
                return self.say(*office.answer_of(operation, office.numbers[key]))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = work

    return Handler
