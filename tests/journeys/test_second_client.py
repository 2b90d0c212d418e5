"""The provider against a second relying party, of other people and in another language: Apache's mod_auth_openidc (C, certified).

It reads our discovery document, sends PKCE, checks `iss`, nonce, signature and `at_hash` by itself and knows nothing of ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import ROOT, City, free_port, until
from tests.journeys.test_applying import sign_in

MODULES = Path("/usr/lib/apache2/modules")
APACHE = shutil.which("apache2") or "/usr/sbin/apache2"
pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        not (MODULES / "mod_auth_openidc.so").exists() or not Path(APACHE).exists(),
        reason="second client: no mod_auth_openidc found (apt-get install apache2 libapache2-mod-auth-openidc)",
    ),
]
SECRET = "a-secret-of-the-journey-0123456789"
CONFIGURATION = """
ServerRoot {root}
ServerName 127.0.0.1
PidFile {root}/pid
ErrorLog {root}/error.log
LogLevel warn
Listen 127.0.0.1:{port}
{modules}
{user}
TypesConfig /etc/mime.types
DocumentRoot {root}/www
DirectoryIndex index.html
OIDCProviderMetadataURL {portal}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret {secret}
OIDCRedirectURI http://127.0.0.1:{port}/cb
OIDCCryptoPassphrase of-the-journey
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCProviderBackChannelLogoutSupported On
OIDCInfoHook iat access_token id_token userinfo refresh_token session
OIDCCacheType shm
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /diam>
  OIDCPathAuthRequestParams prompt=none
</Location>
<Location /kuat>
  OIDCPathAuthRequestParams "acr_values=urn:layanan-kota:level:3&prompt=login"
  OIDCUnAutzAction auth
  Require claim acr:urn:layanan-kota:level:3
</Location>
<Location /bye.html>
  AuthType None
  Require all granted
</Location>
"""


@pytest.fixture(scope="module")
def apache(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The second client's address: a page behind mod_auth_openidc."""
    root, port = tmp_path_factory.mktemp("apache"), free_port()
    home = f"http://127.0.0.1:{port}"
    register = (
        "from accounts.sso import clients;"
        f"clients.register('apache', 'Aplikasi Apache', secret='{SECRET}', redirect_uris=['{home}/cb'],"
        f"post_logout_redirect_uris=['{home}/bye.html'], scopes=['openid', 'profile', 'email'], purpose='Uji',"
        f"backchannel_logout_uri='{home}/cb?logout=backchannel')"
    )
    environment = {**city.environment, "DJANGO_SETTINGS_MODULE": "portal.settings.dev"}
    subprocess.run([sys.executable, "manage.py", "shell", "-c", register], cwd=ROOT, env=environment, check=True)
    (root / "www").mkdir()
    page = "<!doctype html><html lang='id'><meta charset='utf-8'><link rel='icon' href='data:,'><title>A</title><h1>%s</h1>"
    (root / "www" / "index.html").write_text(page % "Di dalam")
    for name in ("diam", "kuat"):
        (root / "www" / name).mkdir()
        (root / "www" / name / "index.html").write_text(page % f"Di dalam {name}")
    (root / "www" / "bye.html").write_text(page % "Sampai jumpa")
    names = ("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "socache_shmcb", "auth_openidc")
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
    user = "User www-data\nGroup www-data"
    text = CONFIGURATION.format(root=root, port=port, modules=modules, user=user, portal=city.base, secret=SECRET)
    (root / "apache.conf").write_text(text)
    for folder in (root, *root.parents):  # the server gives up root's rights
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    with (root / "out.log").open("wb") as output:
        process = subprocess.Popen([APACHE, "-f", str(root / "apache.conf"), "-DFOREGROUND"], stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or (root / "pid").exists(), 20)
        assert process.poll() is None, (root / "out.log").read_text() + (root / "error.log").read_text()
        yield home
    finally:
        process.terminate()
        process.wait(20)


def enter(page: Any, home: str) -> None:
    page.goto(f"{home}/")
    if "/akun/izin/" in page.url:
        page.click("button[value=izinkan]")
        page.wait_for_url(f"{home}/")


def info(page: Any, home: str) -> dict[str, Any]:
    """What the module holds of this browser's session."""
    answer = page.request.get(f"{home}/cb?info=json")
    assert answer.status == 200, (answer.status, answer.text()[:300])
    found: dict[str, Any] = json.loads(answer.text())
    return found


def test_apache_signs_alice_in_and_reads_what_she_allowed(page: Any, city: City, apache: str) -> None:
    sign_in(page, city, "alice")
    enter(page, apache)
    assert page.inner_text("h1") == "Di dalam"
    told = info(page, apache)
    assert told["userinfo"]["name"] == "Alice Contoh" and told["userinfo"]["email"] == "alice@example.org"
    assert told["id_token"]["iss"] == city.base and told["id_token"]["sub"] == told["userinfo"]["sub"]
    assert told["id_token"]["acr"] == "urn:layanan-kota:level:2" and "nik" not in told["userinfo"]


def test_apache_refreshes_and_has_a_new_token(page: Any, city: City, apache: str) -> None:
    sign_in(page, city, "alice")
    enter(page, apache)
    before = info(page, apache)
    page.request.get(f"{apache}/cb?refresh={apache}/&access_token={before['access_token']}")
    after = info(page, apache)
    assert after["access_token"] != before["access_token"] and after["refresh_token"] != before["refresh_token"]


def test_signing_out_of_the_portal_signs_out_of_apache(page: Any, city: City, apache: str) -> None:
    sign_in(page, city, "alice")
    enter(page, apache)
    page.goto(f"{city.base}/akun/keluar/")
    page.click("main form button.k-btn")

    def asked_to_sign_in() -> bool:
        page.goto(f"{apache}/?{time.monotonic_ns()}")
        return str(page.url).startswith(f"{city.base}/akun/masuk/")

    until(asked_to_sign_in, 20)


def test_signing_out_of_apache_signs_out_of_the_portal(page: Any, city: City, apache: str) -> None:
    sign_in(page, city, "alice")
    enter(page, apache)
    page.goto(f"{apache}/cb?logout={apache}/bye.html")
    assert page.inner_text("h1") == "Sampai jumpa"
    page.goto(f"{city.base}/akun/")
    assert "/akun/masuk/" in page.url
