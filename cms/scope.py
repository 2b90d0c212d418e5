"""Who may touch which part of the tree: groups made by code from `Department`, with rights on its own page of each language
and on its own folder of images and documents, and nowhere else.

Nobody holds the right to publish: what is public went through the review (`cms.finishing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection as Folder
from wagtail.models import GroupCollectionPermission, GroupPagePermission, Page

from accounts.models import User
from cms.models import ContentPage, DepartmentFolder, DepartmentPage, HomePage
from cms.page_rights import rights_at_home
from services.catalogue.models import Department, DepartmentMember, DepartmentRole


@dataclass(frozen=True)
class Rights:
    """Of one role in its department: codenames on pages and in the folder, and further doors as `app.codename`."""

    prefix: str
    pages: frozenset[str]
    folder: frozenset[str]
    doors: frozenset[str]


_ENTER = "wagtailadmin.access_admin"
_FILES = frozenset({"add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document"})
RIGHTS = {
    DepartmentRole.EDITOR: Rights(
        "penyunting",
        frozenset({"add_page", "change_page"}),
        _FILES,
        frozenset({_ENTER, "simple_translation.submit_translation"}),
    ),
    DepartmentRole.REVIEWER: Rights(
        "peninjau", frozenset({"change_page", "lock_page", "unlock_page"}), _FILES, frozenset({_ENTER})
    ),
    # Sees how the pages stand, holds one back, takes one offline; writes none.
    DepartmentRole.MANAGER: Rights("kepala", frozenset({"lock_page", "unlock_page"}), frozenset(), frozenset({_ENTER})),
}
_PREFIXES = tuple(f"{rights.prefix}:" for rights in RIGHTS.values())


def group_name(department: str, role: DepartmentRole = DepartmentRole.EDITOR) -> str:
    return f"{RIGHTS[role].prefix}:{department}"


Row = tuple[Any, ...]


@transaction.atomic
def keep(departments: Collection[str] | None = None, *, check: bool = False) -> list[str]:
    """Make groups, rights, folders and memberships what the departments and their members say; safe to run again.

    departments: these codes only; None is all, and then groups of departments that are no more go, too. Returns what
    differed, a line each. check: change nothing.
    """
    known = Department.objects.filter(merged_into=None).values_list("code", flat=True)
    codes = sorted(known if departments is None else known.filter(code__in=departments))
    found: list[str] = []
    groups = _keep_groups(codes, whole=departments is None, check=check, found=found)
    folders = _keep_folders(codes, check=check, found=found)
    pages = list(DepartmentPage.objects.filter(department__in=codes).values_list("department", "pk"))
    roles = [(role, code) for role in RIGHTS for code in codes if group_name(code, role) in groups]

    def group(role: DepartmentRole, code: str) -> int:
        return groups[group_name(code, role)]

    permissions = {f"{p.content_type.app_label}.{p.codename}": p.pk for p in _permissions()}
    by_codename = {name.partition(".")[2]: pk for name, pk in permissions.items()}
    ids = list(groups.values())
    through: Any = Group.permissions.through
    member: Any = User.groups.through
    _equal(
        through,
        ("group_id", "permission_id"),
        {(group(role, code), permissions[door]) for role, code in roles for door in RIGHTS[role].doors},
        through.objects.filter(group__in=ids),
        check,
        found,
    )
    _equal(
        GroupPagePermission,
        ("group_id", "page_id", "permission_id"),
        {
            (group(role, code), page, by_codename[right])
            for role, code in roles
            for owner, page in pages
            if owner == code
            for right in RIGHTS[role].pages
        },
        GroupPagePermission.objects.filter(group__in=ids),
        check,
        found,
    )
    _equal(
        GroupCollectionPermission,
        ("group_id", "collection_id", "permission_id"),
        {
            (group(role, code), folders[code], by_codename[right])
            for role, code in roles
            if code in folders
            for right in RIGHTS[role].folder
        },
        GroupCollectionPermission.objects.filter(group__in=ids),
        check,
        found,
    )
    members = DepartmentMember.objects.filter(department__code__in=codes, role__in=list(RIGHTS))
    _equal(
        member,
        ("user_id", "group_id"),
        {
            (user, group(DepartmentRole(role), code))
            for user, role, code in members.values_list("user", "role", "department__code")
            if group_name(code, DepartmentRole(role)) in groups
        },
        member.objects.filter(group__in=ids),
        check,
        found,
    )
    return found


def _permissions() -> QuerySet[Permission]:
    names = {door for rights in RIGHTS.values() for door in rights.doors}
    wanted = Q(content_type__app_label="wagtailcore", content_type__model="page", codename__endswith="_page")
    wanted |= Q(content_type__app_label__in=("wagtailimages", "wagtaildocs"), codename__in=_FILES)
    for name in names:
        app, _dot, codename = name.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.filter(wanted).select_related("content_type")


def _keep_groups(codes: Iterable[str], *, whole: bool, check: bool, found: list[str]) -> dict[str, int]:
    names = {group_name(code, role) for code in codes for role in RIGHTS}
    have = set(Group.objects.filter(name__in=names).values_list("name", flat=True))
    found += [f"group {name} is missing" for name in sorted(names - have)]
    if not check:
        Group.objects.bulk_create([Group(name=name) for name in sorted(names - have)])
    if whole:
        ours = Q()
        for prefix in _PREFIXES:
            ours |= Q(name__startswith=prefix)
        left = Group.objects.filter(ours).exclude(name__in=names)
        found += [f"group {name} is of no department" for name in left.values_list("name", flat=True)]
        at_the_root = [
            GroupPagePermission.objects.filter(page__depth=1),  # of every department; Wagtail brings two groups with them
            GroupCollectionPermission.objects.filter(collection__depth=1),
        ]
        found += [f"{row} at the root" for rows in at_the_root for row in rows.select_related("group", "permission")]
        if not check:
            left.delete()
            for rows in at_the_root:
                rows.delete()
    return dict(Group.objects.filter(name__in=names).values_list("name", "pk"))


def _keep_folders(codes: Iterable[str], *, check: bool, found: list[str]) -> dict[str, int]:
    folders = dict(DepartmentFolder.objects.filter(department__in=codes).values_list("department", "collection"))
    root = Folder.get_first_root_node()
    names = dict(Department.objects.filter(code__in=codes).values_list("code", "short_name"))
    for code in codes:
        if code in folders:
            continue
        found.append(f"folder of {code} is missing")
        if check:
            continue
        root = root or Folder.add_root(name="Root")
        made = root.add_child(name=names[code])
        root = Folder.objects.get(pk=root.pk)
        DepartmentFolder.objects.create(department=code, collection=made)
        folders[code] = made.pk
    return folders


def _equal(
    model: Any, fields: tuple[str, ...], wanted: set[Row], rows: QuerySet[Any], check: bool, found: list[str]
) -> None:
    """Make the rows of a join table those that are wanted."""
    have = {row[1:]: row[0] for row in rows.values_list("pk", *fields)}
    label = model._meta.db_table
    found += [f"{label} {dict(zip(fields, row, strict=True))} is missing" for row in sorted(wanted - have.keys())]
    extra = sorted(have.keys() - wanted)
    found += [f"{label} {dict(zip(fields, row, strict=True))} is too much" for row in extra]
    if check:
        return
    model._default_manager.filter(pk__in=[have[row] for row in extra]).delete()
    model._default_manager.bulk_create(
        [model(**dict(zip(fields, row, strict=True))) for row in sorted(wanted - have.keys())]
    )


@transaction.atomic
def hand_over(gone: str, into: str) -> None:
    """Of a department that was merged: its images and documents lie in the other's folder, and its groups are no more."""
    keep([into])
    folders = dict(DepartmentFolder.objects.filter(department__in=[gone, into]).values_list("department", "collection"))
    if gone in folders:
        for model in (get_image_model(), get_document_model()):
            model.objects.filter(collection=folders[gone]).update(collection=folders[into])
        Folder.objects.get(pk=folders[gone]).delete()
    Group.objects.filter(name__in=[group_name(gone, role) for role in RIGHTS]).delete()


