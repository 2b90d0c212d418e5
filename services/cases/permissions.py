"""Who may do what with a case, its drafts and its files."""

from __future__ import annotations

from accounts.models import User
from services.cases.models import Attachment, Case
from services.catalogue.models import DepartmentRole


def may_work_on(user: User, case: Case) -> bool:
    """A clerk or manager of the case's own department."""
    roles = (DepartmentRole.CLERK, DepartmentRole.MANAGER)
    return user.memberships.filter(department_id=case.department_id, role__in=roles).exists()


def may_read_attachment(user: User, attachment: Attachment) -> bool:
    """Its owner, or a clerk of the department that has the case."""
    if attachment.owner_id == user.pk:
        return True
    return attachment.case is not None and may_work_on(user, attachment.case)
