"""Guesses at one account are few, from however many addresses and processes they come.

Counted in the database before a guess is judged, so parallel guesses count too and a cache that is lost forgets nothing.
An address without an account is counted like one with: the answers are the same.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from accounts.codes import numbers
from accounts.guard.models import Event, GuessCount
from accounts.guard.notices import tell
from accounts.models import User
from portal.lib.crypto import blind_index

IN_WINDOW = 5
WINDOW = timedelta(minutes=5)
# In a row, without a right one between: NIST SP 800-63B-4 allows 100.
IN_ALL = 50
TELL_AGAIN = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=90)


def password_of(way: str) -> str:
    """Guesses at the password with this address or number as the name."""
    return blind_index(way.strip().lower(), purpose="guess:password")


def password_of_account(user: User) -> str:
    """... with any of the account's names."""
    return blind_index(str(user.pk), purpose="guess:password of account")


def password_where_known(user: User) -> str:
    """... in a browser in which this person has signed in before."""
    return blind_index(str(user.pk), purpose="guess:password where known")


def one_time_of(way: str) -> str:
    return blind_index(way, purpose="guess:one-time code")


def codes_of(user: User) -> str:
    """Guesses at the second factor after the password, in a browser that does not know this person."""
    return blind_index(str(user.pk), purpose="guess:code")


def codes_where_known(user: User) -> str:
    return blind_index(str(user.pk), purpose="guess:code where known")


def codes_after_message(user: User) -> str:
    """... after a code by mail or short message: who cannot read those uses nothing up here."""
    return blind_index(str(user.pk), purpose="guess:code after message")


def is_tired(key: str) -> bool:
    """Are guesses held back here now?"""
    full = Q(total__gte=IN_ALL) | Q(window_at__gt=timezone.now() - WINDOW, in_window__gte=IN_WINDOW)
    return GuessCount.objects.filter(full, key=key).exists()


def may_guess(key: str) -> bool:
    """Count one guess. False: it must not be judged."""
    now = timezone.now()
    row = GuessCount.objects.filter(key=key, total__lt=IN_ALL)
    if row.filter(window_at__gt=now - WINDOW, in_window__lt=IN_WINDOW).update(
        in_window=F("in_window") + 1, total=F("total") + 1
    ):
        return True
    if row.filter(window_at__lte=now - WINDOW).update(window_at=now, in_window=1, total=F("total") + 1):
        return True
    _row, made = GuessCount.objects.get_or_create(key=key, defaults={"window_at": now, "in_window": 1, "total": 1})
    return made


def may(key: str, most: int, window: timedelta, *, adds: int = 1) -> bool:
    """Count one use of something of which there are `most` in a window. adds: 0 asks by the same work and uses nothing up."""
    now = timezone.now()
    row = GuessCount.objects.filter(key=key)
    if row.filter(window_at__gt=now - window, in_window__lt=most).update(in_window=F("in_window") + adds):
        return True
    if row.filter(window_at__lte=now - window).update(window_at=now, in_window=adds):
        return True
    _row, made = GuessCount.objects.get_or_create(key=key, defaults={"window_at": now, "in_window": adds})
    return made


def forget(*keys: str) -> None:
    """After a right password or code, or another proof of the owner."""
    GuessCount.objects.filter(key__in=keys).delete()


def forget_all_of(user: User) -> None:
    """After a whole sign-in."""
    ways = [way for way in (user.email, numbers.number_of(user)) if way]
    forget(
        codes_of(user),
        codes_where_known(user),
        codes_after_message(user),
        password_of_account(user),
        password_where_known(user),
        *map(password_of, ways),
        *map(one_time_of, [*ways, f"known:{user.pk}"]),
    )


def tell_owner(key: str, user: User | None) -> None:
    """That guesses were held back: once a day."""
    now = timezone.now()
    due = GuessCount.objects.filter(Q(told_at=None) | Q(told_at__lt=now - TELL_AGAIN), key=key)
    if due.update(told_at=now) and user is not None:
        tell(user, Event.LOCKED)


def forget_old() -> int:
    """Counts that nothing was added to for a long time."""
    return GuessCount.objects.filter(window_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]
