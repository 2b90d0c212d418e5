"""An operator makes, lists and ends API keys."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ApiKey, User


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("api_key", *arguments, stdout=output)
    return output.getvalue().strip()


def test_a_key_works_until_it_is_revoked_and_is_kept_as_a_digest(alice: User, client: Client) -> None:
    key = run("create", "ALICE@example.org", "--label", "uji")
    kept = ApiKey.objects.get()
    assert key.split("_", 2)[2] not in repr(vars(kept))
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/cases", headers=headers).status_code == 200
    assert kept.prefix in run("list")
    run("revoke", kept.prefix)
    assert client.get("/api/v1/cases", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "arguments", [("create", "nobody@example.org", "--label", "x"), ("create", "alice@example.org"), ("revoke", "x")]
)
def test_what_cannot_be_done_is_said(alice: User, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
