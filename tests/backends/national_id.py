"""The pretend national identity provider: it knows sample people and says whose NIK it is.

python -m tests.backends.national_id --port 8104 --portal http://localhost:8000

OpenID Connect with PKCE, ES256 id_tokens and private_key_jwt (the portal's public key comes from its own address). No password: its
page lists the sample people. `?tiru=` on the page makes it misbehave once: another nonce, a weaker level, an old sign-in,
a foreign key, no NIK.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import os
import secrets
import ssl
import time
import urllib.request
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt as pyjwt
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from tests.backends.office import run

CLIENT_ID = "layanan-kota"
ACR = "urn:contoh:nasional:tinggi"
PEOPLE = {  # well-formed sample numbers of nobody
    "n-alice": {"name": "Alice Contoh", "nik": "3576014507900001"},
    "n-adi": {"name": "Adi Contoh", "nik": "3576011203880002"},
    "n-lain": {"name": "Lain Contoh", "nik": "3576015512990003"},
}
TRICKS = {
    "": "Biasa",
    "nonce": "Nonce lain",
    "level": "Tingkat lebih rendah",
    "age": "Masuk kemarin",
    "key": "Kunci asing",
    "nik": "Tanpa NIK",
    "subject": "Userinfo orang lain",
    "issuer": "Penerbit lain",
    "audience": "Untuk aplikasi lain",
    "expired": "Kedaluwarsa",
    "unsigned": "Tanpa tanda tangan",
    "shared": "Tanda tangan dengan kunci umum",
}


class Provider:
    def __init__(self, issuer: str, portal: str) -> None:
        self.issuer, self.portal = issuer, portal
        self.key = jwk.ECKey.generate_key("P-256", {"kid": "n1"})
        self.foreign = jwk.ECKey.generate_key("P-256", {"kid": "n1"})
        self.codes: dict[str, dict] = {}
        self.tokens: dict[str, dict] = {}
        self.assertions: set[str] = set()

    def client_is_right(self, form: dict[str, str], token_address: str) -> bool:
        """private_key_jwt by the key that the portal publishes."""
        if "client_secret" in form or form.get("client_assertion_type", "").rpartition(":")[2] != "jwt-bearer":
            return False
        context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE"))
        address = f"{self.portal}/oidc/nasional/kunci.json"
        with urllib.request.urlopen(address, timeout=5, context=context if address.startswith("https") else None) as answer:
            keys = jwk.KeySet.import_key_set(json.load(answer))
        try:
            claims = jwt.decode(form.get("client_assertion", ""), keys, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return False
        fresh = claims.get("jti") not in self.assertions and claims.get("exp", 0) > time.time()
        self.assertions.add(claims.get("jti", ""))
        return fresh and claims.get("iss") == claims.get("sub") == CLIENT_ID and claims.get("aud") == token_address

    def id_token(self, asked: dict, person: dict, trick: str) -> str:
        now = int(time.time())
        claims = {
            "iss": "https://lain.example" if trick == "issuer" else self.issuer,
            "sub": asked["sub"],
            "aud": "lain" if trick == "audience" else CLIENT_ID,
            "iat": now,
            "exp": now - 60 if trick == "expired" else now + 300,
            "nonce": "lain" if trick == "nonce" else asked.get("nonce", ""),
            "acr": "urn:contoh:nasional:rendah" if trick == "level" else ACR,
            "auth_time": now - 86_400 if trick == "age" else now,
        }
        if trick == "unsigned":
            return pyjwt.encode(claims, "", "none", headers={"kid": "n1"})
        if trick == "shared":  # a verifier that believes the token's own algorithm takes the public key for a secret
            return pyjwt.encode(claims, json.dumps(self.key.as_dict(private=False)), "HS256", headers={"kid": "n1"})
        key = self.foreign if trick == "key" else self.key
        return jwt.encode({"alg": "ES256", "kid": "n1"}, claims, key, algorithms=["ES256"])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    provider: Provider

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts, issuer = urlsplit(self.path), self.provider.issuer
        query = dict(parse_qsl(parts.query))
        if parts.path == "/.well-known/openid-configuration":
            self.json(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/masuk",
                    "token_endpoint": f"{issuer}/token",
                    "userinfo_endpoint": f"{issuer}/userinfo",
                    "jwks_uri": f"{issuer}/kunci",
                    "id_token_signing_alg_values_supported": ["ES256"],
                    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                    "code_challenge_methods_supported": ["S256"],
                    "acr_values_supported": [ACR],
                }
            )
        elif parts.path == "/kunci":
            self.json({"keys": [{**self.provider.key.as_dict(private=False), "alg": "ES256", "use": "sig"}]})
        elif parts.path == "/masuk":
            self.choose(query)
        elif parts.path == "/pilih":
            self.chosen(query)
        elif parts.path == "/userinfo":
            found = self.provider.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
            self.json(found or {"error": "invalid_token"}, 200 if found else 401)
        else:
            self.page("<h1>Identitas Nasional (tiruan)</h1><p>Masuk ke sini dari portal.</p>")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(min(length, 65_536)).decode()).items()}
        asked = self.provider.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if urlsplit(self.path).path != "/token" or not self.provider.client_is_right(form, f"{self.provider.issuer}/token"):
            self.json({"error": "invalid_client"}, 401)
        elif asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            self.json({"error": "invalid_grant"}, 400)
        else:
            person, trick, access = PEOPLE[asked["sub"]], asked.get("tiru", ""), secrets.token_urlsafe(24)
            told = {"sub": "n-x" if trick == "subject" else asked["sub"], **person}
            if trick == "nik":
                del told["nik"]
            self.provider.tokens[access] = told
            token = self.provider.id_token(asked, person, trick)
            self.json({"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": token})

    def choose(self, query: dict[str, str]) -> None:
        wanted = ("client_id", "redirect_uri", "state", "nonce", "code_challenge", "scope")
        if (
            query.get("client_id") != CLIENT_ID
            or query.get("code_challenge_method") != "S256"
            or any(n not in query for n in wanted)
        ):
            self.page("<h1>Permintaan tidak lengkap</h1>")
            return
        kept = {name: query[name] for name in wanted}
        links = []
        for sub, person in PEOPLE.items():
            for trick, word in TRICKS.items():
                address = html.escape("/pilih?" + urlencode({**kept, "sub": sub, "tiru": trick}))
                name, mark = (f"{person['name']} ({word})", f"{sub}-{trick}") if trick else (person["name"], sub)
                links.append(f"<li><a id='{mark}' href='{address}'>{name}</a></li>")
        cancel = f"<p><a id='batal' href='/pilih?{html.escape(urlencode(kept))}'>Batal</a></p>"
        self.page(f"<h1>Identitas Nasional (tiruan)</h1><p>Siapa Anda?</p><ul>{''.join(links)}</ul>{cancel}")

    def chosen(self, query: dict[str, str]) -> None:
        if query.get("sub") not in PEOPLE:
            answer = {"error": "access_denied", "state": query.get("state", "")}
        else:
            code = secrets.token_urlsafe(24)
            self.provider.codes[code] = query
            answer = {"code": code, "state": query["state"], "iss": self.provider.issuer}
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def json(self, value: object, status: int = 200) -> None:
        self.reply(json.dumps(value).encode(), "application/json", status)

    def page(self, body: str) -> None:
        head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><link rel='icon' href='data:,'>"
        page = f"<!doctype html><html lang='id'><head>{head}<title>Identitas Nasional (tiruan)</title></head><body>{body}</body></html>"
        self.reply(page.encode(), "text/html; charset=utf-8", 200)

    def reply(self, data: bytes, kind: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True


def listen(port: int, portal: str) -> Server:
    server = Server(("127.0.0.1", port), Handler)
    issuer = f"http://127.0.0.1:{server.server_address[1]}"
    server.RequestHandlerClass = type("BoundHandler", (Handler,), {"provider": Provider(issuer, portal)})
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description="Pretend national identity provider")
    parser.add_argument("--port", type=int, default=8104)
    parser.add_argument("--store", default="")  # every pretend system is started with one; this one keeps nothing
    parser.add_argument("--portal", default="http://localhost:8000")
    chosen = parser.parse_args()
    run(listen(chosen.port, os.environ.get("PUBLIC_URL", chosen.portal)), "Pretend national identity provider")


if __name__ == "__main__":
    main()
