"""Roles for the whole city (those of one department: `services.catalogue.models.DepartmentRole`)."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User

OPERATOR = "operator"  # name of the group, made by a migration; members are chosen in /kelola/


def is_operator(user: User | AnonymousUser) -> bool:
    """May see how the portal runs and switch connections; sees no case."""
    return user.is_active and (user.is_superuser or user.groups.filter(name=OPERATOR).exists())
