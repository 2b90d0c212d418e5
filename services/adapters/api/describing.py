"""Lookups as documents: JSON Schema of what goes in and out, and an OpenAPI 3.1 document of a service's lookups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.adapters import gateway
from services.adapters.documents.fields import plain
from services.adapters.lookups.plans import Plan, whole
from services.adapters.mapping import put_at, split_path


def answer_schema(plan: Plan) -> dict[str, Any]:
    """What `data` holds, as far as the department's own schema says it."""
    return _object(plan.answer, gateway.answer_schema(plan.connection_id, plan.operation_id))


def _object(rows: list[Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for row in rows:
        put_at(tree, row["to"], _Leaf(_leaf(row, schema)))
    return _schema_of(tree)


class _Leaf:
    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema


def _schema_of(tree: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        name: inner.schema if isinstance(inner, _Leaf) else _schema_of(inner) for name, inner in sorted(tree.items())
    }
    return {"type": "object", "properties": properties}


def _leaf(row: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    found = _at(schema, row["from"]) if "from" in row else {}
    if "each" in row:
        items = found.get("items") if isinstance(found.get("items"), Mapping) else {}
        return {"type": "array", "items": _object(row["each"], {**(items or {}), "$defs": schema.get("$defs", {})})}
    if "as" in row or "expr" in row or "const" in row:
        return {}
    return {name: found[name] for name in ("type", "format", "enum", "description") if name in found}


def _at(schema: Mapping[str, Any], path: str) -> dict[str, Any]:
    defs = schema.get("$defs", {})
    found = plain(schema, defs)
    for part in split_path(path):
        inner = found.get("properties", {}).get(part) if part != "*" and not part.isdecimal() else found.get("items")
        found = plain(inner if isinstance(inner, Mapping) else None, defs)
    return found


def lookup_json(plan: Plan) -> dict[str, Any]:
    """A lookup in a list."""
    return {
        "name": plan.name,
        "purpose": plan.purpose,
        "department": plan.department,
        "parameters": [
            {"name": one.name, "required": one.required, "label": one.label, "pattern": one.pattern, "example": one.example}
            for one in plan.parameters
            if one.source == "asked"
        ],
        "scope": plan.scope or ("profile:read" if plan.level else ""),
        "level": plan.level,
        "consent": plan.consent,
        "private": plan.private,
        "cache_seconds": plan.cache_seconds,
        "answer": answer_schema(plan),
        "url": f"/api/v1/services/{plan.service}/lookups/{plan.name}",
    }


def document(code: str, plans: list[Plan], server: str) -> dict[str, Any]:
    """OpenAPI 3.1 of the lookups of one service."""
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Lookups of {code}", "version": "1"},
        "servers": [{"url": server.rstrip("/")}],
        "components": {
            "securitySchemes": {
                "portal": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": server.rstrip("/") + "/.well-known/openid-configuration",
                }
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["status", "code", "detail"],
                    "properties": {
                        "status": {"type": "integer"},
                        "code": {"type": "string"},
                        "detail": {"type": "string"},
                        "fault": {"enum": ["caller", "department", "portal"]},
                    },
                }
            },
        },
        "paths": {f"/api/v1/services/{code}/lookups/{plan.name}": {"get": _operation(plan)} for plan in plans},
    }


def _operation(plan: Plan) -> dict[str, Any]:
    problem = {
        "description": "problem",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    scope = plan.scope or ("profile:read" if plan.level else "")
    data: dict[str, Any] = {
        "type": "object",
        "required": ["data", "as_of", "stale", "source"],
        "properties": {"data": answer_schema(plan)},
    }
    data["properties"] |= {
        "as_of": {"type": "string", "format": "date-time"},
        "stale": {"type": "boolean"},
        "source": {"type": "object"},
    }
    return {
        "operationId": plan.name,
        "summary": plan.purpose,
        "security": [{"portal": [scope] if scope else []}] if plan.level else [],
        "parameters": [
            {
                "name": one.name,
                "in": "query",
                "required": one.required,
                "description": one.label,
                "schema": whole(one.pattern) if one.pattern else {"type": "string"},
            }
            for one in plan.parameters
            if one.source == "asked"
        ],
        "responses": {
            "200": {"description": "answer", "content": {"application/json": {"schema": data}}},
            **dict.fromkeys(("401", "403", "404", "422", "502", "503", "504"), problem),
        },
    }
