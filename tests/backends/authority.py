"""An authority of our own for tests of TLS: servers' certificates, and clients' for mutual TLS."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _days(count: float) -> datetime.timedelta:
    return datetime.timedelta(days=count)


class Authority:
    def __init__(self, folder: Path, name: str = "Uji CA") -> None:
        self.folder, self.key, self.name = folder, ec.generate_private_key(ec.SECP256R1()), _name(name)
        certificate = (
            self._builder(self.name, self.name, self.key.public_key(), days=9)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, issuer: x509.Name, key: Any, *, days: float) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - _days(9))
            .not_valid_after(NOW + _days(days))
        )

    def issue(
        self,
        label: str,
        *,
        names: Sequence[str] = (),
        addresses: Sequence[str] = (),
        days: float = 2,
        self_signed: bool = False,
        password: bytes = b"",
    ) -> tuple[bytes, bytes]:
        """Certificate and key, both PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [*map(x509.DNSName, names), *(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses)]
        certificate = (
            self._builder(_name(label), _name(label) if self_signed else self.name, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(key if self_signed else self.key, hashes.SHA256())
        )
        locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pem = serialization.Encoding.PEM
        return certificate.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked)

    def context(
        self, label: str, *, clients: Authority | None = None, version: ssl.TLSVersion | None = None, **more: Any
    ) -> ssl.SSLContext:
        """A server's side. clients: it asks for a certificate of this authority."""
        certificate, key = self.issue(label, **more)
        path = self.folder / f"{label}.pem"
        path.write_bytes(key + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.file)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context
