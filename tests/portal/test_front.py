"""Promise: what nginx answers by itself, in front of the portal, carries the same policies as the portal's own answers."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import shutil
import ssl
import string
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal.stack.certificates import ensure_certificates
from portal.stack.configuration import current_account
from portal.stack.supervision import free_port, is_listening, wait_until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx whose portal is away."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "apps").mkdir()
    ensure_certificates(folder)
    ports = [free_port() for _each in range(3)]
    text = string.Template((ROOT / "docker" / "nginx.conf.template").read_text("utf-8")).safe_substitute(
        NGINX_USER=current_account(),
        NGINX_RUN=folder,
        NGINX_PROXY=ROOT / "docker" / "nginx.proxy.conf",
        PORTAL_UPSTREAM=f"127.0.0.1:{ports[0]}",
        HTTP_LISTEN=f"127.0.0.1:{ports[1]}",
        HTTPS_LISTEN=f"127.0.0.1:{ports[2]}",
        PUBLIC_URL=f"https://localhost:{ports[2]}",
        TLS_CERTIFICATE=folder / "portal.crt",
        TLS_KEY=folder / "portal.key",
        STATIC_ROOT=ROOT / "portal" / "static",
        MEDIA_ROOT=folder,
        PAGES_LOG=folder / "pages.log",
    )
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]
    with subprocess.Popen(command) as server:
        wait_until(lambda: is_listening(ports[2]), seconds=10, what="nginx", stopped=lambda: server.poll() is not None)
        yield ports[2]
        server.terminate()


def ask(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    connection.request("POST" if headers else "GET", path, headers=headers)
    return connection.getresponse()


TOO_LARGE = {"Content-Length": str(30 * 1024 * 1024)}
OWN: list[Any] = [
    ("/", {}, 503),
    ("/api/v1/cases", {}, 503),
    ("/akun/masuk/", TOO_LARGE, 413),
    ("/api/v1/cases", TOO_LARGE, 413),
    ("/metrics", {}, 404),
    ("/" + "x" * 20_000, {}, 414),
]


@pytest.mark.parametrize(("path", "headers", "status"), OWN, ids=[f"{path[:20]} {status}" for path, _headers, status in OWN])
def test_what_nginx_says_itself_carries_the_portals_policies(
    path: str, headers: dict[str, str], status: int, front: int, client: Client
) -> None:
    answer, portal = ask(front, path, **headers), client.get("/healthz")
    assert answer.status == status
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"):
        assert answer.headers.get_all(name) == [portal[name]], name
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert answer.headers.get_all("Cache-Control") == ["no-store"] and re.fullmatch(
        r"[0-9a-f]{32}", answer.headers["X-Request-ID"]
    )
    assert answer.headers["Retry-After"] == ("5" if status == 503 else None)


@pytest.mark.parametrize("page", ["413", "429", "503"])
def test_the_policy_lets_the_style_of_its_own_pages_pass(page: str) -> None:
    text = (ROOT / "portal" / "static" / "portal" / f"{page}.html").read_text("utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in (ROOT / "docker" / "nginx.conf.template").read_text("utf-8")
