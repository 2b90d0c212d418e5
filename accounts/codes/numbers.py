"""Whose a phone number is. Operators give an unused number to somebody else, so a number speaks for its account only for a while.

A number is of the account that proved it last. A code sent to it opens the account alone only while the last proof is younger
than `PHONE_PROOF_DAYS` (operators wait longer before they give a number away), or in a browser in which this account was
signed in before; otherwise the password is needed too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.codes.models import SignInNumber
from accounts.guard import devices
from accounts.guard.models import Event
from accounts.guard.notices import tell
from accounts.models import User
from portal.lib.crypto import blind_index

R = TypeVar("R")


def once_more(act: Callable[[], R]) -> R:
    """Two browsers proved one number at the same moment: the later one sees what the earlier one wrote."""
    try:
        return act()
    except IntegrityError:
        return act()


class OnlyWayError(Exception):
    """Another account has this number, uses it, and has no other way to be reached: it would be lost."""


def index_of(number: str) -> str:
    return blind_index(number, purpose="number")


def owner_of(number: str) -> User | None:
    row = SignInNumber.objects.select_related("user").filter(index=index_of(number), user__is_active=True).first()
    return row.user if row else None


def number_of(user: User) -> str:
    row = SignInNumber.objects.filter(user=user).first()
    return row.number if row else ""


def is_fresh(row: SignInNumber) -> bool:
    return row.user.is_active and row.proved_at > timezone.now() - timedelta(days=settings.PHONE_PROOF_DAYS)


def used_now_by(number: str) -> User | None:
    """Whose it is beyond doubt."""
    row = SignInNumber.objects.select_related("user").filter(index=index_of(number)).first()
    return row.user if row is not None and is_fresh(row) else None


def would_strand(number: str) -> bool:
    """Would taking this number leave an account that nobody can reach any more?"""
    row = SignInNumber.objects.select_related("user").filter(index=index_of(number), user__is_active=True).first()
    return row is not None and not is_fresh(row) and not row.user.email


def speaks_alone(user: User, number: str, request: HttpRequest) -> bool:
    """Is a code sent to this number enough, without the password?"""
    row = SignInNumber.objects.select_related("user").filter(user=user, index=index_of(number)).first()
    return row is not None and (is_fresh(row) or devices.is_known(request, user))


@transaction.atomic
def proved(user: User, number: str, request: HttpRequest | None = None) -> None:
    """A code sent to it was written: it is this person's now. Raises OnlyWayError.

    The account that had it before keeps its other ways and hears of it by mail.
    """
    own, now = SignInNumber.objects.filter(user=user).first(), timezone.now()
    if own is not None and own.index == index_of(number):
        SignInNumber.objects.filter(pk=own.pk).update(proved_at=now)
        return
    other = SignInNumber.objects.select_for_update().select_related("user").filter(index=index_of(number)).first()
    if other is not None:
        if is_fresh(other) and not other.user.email:
            raise OnlyWayError
        _give_up(other)
    old = own.number if own else ""
    SignInNumber.objects.update_or_create(
        user=user, defaults={"number": number, "index": index_of(number), "proved_at": now}
    )
    if user.phone in ("", old):
        User.objects.filter(pk=user.pk).update(phone=number)
        user.phone = number
    if old:
        tell(user, Event.NUMBER_CHANGED, request, number=old)
    if request is not None and user.email:
        tell(user, Event.NUMBER_CHANGED if old else Event.NUMBER_ADDED, request)


def _give_up(row: SignInNumber) -> None:
    if row.user.phone == row.number:
        User.objects.filter(pk=row.user_id).update(phone="")
    row.delete()
    if row.user.email:
        tell(row.user, Event.NUMBER_TAKEN)


@transaction.atomic
def remove(user: User, request: HttpRequest) -> bool:
    """Only while an e-mail address is left to sign in with."""
    row = SignInNumber.objects.filter(user=user).first()
    if row is None or not user.email:
        return False
    row.delete()
    tell(user, Event.NUMBER_REMOVED, request)
    tell(user, Event.NUMBER_REMOVED, request, number=row.number)
    return True
