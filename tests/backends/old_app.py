"""The pretend old app of a department: it cannot speak OpenID Connect, and stands behind an nginx that asks the portal who is there.

python -m tests.backends.old_app --port 8105 --portal https://localhost:8443

It trusts what its nginx tells it (X-Portal-Subject, -Name, -Email, -Account) and listens on loopback only, so that nobody else
can tell it anything. It has accounts of its own from before the portal (`siti.lama`, password `arsip-2009`): /tautkan is where
a person signs in to one of them once, and the portal learns that it is theirs.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import html
import json
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.backends.office import run

CLIENT_ID = "arsip-lama"
CLIENT_SECRET = "arsip-lama-secret"
ACCOUNTS = {"siti.lama": "arsip-2009", "budi.lama": "arsip-2011"}
PAPERS = {"siti.lama": ["Surat izin 2009"], "budi.lama": ["Surat izin 2011", "Denah 2012"]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    portal = ""

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/tautkan":
            self.ask_for_old_account(parse_qs(parts.query).get("ticket", [""])[0])
        elif parts.path == "/terlihat":  # what reaches this app, for the curious
            self.answer(200, json.dumps(dict(self.headers.items())), kind="application/json")
        else:
            self.show_papers()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        form = parse_qs(self.rfile.read(min(length, 64 * 1024)).decode("utf-8", "replace"))
        if urlsplit(self.path).path != "/tautkan":
            self.answer(405, "<h1>Tidak bisa</h1>")
            return
        name, ticket = form.get("nama", [""])[0], form.get("ticket", [""])[0]
        known = ACCOUNTS.get(name, "")
        if not known or not hmac.compare_digest(known.encode(), form.get("sandi", [""])[0].encode()):
            self.ask_for_old_account(ticket, "Nama atau kata sandi lama salah.")
            return
        self.tell_portal(ticket, name)

    def show_papers(self) -> None:
        if not self.headers.get("X-Portal-Subject"):
            self.answer(403, "<h1>Hanya lewat portal</h1>")
            return
        name, account = (unquote(self.headers.get(f"X-Portal-{word}", "")) for word in ("Name", "Account"))
        if account:
            papers = "".join(f"<li>{html.escape(paper)}</li>" for paper in PAPERS.get(account, []))
            body = f"<p id='akun'>Akun lama: {html.escape(account)}</p><ul>{papers}</ul>"
        else:
            body = (
                f"<p id='akun'>Belum ditautkan. <a href='{self.portal}/akun/aplikasi/'>Tautkan akun lama di portal</a></p>"
            )
        here = f"<p id='jalan'>{html.escape(self.path)}</p><p><a href='/_portal/keluar'>Keluar</a></p>"
        self.answer(200, f"<h1>Arsip lama</h1><p id='siapa'>{html.escape(name)}</p>{body}{here}")

    def ask_for_old_account(self, ticket: str, problem: str = "") -> None:
        self.answer(
            200,
            f"""<h1>Akun lama Anda</h1><p id="galat">{html.escape(problem)}</p>
<form method="post" action="/tautkan"><input type="hidden" name="ticket" value="{html.escape(ticket)}">
<p><label>Nama akun lama <input name="nama" autocomplete="username"></label></p>
<p><label>Kata sandi lama <input name="sandi" type="password" autocomplete="current-password"></label></p>
<p><button>Masuk dan tautkan</button></p></form>""",
        )

    def tell_portal(self, ticket: str, account: str) -> None:
        """The person is here and has signed in: the portal says where their browser goes now."""
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        request = urllib.request.Request(
            f"{self.portal}/oidc/link",
            urlencode({"ticket": ticket, "account": account}).encode(),
            {"Authorization": f"Basic {pair}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                address = json.loads(answer.read())["return_to"]
        except urllib.error.HTTPError as error:
            self.answer(200, f"<h1>Belum ditautkan</h1><p id='galat'>{html.escape(error.read().decode())}</p>")
            return
        self.send_response(303)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status: int, body: str, kind: str = "text/html") -> None:
        page = (
            body
            if kind != "text/html"
            else f"<!doctype html><html lang='id'><title>Arsip lama</title><main>{body}</main></html>"
        )
        raw = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8105)
    parser.add_argument("--store", default="", help="not used: nothing is kept")
    parser.add_argument("--portal", required=True)
    asked = parser.parse_args()
    Handler.portal = asked.portal.rstrip("/")
    run(ThreadingHTTPServer(("127.0.0.1", asked.port), Handler), "Pretend old app")


if __name__ == "__main__":
    main()
