"""Giving and taking the roles for the whole city: the one writer of their groups."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import OPERATOR, CityRole, city_roles_of, is_operator
from accounts.roles.record import RefusedError, write_changes


def check_operator(by: User, person: User) -> None:
    """Raises RefusedError unless `by` may change this person's account or city roles. Call it under `one_at_a_time`."""
    by.refresh_from_db(fields=["is_active", "is_superuser"])
    if not is_operator(by):
        raise RefusedError(_("Anda bukan operator lagi. Perubahan tidak disimpan."))
    if by == person:
        raise RefusedError(_("Anda tidak bisa mengubah peran dan akun Anda sendiri."))
    if person.is_superuser and not by.is_superuser:
        raise RefusedError(_("Akun pengelola utama tidak bisa diubah di sini."))


def one_at_a_time() -> None:
    """Changes of city roles and of accounts wait for each other, so that two operators never remove one another."""
    Group.objects.get_or_create(name=OPERATOR)
    Group.objects.select_for_update().get(name=OPERATOR)


def check_an_operator_stays(person: User) -> None:
    others = User.objects.filter(is_active=True, groups__name=OPERATOR).exclude(pk=person.pk)
    if person.groups.filter(name=OPERATOR).exists() and not others.exists():
        raise RefusedError(_("Ini operator terakhir. Beri peran operator kepada orang lain dulu."))


def _words(roles: Collection[CityRole]) -> str:
    return ", ".join(str(role.label) for role in sorted(roles))


@transaction.atomic
def set_city_roles(person: User, *, roles: Collection[str], by: User | None, reason: str = "") -> bool:
    """From now on exactly these. False: nothing changed. Raises RefusedError."""
    one_at_a_time()
    if by is not None:
        check_operator(by, person)
    wanted, have = {CityRole(role) for role in roles}, city_roles_of(person)
    given, taken = wanted - have, have - wanted
    if given and not person.is_active:
        raise RefusedError(_("Akun orang ini dinonaktifkan. Aktifkan dulu, lalu beri peran."))
    if CityRole.CONFIDENTIAL in wanted and CityRole.COORDINATOR not in wanted:
        raise RefusedError(_("Jalur aduan rahasia hanya untuk koordinator pengaduan."))
    if CityRole.OPERATOR in taken:
        check_an_operator_stays(person)
    person.groups.remove(*Group.objects.filter(name__in=taken))
    person.groups.add(*[Group.objects.get_or_create(name=role.value)[0] for role in given])
    write_changes(person, given, taken, by=by, reason=reason, words=_words)
    return bool(given or taken)
