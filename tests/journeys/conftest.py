"""A whole city in its own processes, as `make run` starts it, on free ports and with a store of its own.

With JOURNEYS_ON=full it is started as `make full` does: PostgreSQL, Redis, nginx with TLS.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from portal.demo.pretend import PRETEND_DEPARTMENTS
from portal.stack.supervision import free_port
from tests.clock import standing_still

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ON_FULL_STACK = os.environ.get("JOURNEYS_ON") == "full"
FULL_PORTS = (
    "FULL_HTTP_PORT",
    "FULL_WEB_PORT",
    "FULL_OLD_APP_PORT",
    "OLD_APP_PORT",
    "FULL_POSTGRES_PORT",
    "FULL_REDIS_PORT",
)


def until(what: Callable[[], Any], seconds: float = 30.0, pause: float = 0.2) -> Any:
    """The first true value of `what`, or a failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except OSError:
            pass
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} s")


@dataclass
class City:
    """The running city: `base` is the portal's address, the others are those of the pretend departments."""

    base: str
    registry: str
    works: str
    queue: str  # the pretend app that people sign in to with their account
    var: Path
    environment: dict[str, str]  # what its processes were started with

    def ledger(self, office: str = "") -> dict[str, Any]:
        with urllib.request.urlopen(f"{office or self.registry}/ledger", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def tell(self, path: str, office: str = "", **values: Any) -> None:
        """Speak to a pretend department (the civil registry, unless said otherwise) as its staff: `/mode` and `/aksi`."""
        body = json.dumps(values).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{office or self.registry}{path}", body, {"Content-Type": "application/json"}), timeout=5
        ).close()

    def holds_no_secret_in_its_logs(self, *more: str) -> None:
        """After every walk: what people typed and what proves who they are is in no log and in no subject."""
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (self.var / "log").glob("*.log")]
        subjects = re.findall(r"^Subject: .*(?:\n[ \t].*)*", self.mails(), re.M)
        assert texts and any(texts), "nothing was logged"
        for secret in (
            "mojokerto-demo",
            "3576014507900001",
            "3576011203880002",
            "demo-dinas-secret",
            "logout_token=",
            "code_verifier",
            *more,
        ):
            assert not [text for text in [*texts, *subjects] if secret in text], secret

    def mails(self) -> str:
        """Everything that was mailed so far."""
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted((self.var / "mail").glob("*.log")))

    def texts(self) -> str:
        """Every short message so far, the newest last."""
        found = sorted((self.var / "pesan").glob("*.txt"), key=lambda path: path.stat().st_mtime_ns)
        return "\n".join(path.read_text(encoding="utf-8") for path in found)


def plain_environment() -> dict[str, str]:
    """This process's environment without what chooses settings or a database; every pretend department on a free port."""
    chosen = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in chosen}
    return kept | {department.port_setting: str(free_port()) for department in PRETEND_DEPARTMENTS}


@pytest.fixture(scope="package")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    var = tmp_path_factory.mktemp("city")
    port, registry_port, works_port, queue_port = free_port(), free_port(), free_port(), free_port()
    environment = {
        **plain_environment(),
        "DEMO": "1",
        "VAR_DIR": str(var),
        "PORT": str(port),
        "REGISTRY_PORT": str(registry_port),
        "WORKS_PORT": str(works_port),
        "QUEUE_PORT": str(queue_port),
        "POLL_SHORTEST_SECONDS": "1",
        "SWEEP_SECONDS": "1",
        "DELIVERY_BACKOFF_CAP_SECONDS": "3",
    }
    command = [sys.executable, "manage.py", "launch", "--port", str(port)]
    base = f"http://localhost:{port}"
    if ON_FULL_STACK:
        environment |= {name: str(free_port()) for name in FULL_PORTS} | {"FULL_DIR": str(var), "FULL_PORT": str(port)}
        command, base = [sys.executable, "-m", "portal.stack", "up"], f"https://localhost:{port}"
    with (var / "launch.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    offices = (f"http://127.0.0.1:{number}" for number in (registry_port, works_port, queue_port))
    made = City(base, *offices, var, environment)
    try:
        with standing_still():
            until(lambda: process.poll() is not None or b"Ctrl-C" in (var / "launch.log").read_bytes(), 480)
        assert process.poll() is None, (var / "launch.log").read_text()
        until(lambda: made.ledger() is not None)
        yield made
        made.holds_no_secret_in_its_logs()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)


def trusted_key(certificate: Path) -> str:
    """What Chromium needs to take this one certificate for good: the hash of its public key."""
    public = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    raw = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()


def until_read(click: Callable[..., None]) -> Callable[..., None]:
    """A click that is over when the page it led to has been read whole.

    Playwright waits only for the first bytes of a page that a click leads to: what is counted then may be missing.
    """

    @functools.wraps(click)
    def clicked(target: Any, *arguments: Any, **options: Any) -> None:
        click(target, *arguments, **options)
        page = getattr(target, "page", target)
        if not page.is_closed():
            page.wait_for_load_state("domcontentloaded")

    return clicked


@pytest.fixture(scope="package")
def browser(city: City) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("journey: no Chromium found (apt-get install chromium)")
    from playwright.sync_api import Locator, Page, sync_playwright

    certificate = city.var / "tls" / "portal.crt"
    trust = [f"--ignore-certificate-errors-spki-list={trusted_key(certificate)}"] if ON_FULL_STACK else []
    with sync_playwright() as tools:
        started = tools.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", *trust],
        )
        with pytest.MonkeyPatch.context() as patched:
            for kind in (Page, Locator):
                patched.setattr(kind, "click", until_read(kind.click))
            yield started
        started.close()


@pytest.fixture(params=[(360, True), (1280, True), (360, False)], ids=["360px", "1280px", "360px without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """A page at phone and desk width, and once without JavaScript. Any console error fails the test."""
    width, scripts = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="id-ID", java_script_enabled=scripts)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, errors
