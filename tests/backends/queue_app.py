"""The pretend queue app of the service mall: a departmental web app that signs people in with their account of the portal.

python -m tests.backends.queue_app --port 8103 --store var/queue_app.sqlite3

It knows of the portal only its issuer address (PUBLIC_URL) and its own client id and secret, and does everything by an
independent client library (Authlib). Pages: / (who is here, their ticket), /masuk, /cb, /segarkan (refresh), /lepas (revoke), /keluar,
and /backchannel-logout for the portal. /masuk takes `prompt`, `max_age` and `acr_values` to try them out.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import secrets
import sqlite3
import threading
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from tests.backends.office import run

CLIENT_ID = "demo-dinas"
CLIENT_SECRET = "demo-dinas-secret"
SCOPE = "openid profile email"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
COOKIE = "antrean"


class QueueStore:
    """Browser sessions of the app, in a file of its own."""

    def __init__(self, path: str) -> None:
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, sid TEXT, sub TEXT, data TEXT)")

    def get(self, key: str) -> dict:
        with self.lock:
            row = self.db.execute("SELECT data FROM session WHERE id = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else {}

    def put(self, key: str, data: dict) -> None:
        with self.lock:
            row = (key, data.get("sid", ""), data.get("sub", ""), json.dumps(data))
            self.db.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)", row)

    def end(self, key: str) -> None:
        with self.lock:
            self.db.execute("DELETE FROM session WHERE id = ?", (key,))

    def end_sid(self, sid: str) -> int:
        with self.lock:
            return self.db.execute("DELETE FROM session WHERE sid = ? AND sid != ''", (sid,)).rowcount


class Provider:
    """What the app knows of the portal: its metadata and keys, fetched when they are needed."""

    def __init__(self, issuer: str, home: str) -> None:
        self.issuer, self.home = issuer, home
        self.metadata: dict = {}
        self.keys = jwk.KeySet([])
        self.verify: str | bool = os.environ.get("SSL_CERT_FILE") or True

    def session(self, **more: object) -> OAuth2Session:
        made = OAuth2Session(
            CLIENT_ID,
            CLIENT_SECRET,
            scope=SCOPE,
            redirect_uri=f"{self.home}cb",
            token_endpoint_auth_method="client_secret_basic",
            code_challenge_method="S256",
            default_timeout=10,
            **more,
        )
        made.verify = self.verify
        return made

    def known(self) -> dict:
        if not self.metadata:
            answer = OAuth2Session(default_timeout=10).get(
                f"{self.issuer}/.well-known/openid-configuration", withhold_token=True, verify=self.verify
            )
            answer.raise_for_status()
            metadata = answer.json()
            if metadata["issuer"] != self.issuer:
                raise ValueError("another issuer")
            self.metadata = metadata
        return self.metadata

    def read(self, token: str) -> dict:
        """The claims of a token that the portal signed. An unknown key is looked for once more."""
        for _again in range(2):
            try:
                return jwt.decode(token, self.keys, algorithms=["RS256"]).claims
            except (JoseError, ValueError):
                answer = OAuth2Session(default_timeout=10).get(
                    self.known()["jwks_uri"], withhold_token=True, verify=self.verify
                )
                self.keys = jwk.KeySet.import_key_set(answer.json())
        return jwt.decode(token, self.keys, algorithms=["RS256"]).claims


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    store: QueueStore
    provider: Provider

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        self.key = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE, None)
        self.key = self.key.value if self.key else ""
        doors = {
            "/": self.home,
            "/masuk": self.sign_in,
            "/cb": self.callback,
            "/segarkan": self.refresh,
            "/lepas": self.give_back,
            "/keluar": self.leave,
        }
        door = doors.get(parts.path)
        if door is None:
            self.answer(404, "<h1>Tidak ada</h1>")
            return
        try:
            door(query)
        except Exception as error:  # an app that tells its clerk what went wrong
            self.answer(
                200,
                f"<h1>Masuk tidak berhasil</h1><p id='galat'>{html.escape(type(error).__name__)}: {html.escape(str(error))}</p>",
            )

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        form = parse_qs(self.rfile.read(min(length, 64 * 1024)).decode("utf-8", "replace"))
        if urlsplit(self.path).path != "/backchannel-logout":
            self.answer(404, "<h1>Tidak ada</h1>")
            return
        try:
            claims = self.provider.read((form.get("logout_token") or [""])[0])
            right = claims["iss"] == self.provider.issuer and claims["aud"] == CLIENT_ID and "nonce" not in claims
            if not right or LOGOUT_EVENT not in claims["events"] or claims["exp"] < time.time():
                raise ValueError("not a logout token for this app")
        except (JoseError, ValueError, KeyError, TypeError):
            self.answer(400, "")
            return
        self.store.end_sid(str(claims.get("sid", "")))
        self.answer(200, "")

    # --- pages ---

    def home(self, query: dict) -> None:
        data = self.store.get(self.key)
        if "token" not in data:
            self.answer(
                200, "<h1>Antrean MPP</h1><p id='siapa'>Belum masuk</p><p><a href='/masuk'>Masuk dengan akun portal</a></p>"
            )
            return
        told = "".join(f"<tr><th>{html.escape(k)}<td>{html.escape(str(v))}" for k, v in sorted(data["told"].items()))
        self.answer(
            200,
            f"<h1>Antrean MPP</h1><p id='siapa'>Halo, {html.escape(data['told'].get('name', data['sub']))}</p>"
            f"<p>Nomor antrean Anda: <b>A-{int(data['sub'].encode().hex()[:6], 16) % 900 + 100}</b></p><table>{told}</table>"
            f"<p id='tingkat'>{html.escape(str(data.get('acr')))}</p>"
            "<p><a href='/segarkan'>Segarkan</a> <a href='/masuk?prompt=login'>Masuk lagi</a> <a href='/keluar'>Keluar</a></p>",
        )

    def sign_in(self, query: dict) -> None:
        """The tile of the catalogue leads here: whoever is signed in at the portal comes back without a question."""
        wishes = {name: query[name] for name in ("prompt", "max_age", "acr_values") if name in query}
        verifier, nonce = generate_token(48), generate_token(24)
        url, state = self.provider.session().create_authorization_url(
            self.provider.known()["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **wishes
        )
        key = secrets.token_urlsafe(24)
        self.store.put(key, {"state": state, "verifier": verifier, "nonce": nonce})
        self.redirect(url, key)

    def callback(self, query: dict) -> None:
        data = self.store.get(self.key)
        if query.get("iss") != self.provider.issuer or not data or query.get("state") != data.get("state"):
            raise ValueError("an answer to a question that was not asked here")
        if "error" in query:
            self.store.end(self.key)
            raise OAuthError(query["error"], query.get("error_description"))
        session = self.provider.session(state=data["state"])
        token = session.fetch_token(
            self.provider.known()["token_endpoint"],
            authorization_response=f"{self.provider.home}cb?{urlencode(query)}",
            code_verifier=data["verifier"],
        )
        options = {"iss": {"value": self.provider.issuer}, "aud": {"value": CLIENT_ID}, "nonce": {"value": data["nonce"]}}
        parameters = {"access_token": token["access_token"], "nonce": data["nonce"], "client_id": CLIENT_ID}
        claims = CodeIDToken(self.provider.read(token["id_token"]), {"alg": "RS256"}, options, parameters)
        claims.validate(leeway=30)
        told = session.get(self.provider.known()["userinfo_endpoint"]).json()
        if told["sub"] != claims["sub"]:
            raise ValueError("userinfo of somebody else")
        self.store.end(self.key)
        key = secrets.token_urlsafe(24)
        kept = {
            "token": dict(token),
            "sub": claims["sub"],
            "sid": claims["sid"],
            "told": told,
            "id_token": token["id_token"],
        }
        self.store.put(key, {**kept, "acr": claims.get("acr"), "auth_time": claims["auth_time"]})
        self.redirect("/", key)

    def refresh(self, query: dict) -> None:
        data = self.store.get(self.key)
        session = self.provider.session(token=data.get("token"))
        data["token"] = dict(
            session.refresh_token(self.provider.known()["token_endpoint"], refresh_token=data["token"]["refresh_token"])
        )
        data["told"] = session.get(self.provider.known()["userinfo_endpoint"]).json()
        self.store.put(self.key, data)
        self.redirect("/")

    def give_back(self, query: dict) -> None:
        """Revoke what this app holds (RFC 7009), and stay: the next refresh will fail."""
        data = self.store.get(self.key)
        session = self.provider.session(token=data.get("token"))
        answer = session.revoke_token(
            self.provider.known()["revocation_endpoint"],
            token=data["token"]["refresh_token"],
            token_type_hint="refresh_token",
        )
        self.answer(200, f"<h1>Dilepas</h1><p id='keadaan'>{answer.status_code}</p>")

    def leave(self, query: dict) -> None:
        data = self.store.get(self.key)
        self.store.end(self.key)
        wish = {
            "id_token_hint": data.get("id_token", ""),
            "post_logout_redirect_uri": self.provider.home,
            "state": "selesai",
        }
        self.redirect(f"{self.provider.known()['end_session_endpoint']}?{urlencode(wish)}")

    # --- plumbing ---

    def redirect(self, url: str, key: str = "") -> None:
        self.send_response(302)
        self.send_header("Location", url)
        if key:
            self.send_header("Set-Cookie", f"{COOKIE}={key}; HttpOnly; SameSite=Lax; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status: int, body: str) -> None:
        meta = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><link rel='icon' href='data:,'>"
        head = f"{meta}<title>Antrean MPP (tiruan)</title>"
        page = f"<!doctype html><html lang='id'><head>{head}</head><body><main>{body}</main></body></html>"
        data = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(description="Pretend queue app")
    parser.add_argument("--port", type=int, default=8103)
    parser.add_argument("--store", default="var/queue_app.sqlite3")
    parser.add_argument("--portal", default="http://localhost:8000")
    chosen = parser.parse_args()
    issuer = os.environ.get("PUBLIC_URL", chosen.portal)
    provider = Provider(issuer, f"http://127.0.0.1:{chosen.port}/")
    members = {"store": QueueStore(chosen.store), "provider": provider}
    server = Server(("127.0.0.1", chosen.port), type("BoundHandler", (Handler,), members))
    run(server, "Pretend queue app")


if __name__ == "__main__":
    main()
