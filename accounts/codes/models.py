"""Phone numbers that were proved, and one-time codes."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.lib.crypto import EncryptedTextField
from portal.lib.references import new_token


class SignInNumber(models.Model):
    """The phone number a person signs in with. A number is of one account: of the one that proved it last."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_number")
    number = EncryptedTextField()  # E.164
    index = models.CharField(max_length=64, unique=True)  # a blind index of it
    proved_at = models.DateTimeField()  # when a code sent to it was last written here


class OneTimeCode(models.Model):
    """A code that proves an address or a number, in the browser that asked for it. The row is also what a worker sends.

    `user` is None where nobody has the address: such a row is made, counted and judged alike, and no code opens it.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in"
        SIGN_UP = "sign_up"
        NUMBER = "number"
        PASSWORD = "password"  # noqa: S105 - a purpose

    handle = models.CharField(max_length=22, unique=True, default=new_token)  # known to one session only
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    channel = models.CharField(max_length=10)  # email, sms, whatsapp
    address = EncryptedTextField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    code = EncryptedTextField(null=True)  # erased when it is sent or over
    digest = models.CharField(max_length=64)
    is_long = models.BooleanField(
        default=False, db_default=False
    )  # cannot be guessed, so it is judged whatever strangers do
    language = models.CharField(max_length=5)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    guesses = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    next_try = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
