"""Roles for the whole city (those of one department: `services.catalogue.models.DepartmentRole`)."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class CityRole(models.TextChoices):
    """The value is the name of the group whose members have the role (`accounts.roles.city` writes it)."""

    COORDINATOR = "koordinator", _("Koordinator pengaduan")
    CONFIDENTIAL = "koordinator-rahasia", _("Jalur aduan rahasia")  # only beside the coordinator's
    LEADERSHIP = "pimpinan", _("Pimpinan")
    OPERATOR = "operator", _("Operator")


OPERATOR = CityRole.OPERATOR.value


def is_operator(user: User | AnonymousUser) -> bool:
    """May see how the portal runs, switch connections, and give roles; sees no case."""
    return user.is_active and (user.is_superuser or user.groups.filter(name=OPERATOR).exists())


def city_roles_of(user: User) -> set[CityRole]:
    return {CityRole(name) for name in user.groups.filter(name__in=CityRole.values).values_list("name", flat=True)}
