"""The back office follows the roles of a department: its editors are in its group, and nobody else is."""

from accounts.models import User
from cms import scope
from services.catalogue.models import DepartmentRole


def follow(person: User, department: str) -> None:
    """Bring this person's group of this department in line with their roles there; safe to run again.

    Reviewers and managers have no part in the back office of their own: what they may do beyond an editor is not there yet.
    """
    if person.memberships.filter(department__code=department, role=DepartmentRole.EDITOR).exists():
        person.groups.add(scope.ensure_groups([department])[department])
    else:
        person.groups.remove(*person.groups.filter(name=scope.group_name(department)))
