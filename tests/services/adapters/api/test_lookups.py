"""The proxy: declared reads with scope, level, consent, cache and an access entry; whose fault it is when there is no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import AccessEntry, User
from services.adapters.lookups import plans, shield
from services.adapters.models import Binding, Connection, Exchange, Operation
from services.catalogue.models import Service
from tests.backends import chaos
from tests.services.adapters.api.conftest import Program
from tests.tokens import access_token_for

SPEC: dict[str, Any] = {
    "method": "GET",
    "path": "/penduduk/{nik}",
    "absent": {"status": 404, "path": "kode", "equals": "tidak_ada"},
    "rejection": {"message": "pesan"},
    "answer_schema": {"type": "object", "properties": {"nama": {"type": "string"}, "lahir": {"type": "string"}}},
    "lookup": {
        "parameters": [{"name": "nik", "source": "nik"}],
        "request": [{"to": "@path.nik", "from": "nik"}],
        "answer": [{"to": "nama", "from": "nama", "required": True}],
        "level": 2,
        "consent": False,
        "private": True,
        "cache_seconds": 60,
    },
}
PUBLIC: dict[str, Any] = {
    **SPEC,
    "path": "/tarif",
    "lookup": {
        "parameters": [{"name": "jenis", "pattern": "[a-z]{2,10}", "example": "mobil"}],
        "request": [{"to": "@query.jenis", "from": "jenis"}],
        "answer": [{"to": "tarif", "from": "nama"}],
        "private": False,
        "cache_seconds": 60,
        "stale_seconds": 600,
    },
}
GOOD = chaos.Reply(200, json.dumps({"nama": "Alice Contoh", "lahir": "1990-01-01", "rahasia": "x"}).encode())
