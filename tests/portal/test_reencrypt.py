"""Promise: after `manage.py reencrypt` nothing is left under an older key, and everything reads as before."""

from __future__ import annotations

import base64
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from portal.rekeying import encrypted_fields
from services.cases import attachments
from services.cases.models import Attachment

OLD = "lama:" + base64.b64encode(b"o" * 32).decode()
NEW = "baru:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def city_with_old_keys(settings: Any, tmp_path: Any, db: None) -> Attachment:
    settings.UPLOADS_ROOT, settings.FIELD_KEYS = tmp_path, OLD
    user = User.objects.create_user("a@example.org", "x", nik="3576014507900001", phone="+6281200000001")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    attachments._write("ab" * 16, b"%PDF-1.4 isi")
    made = Attachment.objects.create(
        ref="ab" * 16, owner=user, question="ktp", name="KTP Alice.pdf", content_type="application/pdf", size=3, sha256="x"
    )
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    return made


def run(*options: str) -> str:
    out = StringIO()
    call_command("reencrypt", *options, stdout=out)
    return out.getvalue()


def test_everything_comes_under_the_newest_key_and_reads_as_before(city_with_old_keys: Attachment, settings: Any) -> None:
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
    with pytest.raises(CommandError, match="6 values and files"):
        run("--check")
    said = run()
    assert "accounts.User.nik: 1" in said and "second factors: 2" in said and "files: 1" in said
    assert "newest key" in run("--check") and run() == "Everything is under the newest key.\n", (
        "a second time changes nothing"
    )
    settings.FIELD_KEYS = NEW
    user = User.objects.get()
    assert (user.nik, user.phone) == ("3576014507900001", "+6281200000001")
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes
    found = Attachment.objects.get()
    assert found.name == "KTP Alice.pdf" and attachments.open_attachment(found) == b"%PDF-1.4 isi"


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(city_with_old_keys: Attachment) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET nik = 'lama.rusak'")
    with pytest.raises(CommandError, match="1 could not be read"):
        run()
    assert User.objects.defer("nik").get().phone == "+6281200000001"
    assert attachments.is_newest_key(city_with_old_keys)


def test_every_encrypted_field_is_known() -> None:
    names = {f"{model._meta.label}.{field.name}" for model, field in encrypted_fields()}
    assert {"accounts.User.nik", "cases.Case.answers", "cases.Delivery.body", "accounts.LinkedAccount.account"} <= names, (
        names
    )
