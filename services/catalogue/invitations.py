"""Adding people to a department by address: who has an account gets the roles at once, who has none an invitation."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles.models import Act, RoleChange
from accounts.roles.record import MAX_REASON, RefusedError
from portal.lib.crypto import blind_index
from portal.lib.references import new_token
from portal.lib.waking import wake
from services.catalogue import members
from services.catalogue.models import Department, DepartmentRole, Invitation

_log = logging.getLogger(__name__)
LIVES = timedelta(days=7)
MAX_A_DAY = 50  # by one person: mails to strangers
OPEN = Q(accepted_at=None, taken_back_at=None)


def index_of(email: str) -> str:
    return blind_index(email.strip().lower(), purpose="invitation")


def owner_of(email: str) -> User | None:
    """Whose confirmed address this is. An account that only claims it does not count: it may be a stranger's."""
    found = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return found.user if found else None


@transaction.atomic
def add(
    department: Department, *, email: str, roles: Collection[str], by: User, reason: str = "", language: str = "id"
) -> None:
    """Give these roles, or invite. Raises RefusedError with what is wrong."""
    members.one_at_a_time(department)
    members.check_manager(by, department)
    email = email.strip().lower()
    if email == (by.email or "").lower() or EmailAddress.objects.filter(user=by, email__iexact=email).exists():
        raise RefusedError(_("Itu alamat Anda sendiri. Anda tidak bisa memberi peran kepada diri sendiri."))
    person = owner_of(email)
    if person is None:
        _invite(department, email=email, roles=roles, by=by, reason=reason, language=language)
    elif not members.set_roles(person, department=department, roles=roles, by=by, reason=reason, added=True):
        raise RefusedError(_("Orang ini sudah punya peran itu di dinas ini."))
    else:
        department.invitations.filter(OPEN, email_index=index_of(email)).update(taken_back_at=timezone.now(), next_try=None)


def _invite(
    department: Department, *, email: str, roles: Collection[str], by: User, reason: str, language: str
) -> Invitation:
    now = timezone.now()
    if department.invitations.filter(OPEN, email_index=index_of(email), expires_at__gt=now).exists():
        raise RefusedError(_("Alamat ini sudah diundang. Tarik undangannya dulu bila perannya lain."))
    if Invitation.objects.filter(invited_by=by, made_at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY:
        raise RefusedError(_("Terlalu banyak undangan hari ini. Coba lagi besok."))
    department.invitations.filter(OPEN, email_index=index_of(email)).update(taken_back_at=now, next_try=None)  # expired
    made = Invitation.objects.create(
        department=department,
        email=email,
        email_index=index_of(email),
        roles=sorted(DepartmentRole(role) for role in roles),
        reason=reason[:MAX_REASON],
        token=new_token(26),
        invited_by=by,
        language=language,
        expires_at=now + LIVES,
        next_try=now,
    )
    _write_down(made, Act.INVITED, by)
    transaction.on_commit(lambda: wake("services.catalogue.tasks.send_invitation", made.pk))
    return made


@transaction.atomic
def take_back(invitation: Invitation, *, by: User) -> bool:
    """Its link is worth nothing from now on. False: it was accepted or taken back already."""
    members.one_at_a_time(invitation.department)
    members.check_manager(by, invitation.department)
    if not Invitation.objects.filter(OPEN, pk=invitation.pk).update(taken_back_at=timezone.now(), next_try=None):
        return False
    _write_down(invitation, Act.UNINVITED, by)
    return True


def _write_down(invitation: Invitation, act: Act, by: User) -> None:
    for role in invitation.roles:
        RoleChange.objects.create(
            address=invitation.email,
            act=act,
            role=role,
            department=invitation.department.code,
            reason=invitation.reason,
            by=by,
        )


def accept_waiting(person: User) -> int:
    """Give this person the roles that wait for their confirmed addresses; returns how many invitations that were.

    An invitation is worth what its author may give now: nothing, when they do not manage the department any more.
    """
    addresses = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    waiting = Invitation.objects.filter(
        OPEN, email_index__in=[index_of(email) for email in addresses], expires_at__gt=timezone.now()
    )
    return sum(_accept(invitation, person) for invitation in waiting.select_related("department", "invited_by"))


def _accept(invitation: Invitation, person: User) -> bool:
    try:
        with transaction.atomic():
            members.one_at_a_time(invitation.department)
            if not Invitation.objects.filter(OPEN, pk=invitation.pk).update(accepted_at=timezone.now(), next_try=None):
                return False
            members.set_roles(
                person,
                department=invitation.department,
                roles=invitation.roles,
                by=invitation.invited_by,
                reason=invitation.reason,
                added=True,
            )
    except RefusedError as error:
        _log.info("invitation not accepted", extra={"invitation": invitation.pk, "why": str(error)})
        return False
    return True


def on_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    accept_waiting(user)


def on_confirmed(sender: Any, email_address: EmailAddress, **kwargs: Any) -> None:
    accept_waiting(email_address.user)


def is_worth_something(invitation: Invitation) -> bool:
    """Could the owner of the address still accept it?"""
    return (
        invitation.accepted_at is None
        and invitation.taken_back_at is None
        and invitation.expires_at > timezone.now()
        and members.can_manage(invitation.invited_by, invitation.department)
    )
