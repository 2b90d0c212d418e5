"""The way to a department's system, hop by hop, with milliseconds and a plain cause: what a "test connection" button shows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.lib.http import Identity, probe
from services.adapters import gateway
from services.adapters.credentials import identity_of
from services.adapters.models import Connection
from services.adapters.sandbox import stand_in_for
from services.adapters.sentences import cause_in_words
from services.adapters.setup import setup_for_tests, setup_of
from services.adapters.values import AdapterError
from services.adapters.wire import policy

SECONDS = 10.0


@dataclass(frozen=True)
class Hop:
    """name: address, name, connect, tls, answer. `text`: what was found, or what is wrong and what to do."""

    name: str
    ok: bool
    milliseconds: int
    text: str

    def plain(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, "milliseconds": self.milliseconds, "text": self.text}


def walk(connection: Connection, *, testing: bool = False) -> list[Hop]:
    """Every hop up to the first that fails; the last is the health question with the connection's credentials.

    testing: the test address, or the stand-in (which has no way to it). Raises nothing.
    """
    end = time.monotonic() + SECONDS
    found: list[Hop] = []
    if not _has_way(connection):
        return [_answer(connection, testing=False, seconds=SECONDS)]
    standing_in = testing and connection.stand_in
    if not standing_in:
        url = connection.test_url if testing else connection.base_url
        if not url:
            said = (
                _("Alamat uji belum diisi. Isi, atau nyalakan sistem tiruan.")
                if testing
                else _("Alamat sistem belum diisi.")
            )
            return [Hop("address", False, 0, said)]
        try:
            identity = _identity(connection, testing=testing)
        except AdapterError as error:
            return [Hop("tls", False, 0, cause_in_words(error.cause, error.detail))]
        for hop in probe(url, policy=policy(), deadline_seconds=SECONDS, identity=identity):
            words = cause_in_words(hop.cause, hop.says) if hop.cause else hop.says
            found.append(Hop(hop.name, hop.ok, hop.milliseconds, words))
        if not found[-1].ok:
            return found
    found.append(_answer(connection, testing=testing, seconds=max(1.0, end - time.monotonic())))
    return found


def _has_way(connection: Connection) -> bool:
    try:
        return gateway.kind_of(connection.kind).uses_network
    except AdapterError:
        return True


def _identity(connection: Connection, *, testing: bool) -> Identity | None:
    """Raises Misconfigured when the certificate is declared and not there."""
    if not (connection.options.get("auth") or {}).get("mutual_tls"):
        return None
    return identity_of(setup_for_tests(connection, None) if testing else setup_of(connection))


def _answer(connection: Connection, *, testing: bool, seconds: float) -> Hop:
    """The health question."""
    began = time.monotonic()
    try:
        adapter = gateway.kind_of(connection.kind)
        stand_in = stand_in_for(connection) if testing and connection.stand_in else None
        setup = setup_for_tests(connection, stand_in) if testing else setup_of(connection)
        health = adapter(setup).check_health(deadline_seconds=seconds)
    except AdapterError as error:
        return Hop("answer", False, 0, cause_in_words(error.cause, error.detail))
    took = health.milliseconds or round((time.monotonic() - began) * 1000)
    if not health.configured:
        said = _("Alamat kesehatan (health_path) belum diisi, jadi jawaban belum bisa diuji.")
        return Hop(
            "answer", False, took, said if health.cause == "no health_path" else cause_in_words(health.cause, health.detail)
        )
    if health.reachable and health.authorised:
        return Hop("answer", True, took, _("Sistem menjawab dan menerima kredensial."))
    return Hop("answer", False, took, cause_in_words(health.cause, health.detail))
