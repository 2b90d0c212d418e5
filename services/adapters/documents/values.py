"""What an API document says, whatever its version: plain values that proposals are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any] | bool


@dataclass(frozen=True)
class Parameter:
    """place: path, query, header or cookie. style and explode as OpenAPI 3 names them."""

    name: str
    place: str
    required: bool
    schema: Schema
    style: str
    explode: bool
    description: str = ""
    as_json: bool = False  # declared by `content`


@dataclass(frozen=True)
class Body:
    """content_type: "" when there is none that we can write. media: as the document writes it, with its parameters; "" where that
    is plain JSON."""

    content_type: str
    schema: Schema
    required: bool
    encoding: Mapping[str, Any] = field(default_factory=dict)
    media: str = ""


@dataclass(frozen=True)
class Answer:
    """status: 200, 2XX or default, as written. schema: None when the document does not say. media: as for Body."""

    status: str
    content_type: str
    schema: Schema | None
    description: str = ""
    media: str = ""


@dataclass(frozen=True)
class ApiOperation:
    """`name` is unique in the document: its operationId, or made from method and path."""

    name: str
    method: str
    path: str
    summary: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    security: tuple[str, ...]
    deprecated: bool = False


@dataclass(frozen=True)
class SecurityScheme:
    """kind: api_key, basic, bearer, oauth2, mutual_tls, or "" for one that we cannot do (`says` names it)."""

    name: str
    kind: str
    says: str = ""
    place: str = ""  # api_key: header, query or cookie
    parameter: str = ""
    token_url: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Api:
    """A whole document. Schemas refer to `#/$defs/NAME`: those of what we send in `sent`, those of answers in `answered`."""

    version: str  # 2.0, 3.0 or 3.1
    title: str
    servers: tuple[str, ...]
    operations: tuple[ApiOperation, ...]
    security: Mapping[str, SecurityScheme]
    sent: Mapping[str, Schema]
    answered: Mapping[str, Schema]
    warnings: tuple[str, ...]

    def operation(self, name: str) -> ApiOperation:
        """Raises KeyError."""
        for one in self.operations:
            if one.name == name:
                return one
        raise KeyError(name)
