"""Making and judging one-time codes. What is known of an address is looked up, written and counted the same whether somebody
has an account with it or not."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts.codes import numbers
from accounts.codes.identifiers import is_number
from accounts.codes.models import OneTimeCode
from accounts.guard import claims, devices, guessing
from accounts.models import User
from portal.lib.crypto import blind_index
from portal.lib.languages import active
from portal.lib.waking import wake

LIFETIME = timedelta(minutes=5)
GUESSES = 3
DIGITS, LONG = 6, 12  # a long one while somebody guesses at codes of this address: its owner is not held back with them
KEPT = timedelta(days=1)
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
A_QUARTER, A_DAY = 3, 10  # codes for one address
A_DAY_FROM = 200  # short messages asked for from one internet address: hundreds may stand behind it
_ALL = "codes-all"
_IN_SESSION = "one_time_code"

Purpose = OneTimeCode.Purpose


class TooManyError(Exception):
    """No more codes for now, for this address or from there. Says nothing about who has an account."""


class Judged(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"  # expired, used, guessed at too often, or never there
    HELD = "held"  # too many guesses at this address


@dataclass(frozen=True)
class Verdict:
    judged: Judged
    row: OneTimeCode | None = None


def person_of(way: str) -> User | None:
    """Who signs in with this address or number."""
    if is_number(way):
        return numbers.owner_of(way)
    return claims.owner_of(way)


def counted_as(request: HttpRequest, purpose: Purpose, way: str, user: User | None) -> str:
    """Whose codes and guesses these are. In a browser that knows the account of this address or number they are counted apart:
    strangers keep no owner out there. Somebody who proves another's number is a stranger to it."""
    own = numbers.owner_of(way) == user if purpose == Purpose.NUMBER else True
    return f"known:{user.pk}" if user is not None and own and devices.is_known(request, user) else way


def _count(way: str, request: HttpRequest, *, short: bool, sent: bool) -> None:
    """Raises TooManyError. A mail costs nothing: nobody is kept from theirs for a day."""
    counts = [(f"codes:{way}", A_QUARTER, QUARTER)]
    if short:
        counts.append((f"codes-day:{way}", A_DAY, DAY))
        counts.append((f"codes-from:{request.META.get('REMOTE_ADDR', '')}", A_DAY_FROM, DAY))
        counts.append((_ALL, settings.PHONE_MESSAGES_DAY, DAY))
    for name, most, window in counts:
        # What is not sent costs nothing, but is answered like what is.
        if not guessing.may(blind_index(name, purpose="count"), most, window, adds=int(sent or name != _ALL)):
            raise TooManyError


def issue(request: HttpRequest, purpose: Purpose, way: str, channel: str, user: User | None) -> None:
    """Make a code and let a worker send it; this browser session alone may write it. Raises TooManyError.

    While guesses at codes of this address are held back the code is too long to be guessed, and is judged all the same.

    Nothing is sent by SMS to a number that nobody asked to be known by: a row is made all the same.
    """
    sent = user is not None or channel == "email" or purpose in (Purpose.SIGN_UP, Purpose.NUMBER)
    short = channel != "email"
    counted = counted_as(request, purpose, way, user)
    _count(counted, request, short=short, sent=sent)
    is_long = guessing.is_tired(guessing.one_time_of(counted))
    digits = LONG if is_long else DIGITS
    code = f"{secrets.randbelow(10**digits):0{digits}d}"
    now = timezone.now()
    row = OneTimeCode(
        purpose=purpose,
        channel=channel,
        address=way,
        user=user,
        code=code if sent else None,
        is_long=is_long,
        language=active(),
        expires_at=now + LIFETIME,
        next_try=now if sent else None,
    )
    row.digest = _digest(row.handle, code)
    with transaction.atomic():
        drop(request, purpose)
        row.save()
        transaction.on_commit(lambda: wake("accounts.tasks.send_code", row.pk))
    request.session[_IN_SESSION] = {**request.session.get(_IN_SESSION, {}), str(purpose): row.handle}


def drop(request: HttpRequest, purpose: Purpose) -> None:
    """The code this session asked for before is worth nothing any more."""
    handle = request.session.get(_IN_SESSION, {}).get(str(purpose), "")
    OneTimeCode.objects.filter(handle=handle).update(used_at=timezone.now(), code=None, next_try=None)


def waiting(request: HttpRequest, purpose: Purpose) -> OneTimeCode | None:
    """The code this session may write now."""
    handle = request.session.get(_IN_SESSION, {}).get(str(purpose), "")
    rows = OneTimeCode.objects.select_related("user").filter(handle=handle, purpose=purpose, used_at=None)
    return rows.filter(expires_at__gt=timezone.now()).first()


def judge(request: HttpRequest, purpose: Purpose, written: str) -> Verdict:
    """Counted in the database before it is compared: of any number of guesses at the same moment `GUESSES` are judged."""
    row = waiting(request, purpose)
    if row is None:
        return Verdict(Judged.OVER)
    key = guessing.one_time_of(counted_as(request, purpose, row.address, row.user))
    if not guessing.may_guess(key) and not row.is_long:
        guessing.tell_owner(key, row.user)
        return Verdict(Judged.HELD)
    open_rows = OneTimeCode.objects.filter(pk=row.pk, used_at=None)
    if not open_rows.filter(guesses__lt=GUESSES).update(guesses=F("guesses") + 1):
        return Verdict(Judged.OVER)
    if not hmac.compare_digest(_digest(row.handle, written), row.digest):
        return Verdict(Judged.WRONG if row.guesses + 1 < GUESSES else Judged.OVER)
    if row.user is None and purpose in (Purpose.SIGN_IN, Purpose.PASSWORD):
        return Verdict(Judged.WRONG if row.guesses + 1 < GUESSES else Judged.OVER)
    if not open_rows.update(used_at=timezone.now(), code=None, next_try=None):
        return Verdict(Judged.OVER)
    guessing.forget(key)
    return Verdict(Judged.RIGHT, row)


def _digest(handle: str, code: str) -> str:
    return blind_index(f"{handle}:{code}", purpose="one-time code")


def erase_over() -> int:
    """Codes whose time is over are erased; their rows after a day."""
    now = timezone.now()
    OneTimeCode.objects.filter(expires_at__lt=now).exclude(code__isnull=True).update(code=None, next_try=None)
    return OneTimeCode.objects.filter(expires_at__lt=now - KEPT).delete()[0]
