"""Removing personal data and secrets from what is logged or shown to integrators."""

import re
from typing import Any

_NIK = re.compile(r"(?<!\d)(\d{4})\d{8}(\d{4})(?!\d)")
_LONG_DIGITS = re.compile(r"(?<!\d)(\d{2})\d{5,}(\d{2})(?!\d)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def redact_text(text: str, limit: int = 200) -> str:
    """Mask NIK-like and long digit runs and e-mail addresses, escape controls, cut to `limit` characters."""
    text = _NIK.sub(r"\1••••••••\2", text)
    text = _LONG_DIGITS.sub(r"\1••••\2", text)
    text = _EMAIL.sub("•@•", text)
    text = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shape_of(value: Any, depth: int = 4) -> Any:
    """Keys and types of a JSON value, never its content: what an exchange log may keep of a resident's answers."""
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        return {str(key)[:60]: shape_of(inner, depth - 1) for key, inner in list(value.items())[:60]}
    if isinstance(value, list):
        return [shape_of(value[0], depth - 1), f"× {len(value)}"] if value else []
    if value is None or isinstance(value, bool):
        return value
    return type(value).__name__ + (f"({len(value)})" if isinstance(value, str) else "")
