"""Certificates are always verified, with the declared name, before one byte is sent."""

import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.lib.http import CallError, Cause, NetworkPolicy, Request, Sent, call
from tests.backends import chaos as c

OPEN = NetworkPolicy.of(["127.0.0.0/8"], allow_http=False)
NOW = datetime.datetime.now(datetime.UTC)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    def __init__(self, folder):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = _name("Uji CA")
        days = datetime.timedelta(days=2)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - days)
            .not_valid_after(NOW + days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, label, *, names=(), addresses=(), days=2, self_signed=False):
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [*map(x509.DNSName, names), *(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses)]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(label))
            .issuer_name(_name(label) if self_signed else self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=9))
            .not_valid_after(NOW + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(key if self_signed else self.key, hashes.SHA256())
        )
        path = self.folder / f"{label}.pem"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


def ask(server, authority):
    request = Request("POST", server.url + "/", {"Content-Type": "application/json"}, b"{}")
    return call(request, policy=OPEN, fresh=True, deadline_seconds=2, ca_file=str(authority.file))


def test_a_good_certificate_is_accepted(authority):
    with c.chaos(c.answer(200, b"{}"), tls=authority.context("good", addresses=["127.0.0.1"])) as server:
        assert ask(server, authority).status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "self", "addresses": ["127.0.0.1"], "self_signed": True},
        {"label": "expired", "addresses": ["127.0.0.1"], "days": -1},
        {"label": "other", "names": ["other.example"], "addresses": ["127.0.0.2"]},
    ],
    ids=["self-signed", "expired", "another host"],
)
def test_a_bad_certificate_is_a_tls_error_and_nothing_was_sent(authority, wrong):
    marked = []
    with c.chaos(c.answer(200, b"{}"), tls=authority.context(**wrong)) as server:
        request = Request("POST", server.url + "/", body=b"{}")
        with pytest.raises(CallError) as caught:
            call(
                request,
                policy=OPEN,
                fresh=True,
                deadline_seconds=2,
                ca_file=str(authority.file),
                on_mark=lambda: marked.append(1),
            )
    assert (caught.value.cause, caught.value.sent) == (Cause.TLS, Sent.NO)
    assert (server.requests, marked) == ([], [])


def plain_words(talk):
    talk.sock.recv(65536)
    talk.send(c.raw(400))


def test_a_server_that_speaks_no_tls_has_been_sent_nothing(authority):
    with c.chaos(plain_words) as server:
        server.scheme = "https"
        with pytest.raises(CallError) as caught:
            ask(server, authority)
    assert (caught.value.cause, caught.value.sent) == (Cause.TLS, Sent.NO)


def test_the_name_is_kept_while_the_address_is_pinned(authority, monkeypatch):
    from portal.lib.http import resolver

    resolver.forget()
    monkeypatch.setattr(resolver, "_ask", lambda host: ("127.0.0.1",))
    with c.chaos(c.answer(200, b"{}"), tls=authority.context("named", names=["dinas.example"])) as server:
        request = Request("GET", f"https://dinas.example:{server.port}/")
        assert call(request, policy=OPEN, fresh=True, deadline_seconds=2, ca_file=str(authority.file)).status == 200
        wrong = Request("GET", f"https://lain.example:{server.port}/")
        with pytest.raises(CallError) as caught:
            call(wrong, policy=OPEN, fresh=True, deadline_seconds=2, ca_file=str(authority.file))
    resolver.forget()
    assert caught.value.cause is Cause.TLS


def test_the_systems_authorities_do_not_know_ours(authority):
    good = authority.context("good2", addresses=["127.0.0.1"])
    with c.chaos(c.answer(200, b"{}"), tls=good) as server, pytest.raises(CallError) as caught:
        call(Request("GET", server.url), policy=OPEN, fresh=True, deadline_seconds=2)
    assert caught.value.cause is Cause.TLS
