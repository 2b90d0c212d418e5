"""Who we are to a department's system: keys, tokens, signatures, client certificates; and that none of them is written down."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from services.adapters import gateway
from services.adapters.declared.spec import AuthOptions
from services.adapters.hops import walk
from services.adapters.kinds.soap import SoapAuth
from services.adapters.models import Exchange
from services.adapters.values import Misconfigured, Unavailable
from tests.backends import chaos as c
from tests.backends.authority import Authority
from tests.services.adapters.conftest import OPTIONS, outgoing_of, send

GOOD = c.answer(200, b'{"nomor": "A"}')
PLANTED = "k-rahasia/7?&="
QUERY = {"type": "api_key", "query": "kunci"}


def first_line(request):
    return request.split(b"\r\n", 1)[0].decode()


def headers_in(request):
    lines = request.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")[1:]
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def test_a_key_in_the_query_goes_out_and_stands_nowhere_else(connect, service, caplog):
    caplog.set_level(logging.DEBUG)
    with c.chaos(GOOD, c.answer(500, b"{}"), c.silence) as server:
        connection = connect(base_url=server.url, auth=QUERY, secrets={"api_key": PLANTED})
        send(outgoing_of(service))
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                gateway.reconcile(connection.pk, "MJK-2611-AAAA-B", deadline_seconds=0.5)
            assert "rahasia" not in f"{caught.value!r} {caught.value.detail} {caught.value.__cause__!r}"
    for request in server.requests:
        assert parse_qs(urlsplit(first_line(request).split(" ")[1]).query)["kunci"] == [PLANTED]
    assert "rahasia" not in json.dumps(list(Exchange.objects.values()), default=str)
    assert "rahasia" not in caplog.text + "".join(str(record.__dict__) for record in caplog.records)


def test_a_key_in_the_query_stands_in_no_span(connect, service, monkeypatch):
    seen = []

    class Span:
        traceparent = ""

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return None

        def note(self, **values):
            seen.append(values)

        def finish(self, **values):
            seen.append(values)

    def span(name, kind, **values):
        seen.append((name, kind, values))
        return Span()

    monkeypatch.setattr("services.adapters.wire.span", span)
    with c.chaos(GOOD) as server:
        connect(base_url=server.url, auth=QUERY, secrets={"api_key": PLANTED})
        send(outgoing_of(service))
    assert seen and "rahasia" not in repr(seen)


# --- HMAC ---------------------------------------------------------------------------------------------------------------

SIGNED = {"header": "X-Signature"}
CUSTOM = {
    "header": "Authorization",
    "algorithm": "sha512",
    "encoding": "base64",
    "prefix": "HMAC kota:",
    "signed": ["date", "method", "path", "body"],
    "separator": "|",
    "date_header": "X-Waktu",
    "date_format": "seconds",
    "digest_header": "Digest",
    "digest_prefix": "SHA-512=",
}


def signing(sign, **auth):
    return {"auth": {"type": "none", "sign": sign, **auth}, "secrets": {"hmac": "s1", "api_key": "k1"}}


def test_a_request_is_signed_as_the_other_side_computes_it(connect, service):
    with c.chaos(GOOD) as server:
        connect(base_url=server.url + "/dasar", **signing(SIGNED))
        send(outgoing_of(service))
    headers, body = headers_in(server.requests[0]), server.requests[0].split(b"\r\n\r\n", 1)[1]
    text = "\n".join(("POST", "/dasar/api/permohonan", headers["Date"], hashlib.sha256(body).hexdigest()))
    assert headers["X-Signature"] == hmac.new(b"s1", text.encode(), hashlib.sha256).hexdigest()
    assert abs(parsedate_to_datetime(headers["Date"]).timestamp() - time.time()) < 5


def test_every_part_of_a_signature_can_be_declared(connect, service):
    with c.chaos(GOOD) as server:
        connect(base_url=server.url, **signing(CUSTOM, type="api_key", query="kunci"))
        send(outgoing_of(service))
    headers, body = headers_in(server.requests[0]), server.requests[0].split(b"\r\n\r\n", 1)[1]
    text = f"{headers['X-Waktu']}|POST|/api/permohonan?kunci=k1|".encode() + body
    made = base64.b64encode(hmac.new(b"s1", text, hashlib.sha512).digest()).decode()
    assert headers["Authorization"] == f"HMAC kota:{made}"
    assert headers["Digest"] == "SHA-512=" + base64.b64encode(hashlib.sha512(body).digest()).decode()
    assert abs(int(headers["X-Waktu"]) - time.time()) < 5


def test_a_read_is_signed_with_the_digest_of_nothing(connect):
    sign = {**SIGNED, "date_format": "iso"}
    with c.chaos(c.answer(404, b'{"kode": "tidak_ada"}')) as server:
        connection = connect(base_url=server.url, **signing(sign))
        assert gateway.reconcile(connection.pk, "MJK-2611-AAAA-B") is None
    headers = headers_in(server.requests[0])
    path, digest = "/api/permohonan/MJK-2611-AAAA-B", hashlib.sha256(b"").hexdigest()
    text = f"GET\n{path}\n{headers['Date']}\n{digest}"
    assert headers["X-Signature"] == hmac.new(b"s1", text.encode(), hashlib.sha256).hexdigest()


def test_a_signature_without_its_secret_sends_nothing(connect, service):
    with c.chaos(GOOD) as server:
        connect(base_url=server.url, auth={"type": "none", "sign": SIGNED})
        with pytest.raises(Misconfigured):
            send(outgoing_of(service))
    assert server.connections == 0


@pytest.mark.parametrize(
    ("options", "auth"),
    [
        (AuthOptions, {"type": "none", "sign": {}}),
        (AuthOptions, {"type": "none", "sign": {**SIGNED, "signed": ["method", "path", "date"]}}),
        (AuthOptions, {"type": "none", "sign": {**SIGNED, "signed": ["body", "body"]}}),
        (AuthOptions, {"type": "none", "sign": {**SIGNED, "prefix": "a\r\nX: b"}}),
        (AuthOptions, {"type": "none", "sign": {**SIGNED, "prefix": "a\n"}}),
        (AuthOptions, {"type": "none", "sign": {**SIGNED, "algorithm": "md5"}}),
        (AuthOptions, {"type": "api_key", "header": "X-Kunci", "query": "kunci"}),
        (AuthOptions, {"type": "wsse"}),
        (SoapAuth, {"type": "wsse", "sign": SIGNED}),
    ],
)
def test_declarations_that_prove_nothing_or_contradict_are_refused(options, auth):
    assert not options(data=auth).is_valid()


# --- mutual TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("mtls"))


@pytest.fixture
def trusted(authority, monkeypatch):
    for module in ("transport", "hops"):
        monkeypatch.setattr(f"portal.lib.http.{module}.default_ca_file", lambda: str(authority.file))
    return authority


def pair(authority, label):
    certificate, key = authority.issue(label)
    return {"certificate": certificate.decode(), "certificate_key": key.decode()}


def server_of(authority, *scripts):
    return c.chaos(*scripts, tls=authority.context("dinas", clients=authority, addresses=["127.0.0.1"]))


def client_of(talk):
    return dict(part[0] for part in talk.sock.getpeercert()["subject"])["commonName"]


def test_a_connection_with_a_client_certificate_delivers(trusted, connect, service):
    names = []

    def script(talk):
        names.append(client_of(talk))
        GOOD(talk)

    with server_of(trusted, script) as server:
        connection = connect(base_url=server.url, auth={"type": "none", "mutual_tls": True}, secrets=pair(trusted, "kota"))
        assert send(outgoing_of(service)).backend_reference == "A"
        hops = walk(connection)
    assert set(names) == {"kota"}
    assert [hop.name for hop in hops] == ["address", "connect", "tls", "answer"] and hops[2].ok
    assert "PRIVATE" not in json.dumps(list(Exchange.objects.values()), default=str)


def test_without_its_certificate_nothing_is_sent_and_the_walk_says_so(trusted, connect, service):
    with server_of(trusted, GOOD) as server:
        connection = connect(base_url=server.url, auth={"type": "none", "mutual_tls": True})
        with pytest.raises(Misconfigured):
            send(outgoing_of(service))
        hops = walk(connection)
    assert (hops[-1].name, hops[-1].ok, server.connections) == ("tls", False, 0)


def test_a_server_that_refuses_the_certificate_is_an_alert_and_a_write_stays_unclear(trusted, connect, service):
    with server_of(trusted, GOOD) as server:
        connect(base_url=server.url)
        with pytest.raises(Unavailable) as caught:
            send(outgoing_of(service))
    assert caught.value.cause in {"tls", "connection"} and caught.value.maybe_sent
    assert caught.value.alert is (caught.value.cause == "tls")
    assert server.requests == []


def token_or_answer(seen):
    def script(talk):
        head = talk.read()
        seen.append((client_of(talk), head))
        wanted = b'{"access_token": "t1", "expires_in": 600}' if b"/token" in head else b'{"nomor": "A"}'
        talk.send(c.raw(200, wanted, "Content-Type: application/json"))

    return script


@pytest.mark.parametrize("secret", ["", "cs1"], ids=["certificate alone", "with a secret"])
def test_oauth_over_mutual_tls_fetches_and_uses_its_token_with_the_certificate(trusted, connect, service, secret):
    seen = []
    auth = {"type": "oauth2", "client_id": "kota", "token_path": "/token", "mutual_tls": True}
    with server_of(trusted, token_or_answer(seen)) as server:
        secrets = pair(trusted, "kota") | ({"client_secret": secret} if secret else {})
        connect(base_url=server.url, auth=auth, secrets=secrets)
        send(outgoing_of(service))
        send(outgoing_of(service, key="MJK-2611-BBBB-C"))
    assert [name for name, _head in seen] == ["kota"] * 3, "one token for two deliveries"
    assert (b"Authorization: Basic" in seen[0][1]) is bool(secret)
    assert (b"client_id=kota" in server.requests[0]) is not bool(secret)
    assert all(b"Authorization: Bearer t1" in head for _name, head in seen[1:])


def test_a_new_certificate_asks_for_a_new_token(trusted, connect, service):
    seen = []
    auth = {"type": "oauth2", "client_id": "kota", "token_path": "/token", "mutual_tls": True}
    with server_of(trusted, token_or_answer(seen)) as server:
        connection = connect(base_url=server.url, auth=auth, secrets=pair(trusted, "lama"))
        send(outgoing_of(service))
        connection.secrets = pair(trusted, "baru")
        connection.save()
        send(outgoing_of(service, key="MJK-2611-BBBB-C"))
    assert [(name, b"/token" in head) for name, head in seen] == [
        *(("lama", True), ("lama", False)),
        *(("baru", True), ("baru", False)),
    ]


@pytest.mark.parametrize("many", [8])
def test_two_connections_with_two_certificates_do_not_mix_under_load(trusted, connect, many):
    wrong = []

    def script(talk):
        while head := talk.read():
            if f"X-Siapa: {client_of(talk)}".encode() not in head:
                wrong.append(head)
            talk.send(c.raw(200, b"{}", "Content-Type: application/json"))

    from portal.lib.http import Identity, NetworkPolicy, Request, call

    who = {name: Identity(*trusted.issue(name)) for name in ("satu", "dua")}
    policy = NetworkPolicy.of(["127.0.0.0/8"], allow_http=False)

    def work(server):
        for number in range(10):
            name = ("satu", "dua")[number % 2]
            request = Request("GET", server.url + "/", {"X-Siapa": name})
            call(request, policy=policy, fresh=False, deadline_seconds=5, identity=who[name])

    with server_of(trusted, script) as server:
        threads = [threading.Thread(target=work, args=(server,)) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (wrong, len(server.requests), server.connections) == ([], many * 10, many * 2)


def test_the_options_of_the_demo_stay_valid():
    assert gateway.check_settings("rest", options=OPTIONS, operations={}, mappings={}) == []
