"""A relying party that speaks to the running portal by real HTTP, with the words of the in-process tests (`Party`)."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import requests

from tests.accounts.sso.conftest import SECRET, Party
from tests.journeys.conftest import ON_FULL_STACK, ROOT, City


class Answer:
    """Of `requests`, as Django's test client would give it."""

    def __init__(self, inner: requests.Response) -> None:
        self.status_code, self.headers, self.content, self.json = inner.status_code, inner.headers, inner.content, inner.json

    def __getitem__(self, name: str) -> str:
        return self.headers[name]


class Http:
    """A browser or a program: follows nothing, keeps cookies, writes our forms with their token."""

    def __init__(self, city: City) -> None:
        self.base, self.session = city.base, requests.Session()
        self.session.verify = str(city.var / "tls" / "ca.crt") if ON_FULL_STACK else True

    def get(self, path: str, data: Any = None, headers: Any = None) -> Answer:
        return self._send("GET", path, params=data, headers=headers)

    def post(self, path: str, data: Any = None, content_type: str = "", headers: Any = None) -> Answer:
        if content_type:
            return self._send("POST", path, data=data, headers={**(headers or {}), "Content-Type": content_type})
        page = self.get(path).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        form = {**(data or {}), "csrfmiddlewaretoken": token[1] if token else ""}
        return self._send("POST", path, data=form, headers={**(headers or {}), "Referer": self.base + path})

    def _send(self, method: str, path: str, **more: Any) -> Answer:
        answer = Answer(self.session.request(method, self.base + path, allow_redirects=False, timeout=20, **more))
        if answer.headers.get("Location", "").startswith(self.base):
            answer.headers["Location"] = answer.headers["Location"].removeprefix(self.base)
        return answer

    def sign_in(self, name: str, password: str = "mojokerto-demo") -> Answer:
        return self.post("/akun/masuk/", {"login": f"{name}@example.org", "password": password})


def run_in(city: City, code: str) -> None:
    """Python in the portal's own project, as an operator would: what has no screen yet."""
    settings = "portal.settings.full" if ON_FULL_STACK else "portal.settings.dev"
    environment = {**city.environment, "DJANGO_SETTINGS_MODULE": settings}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True
    )


def register(city: City, name: str, **facts: Any) -> None:
    given = {"secret": SECRET, "scopes": ["openid", "profile", "email", "cases:read"], "purpose": "Uji", **facts}
    run_in(city, f"from accounts.sso import clients; clients.register({name!r}, 'Aplikasi Uji', **{given!r})")


class App:
    """What `Party` needs to know of an app."""

    def __init__(self, pk: str) -> None:
        self.pk = pk


def party_of(city: City, app: str, person: str = "alice", **more: Any) -> Party:
    browser = Http(city)
    if person:
        assert browser.sign_in(person).status_code == 302
    party = Party(App(app), browser, **more)  # type: ignore[arg-type]
    party.door = Http(city)  # type: ignore[assignment]
    party.issuer = city.base
    return party


def query(**values: str) -> str:
    return urlencode(values)
