"""Who we are to a server that asks for a client certificate (mutual TLS). Nothing of it is ever written to a disk."""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from portal.lib.http.causes import CallError, Cause, Sent


@dataclass(frozen=True)
class Identity:
    """A certificate with its chain, and the key without a password; both PEM."""

    certificate: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """Tells identities apart: connections of one are never used for another."""
        return hashlib.sha256(self.certificate + b"\0" + self.key).hexdigest()


@contextmanager
def loaded(context: ssl.SSLContext, identity: Identity | None) -> Iterator[ssl.SSLContext]:
    """The context with the identity in it; the standard library reads only files, so it gets one that lies in memory.

    Raises CallError(CONFIG) for a certificate that cannot be used.
    """
    if identity is None:
        yield context
        return
    number = os.memfd_create("identity", os.MFD_CLOEXEC)
    try:
        os.write(number, identity.certificate + b"\n" + identity.key)
        try:
            # An encrypted key must not make the process ask a terminal for its password.
            context.load_cert_chain(f"/proc/self/fd/{number}", password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise CallError(Cause.CONFIG, Sent.NO, "the client certificate and its key cannot be used") from error
        yield context
    finally:
        os.close(number)
