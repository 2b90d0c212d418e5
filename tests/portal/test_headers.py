"""What every answer tells a browser about what it may do with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.usefixtures("demo_city")
PAGES = ["/", "/layanan/", "/akun/masuk/", "/en/akun/daftar/", "/tidak-ada/", "/status/", "/kelola/", "/healthz"]
OPEN = ["/api/v1/services", "/.well-known/openid-configuration", "/oidc/jwks.json", "/.well-known/security.txt"]


@pytest.mark.parametrize("path", [*PAGES, *OPEN])
def test_every_answer_carries_the_policies(client: Client, path: str) -> None:
    answer = client.get(path)
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if path in OPEN else "same-origin",
    }.items():
        assert answer[name] == value, name
    assert "camera=()" in answer["Permissions-Policy"] and "publickey-credentials-get=(self)" in answer["Permissions-Policy"]
    policy = answer["Content-Security-Policy"]
    if not path.startswith("/kelola/"):
        assert "default-src 'none'" in policy and "'unsafe" not in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/akun/masuk/", "/en/akun/daftar/", "/akun/sandi/lupa/"])
def test_a_page_about_an_account_is_never_kept(client: Client, path: str) -> None:
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/layanan/", "/akun/", "/akun/aplikasi/"])
def test_what_a_signed_in_person_sees_is_never_kept(client: Client, alice: User, path: str) -> None:
    client.force_login(alice)
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "\t//evil.example",
    ],
)
@pytest.mark.parametrize("door", ["/akun/masuk/", "/akun/nasional/", "/akun/keluar/"])
def test_no_door_leads_to_another_site(client: Client, alice: User, settings: Any, door: str, wanted: str) -> None:
    settings.NATIONAL_ID_ISSUER = "https://nasional.example"
    if door == "/akun/keluar/":
        client.force_login(alice)
    data = {"login": "alice@example.org", "password": "mojokerto-demo", "next": wanted}
    for answer in (client.get(door, {"next": wanted}), client.post(door, data) if door != "/akun/nasional/" else None):
        if answer is not None:
            assert "evil.example" not in answer.headers.get("Location", "") and "javascript" not in answer.headers.get(
                "Location", ""
            )
            if answer.status_code == 200:
                assert (
                    'href="https://evil' not in answer.content.decode() and 'href="javascript' not in answer.content.decode()
                )


def test_security_txt_is_complete_and_has_not_expired(client: Client) -> None:
    lines = dict(
        line.split(": ", 1) for line in client.get("/.well-known/security.txt").content.decode().splitlines() if ": " in line
    )
    assert lines["Contact"].startswith(("https://", "http://localhost", "mailto:"))
    assert datetime.fromisoformat(lines["Expires"].replace("Z", "+00:00")) > datetime.now(UTC)
    assert lines["Canonical"].endswith("/.well-known/security.txt") and "id" in lines["Preferred-Languages"]


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "localhost@evil.example"}, {"X-Forwarded-Host": "evil.example"}]
)
def test_a_forged_host_is_nowhere_repeated(headers: dict[str, str], db: None) -> None:
    client = Client(headers=headers, raise_request_exception=False)
    for path in ("/akun/masuk/", "/sitemap.xml", "/.well-known/openid-configuration", "/oidc/authorize"):
        answer = client.get(path)
        assert b"evil.example" not in answer.content and "evil.example" not in str(answer.headers), path


def test_a_forged_address_is_not_believed_without_a_proxy_of_ours(client: Client, settings: Any) -> None:
    from django.test import RequestFactory

    from portal.middleware import TrustedProxyMiddleware

    seen = []
    middleware = TrustedProxyMiddleware(lambda request: seen.append(request.META["REMOTE_ADDR"]))  # type: ignore[arg-type, func-returns-value]
    for count, expected in ((0, "127.0.0.1"), (1, "9.9.9.9"), (2, "8.8.8.8")):
        settings.TRUSTED_PROXIES = count
        middleware(RequestFactory().get("/", headers={"X-Forwarded-For": "1.1.1.1, 8.8.8.8, 9.9.9.9"}))
        assert seen.pop() == expected
