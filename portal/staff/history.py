"""Changes of roles as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.permissions import CityRole, city_roles_of
from accounts.roles.models import Act, RoleChange
from services.catalogue.models import Department, DepartmentRole

SHOWN = 100
_LABELS = {**dict(DepartmentRole.choices), **dict(CityRole.choices)}


@dataclass(frozen=True)
class Line:
    at: datetime
    act: str
    role: str
    department: str
    who: str  # the person, or the invited address
    by: str  # "" for nobody at a screen
    reason: str


def lines_of(changes: Iterable[RoleChange]) -> list[Line]:
    found = list(changes)
    names = {d.code: d.label for d in Department.objects.filter(code__in={c.department for c in found if c.department})}
    return [
        Line(
            at=change.at,
            act=str(Act(change.act).label),
            role=str(_LABELS.get(change.role, change.role)),
            department=names.get(change.department, change.department),
            who=change.person.get_full_name() if change.person else change.address,
            by=change.by.get_full_name() if change.by else "",
            reason=change.reason,
        )
        for change in found
    ]


def history_of_person(person: User) -> list[Line]:
    return lines_of(RoleChange.objects.filter(person=person).select_related("person", "by").order_by("-at", "-pk")[:SHOWN])


def history_of_department(department: Department) -> list[Line]:
    rows = RoleChange.objects.filter(department=department.code)
    return lines_of(rows.select_related("person", "by").order_by("-at", "-pk")[:SHOWN])


@dataclass(frozen=True)
class Roles:
    """What somebody may do, in words: by department, and for the whole city."""

    departments: list[tuple[Department, str]]
    city: list[str]

    def __bool__(self) -> bool:
        return bool(self.departments or self.city)


def roles_in_words(person: User) -> Roles:
    by_department: dict[Department, list[str]] = {}
    for row in person.memberships.select_related("department").order_by("department__name", "role"):
        by_department.setdefault(row.department, []).append(str(DepartmentRole(row.role).label))
    return Roles(
        departments=[(department, ", ".join(roles)) for department, roles in by_department.items()],
        city=[str(role.label) for role in sorted(city_roles_of(person))],
    )
