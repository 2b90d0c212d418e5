"""Who keeps the words of search: editors and reviewers of any department propose, reviewers and operators decide."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.permissions import is_operator
from services.catalogue.models import DepartmentRole


def proposes_words(user: User | AnonymousUser) -> bool:
    return _has_role(user, DepartmentRole.EDITOR, DepartmentRole.REVIEWER)


def reviews_words(user: User | AnonymousUser) -> bool:
    return _has_role(user, DepartmentRole.REVIEWER)


def _has_role(user: User | AnonymousUser, *roles: DepartmentRole) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    return is_operator(user) or user.memberships.filter(role__in=roles).exists()
