"""Who may touch which part of the tree: a group per department, by the department's code, on its own page of each language only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from wagtail.models import GroupPagePermission, Page
from wagtail.permission_policies.pages import PagePermissionPolicy

from cms.models import DepartmentPage

EDITOR_RIGHTS = ("add_page", "change_page", "publish_page")


def group_name(department: str) -> str:
    return f"penyunting:{department}"


def ensure_groups(departments: Iterable[str]) -> dict[str, Group]:
    """The editors' groups of these departments with their rights; safe to run again."""
    codes = list(departments)
    names = {code: group_name(code) for code in codes}
    have = set(Group.objects.filter(name__in=names.values()).values_list("name", flat=True))
    Group.objects.bulk_create([Group(name=n) for n in names.values() if n not in have])
    groups = {g.name: g for g in Group.objects.filter(name__in=names.values())}
    own_doors = Permission.objects.filter(
        Q(content_type__app_label="wagtailadmin", codename="access_admin")
        | Q(content_type__app_label="simple_translation", codename="submit_translation")
    )
    rights = list(Permission.objects.filter(content_type__app_label="wagtailcore", codename__in=EDITOR_RIGHTS))
    Group.permissions.through._default_manager.bulk_create(
        [Group.permissions.through(group_id=g.pk, permission_id=door.pk) for g in groups.values() for door in own_doors],
        ignore_conflicts=True,
    )
    pages = DepartmentPage.objects.filter(department__in=codes).values_list("department", "pk")
    GroupPagePermission.objects.bulk_create(
        [
            GroupPagePermission(group=groups[names[code]], page_id=page_id, permission=right)
            for code, page_id in pages
            for right in rights
        ],
        ignore_conflicts=True,
    )
    return {code: groups[names[code]] for code in codes}


def own_pages(user: Any) -> QuerySet[Page]:
    """The pages this person may work on (all of them for a superuser), without the ancestors that only lead there."""
    return PagePermissionPolicy().instances_user_has_any_permission_for(user, {"add", "change", "publish"})


def own_corners(user: Any) -> QuerySet[Any]:
    """Ids of the pages that this person's rights were given on: the department's page in each language."""
    return GroupPagePermission.objects.filter(group__user=user).values("page")


def may_see(user: Any, page_id: int) -> bool:
    """Whether the back office may show this page's details to this person."""
    return bool(user.is_superuser) or own_pages(user).filter(pk=page_id).exists()
