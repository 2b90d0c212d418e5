"""Who has which role in a department: the one writer of `DepartmentMember`, and who may ask it to write."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import is_operator
from accounts.roles.record import RefusedError, write_changes
from services.catalogue.models import Department, DepartmentMember, DepartmentRole


def managed_departments(user: User | AnonymousUser) -> QuerySet[Department]:
    """Whose members this person may change: an operator every department's, a manager those of the own."""
    if is_operator(user):
        return Department.objects.filter(is_template=False, merged_into=None)
    if not isinstance(user, User) or not user.is_active:
        return Department.objects.none()
    mine = user.memberships.filter(role=DepartmentRole.MANAGER)
    return Department.objects.filter(pk__in=mine.values("department"))


def manages_somewhere(user: User | AnonymousUser) -> bool:
    return is_operator(user) or managed_departments(user).exists()


def can_manage(user: User, department: Department) -> bool:
    return managed_departments(user).filter(pk=department.pk).exists()


def roles_of(person: User, department: Department) -> set[DepartmentRole]:
    return {DepartmentRole(role) for role in person.memberships.filter(department=department).values_list("role", flat=True)}


def words_for(roles: Iterable[str], department: Department) -> str:
    """Petugas, Penyunting: Dinas Lingkungan Hidup"""
    return ", ".join(str(DepartmentRole(role).label) for role in sorted(roles)) + f": {department.label}"


def one_at_a_time(department: Department) -> None:
    """Changes of one department's members wait for each other."""
    Department.objects.select_for_update().get(pk=department.pk)


def check_manager(by: User, department: Department) -> None:
    """Raises RefusedError when this person may not change the members any more. Call it under `one_at_a_time`."""
    by.refresh_from_db(fields=["is_active", "is_superuser"])
    if not can_manage(by, department):
        raise RefusedError(_("Anda tidak mengelola anggota dinas ini lagi. Perubahan tidak disimpan."))


@transaction.atomic
def set_roles(
    person: User, *, department: Department, roles: Collection[str], by: User | None, reason: str = "", added: bool = False
) -> bool:
    """From now on exactly these roles there (`added`: these beside those there are). False: nothing changed.

    by: who wants it; None is nobody at a screen (the demo city), whom nothing is refused. Raises RefusedError.
    """
    one_at_a_time(department)
    have = roles_of(person, department)
    wanted = {DepartmentRole(role) for role in roles} | (have if added else set())
    given, taken = wanted - have, have - wanted
    if by is not None:
        check_manager(by, department)
        person.refresh_from_db(fields=["is_active", "is_superuser"])
        _check(person, department, given=bool(given), taken=taken, by=by)
    if not given and not taken:
        return False
    DepartmentMember.objects.filter(user=person, department=department, role__in=taken).delete()
    DepartmentMember.objects.bulk_create(
        [DepartmentMember(user=person, department=department, role=role) for role in sorted(given)]
    )
    words = partial(words_for, department=department)
    write_changes(person, given, taken, by=by, reason=reason, words=words, department=department.code)
    for follower in settings.MEMBER_FOLLOWERS:
        import_string(follower)(person, department.code)
    return True


def _check(person: User, department: Department, *, given: bool, taken: set[DepartmentRole], by: User) -> None:
    if person == by:
        raise RefusedError(_("Anda tidak bisa mengubah peran Anda sendiri. Minta kepala lain atau operator."))
    if person.is_superuser and not by.is_superuser:
        raise RefusedError(_("Akun pengelola utama tidak bisa diubah di sini."))
    if given and not person.is_active:
        raise RefusedError(_("Akun orang ini dinonaktifkan. Minta operator mengaktifkannya, lalu beri peran."))
    if DepartmentRole.MANAGER in taken and not is_operator(by):
        others = department.members.filter(role=DepartmentRole.MANAGER, user__is_active=True).exclude(user=person)
        if not others.exists():
            raise RefusedError(_("Ini kepala terakhir dinas ini. Hanya operator yang bisa mencabut perannya."))
