"""What an operator does with an account: close and open it, end its sessions, take its second factor away."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.guard import guessing
from accounts.models import User
from accounts.roles.city import check_an_operator_stays, check_operator, one_at_a_time
from accounts.roles.models import Act
from accounts.roles.record import RefusedError, write_down
from accounts.sso.endings import end_everything


@transaction.atomic
def deactivate(person: User, *, by: User, reason: str) -> None:
    """Nobody signs in with it from now on; its sessions and those of its apps end. Roles stay, for the case of reopening."""
    _begin(by, person)
    if not person.is_active:
        raise RefusedError(_("Akun ini sudah dinonaktifkan."))
    check_an_operator_stays(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_everything(person)
    write_down(person, Act.CLOSED, by=by, reason=reason)


@transaction.atomic
def activate(person: User, *, by: User, reason: str) -> None:
    _begin(by, person)
    if person.is_active:
        raise RefusedError(_("Akun ini sudah aktif."))
    person.is_active = True
    person.save(update_fields=["is_active"])
    write_down(person, Act.OPENED, by=by, reason=reason)


@transaction.atomic
def end_sessions(person: User, *, by: User, reason: str) -> None:
    _begin(by, person)
    end_everything(person)
    write_down(person, Act.SESSIONS_ENDED, by=by, reason=reason)


@transaction.atomic
def reset_second_factor(person: User, *, by: User | None, reason: str) -> int:
    """Every second factor is gone and every session ended; returns how many there were.

    For who lost phone, keys and recovery codes, after they proved in person who they are.
    """
    if by is not None:
        _begin(by, person)
    count, _rows = Authenticator.objects.filter(user=person).delete()
    guessing.forget_all_of(person)
    end_everything(person)
    write_down(person, Act.FACTORS_RESET, by=by, reason=reason)
    return count


def _begin(by: User, person: User) -> None:
    one_at_a_time()
    person.refresh_from_db(fields=["is_active", "is_superuser"])
    check_operator(by, person)
