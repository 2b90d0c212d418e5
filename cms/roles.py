"""The back office follows the roles of a department: who edits, reviews or manages it is in its group, and nobody else is."""

from django.contrib.auth.models import Group
from wagtail.models import PageSubscription

from accounts.models import User
from cms import scope
from services.catalogue.models import DepartmentRole


def follow(person: User, department: str) -> None:
    """Bring this person's groups of this department in line with their roles there; safe to run again.

    Whoever has no part in it any more hears nothing of its pages' comments either.
    """
    names = {scope.group_name(department, role): role for role in scope.RIGHTS}
    have = person.memberships.filter(department__code=department, role__in=list(scope.RIGHTS))
    roles = {DepartmentRole(role) for role in have.values_list("role", flat=True)}
    if roles and Group.objects.filter(name__in=names).count() < len(names):
        scope.keep([department])
    groups = {group.name: group for group in Group.objects.filter(name__in=names)}
    person.groups.add(*(group for name, group in groups.items() if names[name] in roles))
    person.groups.remove(*(group for name, group in groups.items() if names[name] not in roles))
    if not person.is_superuser:
        PageSubscription.objects.filter(user=person).exclude(page__in=scope.own_pages(person)).delete()
