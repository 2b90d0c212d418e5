"""Writing a change of roles down, and telling the person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.guard.models import Event
from accounts.guard.notices import tell
from accounts.models import User
from accounts.roles.models import Act, RoleChange

MAX_REASON = 300
_TOLD = {
    Act.GIVEN: Event.ROLE_GIVEN,
    Act.TAKEN: Event.ROLE_TAKEN,
    Act.CLOSED: Event.ACCOUNT_CLOSED,
    Act.OPENED: Event.ACCOUNT_OPENED,
    Act.SESSIONS_ENDED: Event.SESSIONS_ENDED,
    Act.FACTORS_RESET: Event.FACTORS_RESET,
}


class RefusedError(Exception):
    """This change may not be; the message is for whoever wanted it."""


def write_down(
    person: User,
    act: Act,
    *,
    by: User | None,
    reason: str = "",
    roles: Iterable[str] = ("",),
    department: str = "",
    words: Callable[[], str] = lambda: "",
) -> None:
    """One row a role and one mail in all, in the person's language. Call it in the transaction of the change itself.

    words: names the roles in the active language. Nobody is told of what no person did (`by` is None), except that a
    second factor was taken away.
    """
    reason = reason[:MAX_REASON]
    for role in sorted(roles):
        RoleChange.objects.create(person=person, act=act, role=role, department=department, reason=reason, by=by)
    if by is None and act != Act.FACTORS_RESET:
        return
    with translation.override(person.language):
        lines = [words()]
        if reason and by is not None:
            lines.append(_("Alasan: %(reason)s") % {"reason": reason})
    tell(person, _TOLD[act], detail="\n".join(filter(None, lines)))


def write_changes(
    person: User,
    given: Collection[Any],
    taken: Collection[Any],
    *,
    by: User | None,
    reason: str,
    words: Callable[[Collection[Any]], str],
    department: str = "",
) -> None:
    """What was given and what was taken, each as `write_down` does it."""
    for act, changed in ((Act.GIVEN, given), (Act.TAKEN, taken)):
        if changed:
            write_down(
                person, act, by=by, reason=reason, roles=changed, department=department, words=partial(words, changed)
            )
