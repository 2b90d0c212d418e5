"""Encryption at rest with key ids, and blind indexes for exact look-up of encrypted values.

A token is `key id` + "." + base64url(nonce + ciphertext) (AES-256-GCM, 96-bit nonce). Keys come from
`settings.FIELD_KEYS`: "id:base64,id:base64", newest first; old keys stay readable until everything is re-encrypted.
"""

import base64
import functools
import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class DecryptionError(ValueError):
    """The token is damaged, or its key is not configured."""


@functools.lru_cache(maxsize=8)
def _keys(configured: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in filter(None, (p.strip() for p in configured.split(","))):
        key_id, _, encoded = part.partition(":")
        try:
            material = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"FIELD_KEYS: key {key_id!r} is not base64.") from error
        if not key_id.isalnum() or len(material) < 24:
            raise ImproperlyConfigured("FIELD_KEYS: each key is `id:base64` with an alphanumeric id and 32 random bytes.")
        keys[key_id] = material
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS is empty.")
    return keys


@functools.lru_cache(maxsize=32)
def _derive(material: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(material)


def encrypt(plain: bytes) -> str:
    """Encrypt under the newest key."""
    key_id, material = next(iter(_keys(settings.FIELD_KEYS).items()))
    nonce = os.urandom(12)
    sealed = AESGCM(_derive(material, b"field")).encrypt(nonce, plain, key_id.encode())
    return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(token: str) -> bytes:
    """The plain bytes. Raises DecryptionError."""
    key_id, _, encoded = token.partition(".")
    material = _keys(settings.FIELD_KEYS).get(key_id)
    if material is None:
        raise DecryptionError(f"no key with id {key_id[:16]!r} is configured")
    try:
        raw = base64.urlsafe_b64decode(encoded)
        return AESGCM(_derive(material, b"field")).decrypt(raw[:12], raw[12:], key_id.encode())
    except (InvalidTag, ValueError) as error:
        raise DecryptionError("the stored value is damaged") from error


def is_newest(token: str) -> bool:
    """Was this encrypted under the newest key?"""
    return token.startswith(f"{next(iter(_keys(settings.FIELD_KEYS)))}.")


def renew(token: str) -> str:
    """The same plain bytes under the newest key; the token itself when it is already. Raises DecryptionError."""
    return token if is_newest(token) else encrypt(decrypt(token))


def blind_index(value: str, *, purpose: str) -> str:
    """A keyed digest (64 hex digits) for exact look-up, under the *oldest* key so that it survives rotation."""
    material = list(_keys(settings.FIELD_KEYS).values())[-1]
    return hmac.new(_derive(material, b"index:" + purpose.encode()), value.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(_TextField):
    """Text that is encrypted in the database. Empty stays empty. It cannot be filtered on: keep a blind index beside it."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value.encode()) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value).decode() if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class EncryptedBinaryField(EncryptedTextField):
    """Bytes that are encrypted in the database (stored as a text token)."""

    # What django-stubs reads as the types of the attribute.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(bytes(value)) if value is not None else None

    def to_python(self, value: Any) -> Any:
        return value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return decrypt(value) if value is not None else None


class EncryptedJSONField(EncryptedTextField):
    """A JSON value that is encrypted in the database."""

    # What django-stubs reads as the types of the attribute.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def to_python(self, value: Any) -> Any:
        return value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return json.loads(decrypt(value)) if value is not None else None
