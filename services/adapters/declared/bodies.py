"""Values into requests: bodies of three formats, and parameters in OpenAPI's styles. Pure functions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from services.adapters.values import Misconfigured

_DIVIDERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
Part = tuple[str, str, str, bytes]  # name of the part, file name, content type, content


def json_body(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def form_body(body: Mapping[str, Any]) -> bytes:
    """application/x-www-form-urlencoded; objects and lists of objects as JSON."""
    return urlencode(list(_fields(body))).encode()


def multipart_body(body: Mapping[str, Any], files: list[Part]) -> tuple[str, bytes]:
    """The content type with its boundary, and the body. Objects are JSON parts."""
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for name, text in _fields(body):
        pieces.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode())
        pieces += [text.encode(), b"\r\n"]
    for name, filename, kind, content in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"; filename="{_quoted(filename)}"\r\n'
        pieces += [f"{head}Content-Type: {kind}\r\n\r\n".encode(), content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(pieces)


def _quoted(name: str) -> str:
    """As browsers do it (HTML standard, multipart/form-data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _fields(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        if isinstance(value, list) and all(not isinstance(item, list | dict) for item in value):
            yield from ((name, plain(item)) for item in value)
        elif isinstance(value, list | dict):
            yield name, orjson.dumps(value).decode()
        else:
            yield name, plain(value)


def plain(value: Any) -> str:
    """A single value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def in_query(name: str, value: Any, how: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs for a query string (style form unless said otherwise)."""
    if how.get("json"):
        return [(name, orjson.dumps(value).decode())]
    style, explode = how.get("style") or "form", how.get("explode", True)
    if isinstance(value, dict):
        if style == "deepObject":
            return [(f"{name}[{key}]", plain(item)) for key, item in value.items()]
        if explode:
            return [(key, plain(item)) for key, item in value.items()]
        return [(name, ",".join(part for key, item in value.items() for part in (key, plain(item))))]
    if isinstance(value, list):
        if style == "form" and explode:
            return [(name, plain(item)) for item in value]
        return [(name, _DIVIDERS.get(style, ",").join(map(plain, value)))]
    return [(name, plain(value))]


def in_line(value: Any, how: Mapping[str, Any]) -> str:
    """One text for a path segment or a header (style simple)."""
    if how.get("json"):
        return orjson.dumps(value).decode()
    if isinstance(value, dict):
        glue = "=" if how.get("explode") else ","
        return ",".join(f"{key}{glue}{plain(item)}" for key, item in value.items())
    return ",".join(map(plain, value)) if isinstance(value, list) else plain(value)


def header_value(text: str) -> str:
    """Raises Misconfigured for what cannot stand in a header."""
    if not all(0x20 <= ord(sign) < 0x7F for sign in text):
        raise Misconfigured("header_value", detail="a header can hold only printable ASCII")
    return text
