"""Public numbers: case references `PREFIX-YYMM-XXXX-C` (Crockford base 32, the last sign is a check sign)."""

import re
import secrets
from datetime import date

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def check_sign(text: str) -> str:
    """One sign over letters and digits of `text`, sensitive to a wrong sign and to most swaps (weights 3, 5, 7, ...)."""
    total = sum((2 * place + 3) * int(sign, 36) for place, sign in enumerate(text.replace("-", "")))
    return _ALPHABET[total % 31]


def new_case_reference(prefix: str, today: date) -> str:
    """A random reference of this month, about a million a month; the caller's unique constraint settles a clash."""
    body = f"{prefix}-{today:%y%m}-{''.join(secrets.choice(_ALPHABET) for _ in range(4))}"
    return f"{body}-{check_sign(body)}"


def read_case_reference(prefix: str, typed: str) -> str | None:
    """The reference somebody typed, with or without dashes and in any case, or None when it cannot be one."""
    signs = re.sub(r"[^0-9A-Z]", "", typed.upper())
    if not signs.startswith(prefix):
        return None
    rest = signs[len(prefix) :].translate(_FORGIVEN)
    if not re.fullmatch(rf"[0-9]{{4}}[{_ALPHABET}]{{5}}", rest):
        return None
    body = f"{prefix}-{rest[:4]}-{rest[4:8]}"
    return f"{body}-{rest[8]}" if check_sign(body) == rest[8] else None


def new_token(length: int = 22) -> str:
    """A random public id of `length` signs of base 32 without look-alikes (5 bits a sign)."""
    return "".join(secrets.choice(_ALPHABET.lower()) for _ in range(length))
