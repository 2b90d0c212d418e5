"""What an operator does by command: registering apps and turning keys over."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.sso import clients, keys
from portal.lib import signing_keys
from tests.accounts.sso.conftest import Party, claims_of


def run(*arguments: Any) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_an_app_is_registered_approved_and_closed_by_command(db: None, party: Party) -> None:
    said = run("oidc_client", "create", "baru", "--redirect-uri", "https://baru.example.org/cb", "--purpose", "Uji")
    secret = said.split("client_secret  ")[1].split()[0]
    assert clients.client_of("baru") and len(secret) >= 40 and "shown this once" in said
    assert secret not in run("oidc_client", "list") and "baru  approved" in run("oidc_client", "list")
    other = run("oidc_client", "new-secret", "baru").strip()
    assert clients.client_of("baru").secret == clients.stored_secret(other) != clients.stored_secret(secret)  # type: ignore[union-attr]
    given = party.tokens()
    run("oidc_client", "withdraw", "app")
    assert clients.client_of("app") is None and party.userinfo(given["access_token"]).status_code == 401
    run("oidc_client", "approve", "app")
    assert party.userinfo(given["access_token"]).status_code == 401, "what was ended stays ended"


@pytest.mark.parametrize(
    "arguments",
    [
        ["create"],
        ["create", "x"],
        ["create", "x", "--redirect-uri", "http://else.example/cb", "--purpose", "Uji"],
        ["create", "x", "--redirect-uri", "https://x.example/cb"],
        ["create", "app", "--redirect-uri", "https://x.example/cb", "--purpose", "Uji"],
        ["create", "x", "--redirect-uri", "https://x.example/cb", "--purpose", "Uji", "--jwks", "/does/not/exist"],
        ["approve", "nobody"],
        ["new-secret", "nobody"],
    ],
)
def test_a_wrong_command_says_what_is_wrong(party: Party, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"\w+ \w+"):
        run("oidc_client", *arguments)


def test_keys_turn_over_with_overlap(tmp_path: Path, settings: Any, party: Party) -> None:
    path = tmp_path / "keys.json"
    run("oidc_keys", "rotate", path)
    settings.IDP_OIDC_PRIVATE_KEYS = signing_keys.read(path)
    assert path.stat().st_mode & 0o077 == 0
    old = party.tokens()["id_token"]
    run("oidc_keys", "rotate", path)
    settings.IDP_OIDC_PRIVATE_KEYS = turned = signing_keys.read(path)
    published = {row["kid"] for row in Client().get("/oidc/jwks.json").json()["keys"]}
    assert len(published) == 2, "the next key is known before it signs"
    between = party.tokens()["id_token"]
    assert kid_of(between) == kid_of(old)
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    turned[0]["issued_at"] = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    turned[1]["not_before"] = turned[1]["issued_at"] = past
    settings.IDP_OIDC_PRIVATE_KEYS = turned
    new = party.tokens()["id_token"]
    assert kid_of(new) != kid_of(old)
    for token in (old, between, new):
        claims_of(token, party.app)
    turned[0]["expires_at"] = past
    settings.IDP_OIDC_PRIVATE_KEYS = turned
    assert keys.read_own(old, audience="app", issuer=clients.issuer()) is None
    assert keys.read_own(new, audience="app", issuer=clients.issuer())


def test_a_stolen_key_ends_at_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    run("oidc_keys", "rotate", path)
    first = signing_keys.read(path)[0]["pem"]
    said = run("oidc_keys", "rotate", path, "--now")
    assert first not in path.read_text() and len(signing_keys.read(path)) == 1 and "signs from" in said
    path.write_text(json.dumps({"not": "a list"}))
    with pytest.raises(CommandError, match="no list of signing keys"):
        run("oidc_keys", "list", path)


def test_the_first_key_is_made_where_the_portal_cannot_start_yet(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    for count in (1, 2):
        done = subprocess.run(
            [sys.executable, "-m", "portal.lib.signing_keys", str(path)], capture_output=True, text=True, check=True
        )
        assert f"{count} keys" in done.stdout and len(signing_keys.read(path)) == count


def test_one_key_wins_when_several_processes_come_first(tmp_path: Path) -> None:
    import threading

    path, found = tmp_path / "deep" / "keys.json", []
    threads = [threading.Thread(target=lambda: found.append(signing_keys.kept_here(path)[0]["pem"])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len(set(found)) == 1 and [p.name for p in path.parent.iterdir()] == ["keys.json"]


def kid_of(token: str) -> str:
    import jwt

    return str(jwt.get_unverified_header(token)["kid"])
