"""What only the full stack can show: TLS and static files by nginx, and every process back after it was killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.journeys.conftest import ON_FULL_STACK, ROOT, City, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not ON_FULL_STACK, reason="full stack: run by `make test-full`"),
]
BACK_WITHIN_SECONDS = 15  # what the portal promises (docs/how-to/operate.md)


def fetch(city: City, path: str, data: bytes | None = None, **headers: str) -> tuple[int, HTTPResponse, bytes]:
    context = ssl.create_default_context(cafile=str(city.var / "tls" / "ca.crt"))
    try:
        with urllib.request.urlopen(
            urllib.request.Request(city.base + path, data, headers), timeout=5, context=context
        ) as a:
            return a.status, a, a.read()
    except urllib.error.HTTPError as error:
        return error.code, error, error.read()  # type: ignore[return-value]


def process(city: City, name: str) -> int:
    return int(json.loads((city.var / "processes.json").read_text())[name])


def is_ready(city: City) -> bool:
    with contextlib.suppress(OSError):
        return fetch(city, "/readyz")[0] == 200 and fetch(city, "/layanan/")[0] == 200
    return False


def test_nginx_serves_pages_over_tls_and_static_files_itself(city: City) -> None:
    status, answer, page = fetch(city, "/")
    assert status == 200 and b"<html" in page
    style = page.split(b'rel="stylesheet" href="')[1].split(b'"')[0].decode()
    status, answer, _ = fetch(city, style)
    assert status == 200 and "immutable" in answer.headers["Cache-Control"]
    assert "X-Request-ID" not in answer.headers, "the portal was not asked"


def test_the_internal_place_of_documents_cannot_be_asked_for(city: City) -> None:
    assert fetch(city, "/_dokumen/images/")[0] == 404


def test_what_nginx_refuses_itself_is_said_in_our_words(city: City) -> None:
    too_large = {"Content-Length": str(30 * 1024 * 1024)}
    status, answer, page = fetch(city, "/akun/masuk/", b"x", **too_large)
    assert status == 413 and "Kiriman terlalu besar" in page.decode() and b'lang="en"' in page
    status, answer, body = fetch(city, "/api/v1/cases", b"x", **too_large)
    assert (status, json.loads(body)["code"]) == (413, "too_large")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert fetch(city, "/413.html")[0] == 404


def test_a_kept_page_carries_the_id_of_its_own_request(city: City) -> None:
    ids = [fetch(city, "/layanan/")[1].headers.get_all("X-Request-ID") for _request in range(3)]
    assert all(len(found or []) == 1 for found in ids) and len({found[0] for found in ids if found}) == 3


def test_plain_http_leads_to_the_portal_s_own_name_whatever_host_was_asked(city: City) -> None:
    connection = HTTPConnection("127.0.0.1", int(city.environment["FULL_HTTP_PORT"]), timeout=5)
    connection.request("GET", "/layanan/", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"{city.base}/layanan/")


@pytest.mark.parametrize("name", ["web", "worker-1", "worker-2", "beat", "redis", "postgres", "nginx", "civil-registry"])
def test_a_killed_process_is_back(city: City, name: str) -> None:
    until(lambda: is_ready(city), 30)
    old = process(city, name)
    os.killpg(old, signal.SIGKILL)
    until(lambda: process(city, name) != old, BACK_WITHIN_SECONDS)
    until(lambda: is_ready(city), BACK_WITHIN_SECONDS)


def test_while_the_portal_is_away_a_visitor_reads_a_plain_page(city: City) -> None:
    held = city.var / "held" / "web"
    held.touch()
    try:
        until(lambda: fetch(city, "/akun/masuk/")[0] == 503, 20)
        status, answer, page = fetch(city, "/akun/masuk/")
        assert answer.headers["Retry-After"] and "tidak hilang" in page.decode()
        status, answer, body = fetch(city, "/api/v1/services")
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
    finally:
        held.unlink()
    until(lambda: is_ready(city), 30)


def manage(city: City, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal.stack", "manage", *arguments]
    return subprocess.run(command, cwd=ROOT, env=city.environment, capture_output=True, text=True, timeout=60, check=False)


def test_nothing_is_restored_under_a_portal_that_runs_however_idle_it_is(city: City, tmp_path: Path) -> None:
    made = manage(city, "backup", str(tmp_path))
    assert made.returncode == 0, made.stderr
    refused = manage(city, "restore", made.stdout.strip(), "--replace")
    assert refused.returncode == 1 and "The portal is running on this database" in refused.stderr
