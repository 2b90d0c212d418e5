"""Who connects the systems of which department: a person with that role there, or a program of the department."""

from __future__ import annotations

from typing import Any

from allauth.idp.oidc.models import Token
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.api_tokens import Needs, ScopeMissing
from accounts.models import User
from accounts.sso.models import ClientProfile
from services.catalogue.models import Department, DepartmentRole


def integrated_departments(user: User | AnonymousUser) -> QuerySet[Department]:
    """The departments whose systems this person connects."""
    if not isinstance(user, User) or not user.is_active:
        return Department.objects.none()
    if user.is_superuser:
        return Department.objects.filter(is_template=False, merged_into=None)
    mine = user.memberships.filter(role=DepartmentRole.INTEGRATOR)
    return Department.objects.filter(pk__in=mine.values("department"))


def departments_behind(request: Request) -> QuerySet[Department]:
    """The same for a request of the API: by the person, or by the department of the program that asks alone."""
    if isinstance(request.auth, Token) and not isinstance(request.user, User):
        code = ClientProfile.objects.filter(client_id=request.auth.client_id).values_list("department", flat=True).first()
        return Department.objects.filter(code=code) if code else Department.objects.none()
    return integrated_departments(request.user)


class ConnectsDepartments(Needs):
    """A token with the scope of an integrator or of a department's program, or an integrator at our pages."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, Token):
            scope = self.scope_for(request.method)
            if scope not in request.auth.get_scopes():
                raise ScopeMissing(scope)
        elif not (request.user and request.user.is_authenticated):
            return False
        if not departments_behind(request).exists():
            raise PermissionDenied("This needs the role of an integrator in a department, or a program of one.")
        return True
