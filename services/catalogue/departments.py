"""Opening, renaming and merging departments: the one writer of what a department is.

A code never changes and is never used again. A department that was merged stays as a row: its code and its public address
lead to whoever took over, and what it did under its name stays written so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles.record import RefusedError
from accounts.sso.models import ClientProfile
from portal.lib import editions
from services.catalogue import members
from services.catalogue.models import Department, DepartmentChange, Invitation, Service, ServicePoint

_Act = DepartmentChange.Act
FACTS = ("name", "name_en", "short_name", "kind", "address", "phone", "email", "illustrative")
# What is bound to the borders of the city and comes and goes by law, not by a press of a button.
_BY_LAW = ("kelurahan", "kecamatan")


def present(code: str) -> Department | None:
    """The department of this code; of one that was merged, whoever took over."""
    found = Department.objects.select_related("merged_into").filter(code=code).first()
    return found.merged_into or found if found else None


@transaction.atomic
def open_department(*, code: str, facts: Mapping[str, Any], by: User, reason: str) -> Department:
    """A new department with its page and its group of editors. Raises RefusedError."""
    code = slugify(code)[:60]
    if not code:
        raise RefusedError(_("Isi kode dinas: huruf kecil, angka, dan tanda hubung. Contoh: dinas-arsip"))
    if Department.objects.filter(code=code).exists():
        raise RefusedError(_("Kode “%(code)s” sudah dipakai dan tidak bisa dipakai lagi. Pilih kode lain.") % {"code": code})
    _check_names(facts)
    department = Department.objects.create(code=code, **{name: facts[name] for name in FACTS if name in facts})
    DepartmentChange.objects.create(
        department=department, act=_Act.OPENED, after=_facts_of(department), reason=reason[:300], by=by
    )
    _tell(department)
    return department


@transaction.atomic
def change_department(department: Department, *, facts: Mapping[str, Any], by: User, reason: str) -> bool:
    """Another name, kind or contact; the code stays. False: nothing changed. Raises RefusedError."""
    department = Department.objects.select_for_update().get(pk=department.pk)
    _refuse_merged(department)
    _check_names(facts, but=department)
    before = _facts_of(department)
    if facts.get("kind", department.kind) != department.kind and (department.kind in _BY_LAW or facts["kind"] in _BY_LAW):
        raise RefusedError(_("Kelurahan dan kecamatan mengikuti batas wilayah; jenisnya tidak diubah di sini."))
    for name in FACTS:
        if name in facts:
            setattr(department, name, facts[name])
    after = _facts_of(department)
    differ = [name for name in FACTS if before[name] != after[name]]
    if not differ:
        return False
    department.save(update_fields=differ)
    DepartmentChange.objects.create(
        department=department,
        act=_Act.RENAMED,
        before={name: before[name] for name in differ},
        after={name: after[name] for name in differ},
        reason=reason[:300],
        by=by,
    )
    _tell(department)
    return True


@dataclass(frozen=True)
class Estate:
    """What would pass from one department to another."""

    services: int
    members: int
    points: int
    more: tuple[tuple[str, int], ...]  # what the floors above count: a word for people, how many


def estate_of(department: Department) -> Estate:
    counted = [pair for heir in _heirs() for pair in heir.counted(department)]
    return Estate(
        services=department.services.count(),
        members=department.members.values("user").distinct().count(),
        points=ServicePoint.objects.filter(managed_by=department).count(),
        more=tuple(counted),
    )


@transaction.atomic
def merge_departments(gone: Department, into: Department, *, by: User, reason: str) -> None:
    """All that `gone` has passes to `into`, in one transaction: services with their pages and addresses, cases, connections,
    members, apps, subscriptions. Raises RefusedError, and then nothing has changed.
    """
    rows = {d.pk: d for d in Department.objects.select_for_update().filter(pk__in=(gone.pk, into.pk)).order_by("pk")}
    gone, into = rows[gone.pk], rows[into.pk]
    if gone == into:
        raise RefusedError(_("Pilih dinas lain: dinas tidak bisa digabung dengan dirinya sendiri."))
    for department in (gone, into):
        _refuse_merged(department)
        if department.is_template or department.kind in _BY_LAW:
            raise RefusedError(_("Kelurahan dan kecamatan mengikuti batas wilayah dan tidak digabung di sini."))
    if into.parent_id == gone.pk:
        raise RefusedError(_("Dinas tujuan adalah bagian dari dinas ini. Ubah dulu susunannya."))
    for heir in _heirs():
        heir.merge(gone, into)
    Service.objects.filter(department=gone).update(department=into)
    ServicePoint.objects.filter(managed_by=gone).update(managed_by=into)
    Department.objects.filter(parent=gone).update(parent=into)
    gone.notices.update(department=into)
    ClientProfile.objects.filter(department=gone.code).update(department=into.code)
    _move_members(gone, into, by, reason)
    _move_invitations(gone, into)
    Department.objects.filter(merged_into=gone).update(merged_into=into)  # what was merged before leads here at once
    gone.merged_into = into
    gone.save(update_fields=["merged_into"])
    DepartmentChange.objects.create(department=gone, act=_Act.MERGED, into=into, reason=reason[:300], by=by)
    _tell(gone)
    _tell(into)
    editions.announce()


def _move_members(gone: Department, into: Department, by: User, reason: str) -> None:
    """Everybody keeps their roles. Written down as done by `by`, except where nobody may do it at a screen."""
    people: dict[User, set[str]] = {}
    for row in gone.members.select_related("user"):
        people.setdefault(row.user, set()).add(row.role)
    for person, roles in people.items():
        by_whom = by if person.is_active and not person.is_superuser and person != by else None
        members.set_roles(person, department=into, roles=roles, by=by_whom, reason=reason, added=True)
        members.set_roles(person, department=gone, roles=[], by=by_whom, reason=reason)


def _move_invitations(gone: Department, into: Department) -> None:
    """An open invitation goes on; where the other department has invited the same address, the older one ends."""
    waiting = Invitation.objects.filter(accepted_at=None, taken_back_at=None)
    there = set(waiting.filter(department=into).values_list("email_index", flat=True))
    for invitation in waiting.filter(department=gone):
        if invitation.email_index in there:
            invitation.delete()
            continue
        invitation.department = into
        invitation.save(update_fields=["department"])


def history_of(department: Department) -> QuerySet[DepartmentChange]:
    """What was done to it, and who was merged into it; newest first."""
    own = DepartmentChange.objects.filter(department=department) | DepartmentChange.objects.filter(into=department)
    return own.select_related("department", "into", "by")


def _facts_of(department: Department) -> dict[str, Any]:
    return {name: getattr(department, name) for name in FACTS}


def _refuse_merged(department: Department) -> None:
    if department.merged_into is not None:
        raise RefusedError(
            _("Dinas ini sudah digabung ke %(into)s dan tidak bisa diubah lagi.") % {"into": department.merged_into.name}
        )


def _check_names(facts: Mapping[str, Any], but: Department | None = None) -> None:
    """Two departments of one name would be one in every list that people read."""
    others = Department.objects.filter(merged_into=None)
    if but is not None:
        others = others.exclude(pk=but.pk)
    for name in ("name", "short_name"):
        if name in facts and others.filter(**{f"{name}__iexact": facts[name]}).exists():
            raise RefusedError(_("Nama “%(name)s” sudah dipakai dinas lain.") % {"name": facts[name]})


def _heirs() -> list[Any]:
    """The modules of other floors with `counted(department)` and `merge(gone, into)`."""
    return [import_module(name) for name in settings.DEPARTMENT_HEIRS]


def _tell(department: Department) -> None:
    editions.announce()
    for name in settings.DEPARTMENT_FOLLOWERS:
        import_string(name)(department)