def own_corners(user: Any) -> QuerySet[Any]:
    """Ids of the pages that this person's rights were given on: the department's page in each language."""
    return GroupPagePermission.objects.filter(group__user=user).values("page")


def own_pages(user: Any) -> QuerySet[Page]:
    """The pages of this person's departments (all of them for a superuser), without the ancestors that only lead there; of the
    city's desk the home pages and the portal's own pages too."""
    if user.is_superuser and user.is_active:
        return Page.objects.all()
    paths = GroupPagePermission.objects.filter(group__user=user).values_list("page__path", flat=True).distinct()
    below = Q()
    for path in paths:
        below |= Q(path__startswith=path)
    if below and rights_at_home(user):
        below |= Q(pk__in=HomePage.objects.values("pk")) | Q(pk__in=ContentPage.objects.values("pk"))
    return Page.objects.filter(below) if below and user.is_active else Page.objects.none()


def own_folders(user: Any) -> QuerySet[Folder]:
    """The collections of images and documents that this person may look into."""
    if user.is_superuser:
        return Folder.objects.all()
    return Folder.objects.filter(pk__in=GroupCollectionPermission.objects.filter(group__user=user).values("collection"))


def departments_of(user: Any) -> QuerySet[Department]:
    """Those whose pages this person has a part in."""
    return Department.objects.filter(members__user=user, members__role__in=list(RIGHTS)).distinct()
