"""What Wagtail asks about one page and one person, where ours differs from its own answer."""

from __future__ import annotations

from typing import Any

from wagtail.models import Page, PagePermissionTester

from cms import reviewers
from services.catalogue.models import DepartmentRole


class PageRights(PagePermissionTester):
    """Nobody of a department may publish; who may lock and unlock (reviewers, managers) may also take a page offline and stop
    a publication that was approved for later."""

    def _may_hold_back(self) -> bool:
        return bool(self.user.is_active and not self.page_is_root and "unlock" in getattr(self, "permissions", ()))

    def can_read(self) -> bool:
        """The draft as residents would see it: who writes or decides, and who may hold it back."""
        return bool(self.can_edit() or self.can_publish() or self._may_hold_back())

    def can_unpublish(self) -> bool:
        if super().can_unpublish():
            return True
        return bool(self.page.live and not self.page_locked() and self._may_hold_back())

    def can_unschedule(self) -> bool:
        return bool(super().can_unschedule() or self._may_hold_back())


_AT_HOME = {
    DepartmentRole.EDITOR: {"change"},
    DepartmentRole.REVIEWER: {"change", "lock", "unlock"},
    DepartmentRole.MANAGER: {"lock", "unlock"},
}


def rights_at_home(user: Any) -> set[str]:
    """What this person may do with the home page and the portal's own pages (help, privacy): their roles in the department that
    is the city's desk say it.

    Not rows of Wagtail's: a right on the home page would be one on every page below it.
    """
    if not user.is_active or not user.is_authenticated:
        return set()
    roles = user.memberships.filter(department__code=reviewers.desk(), role__in=list(_AT_HOME)).values_list(
        "role", flat=True
    )
    return {right for role in roles for right in _AT_HOME[DepartmentRole(role)]}


class HomeRights(PageRights):
    """Of the home page and the portal's own pages. They stay where they are and stay public: nobody but a superuser moves, copies
    or unpublishes one."""

    def __init__(self, user: Any, page: Page) -> None:
        super().__init__(user, page)
        if user.is_active and not user.is_superuser:
            self.permissions = rights_at_home(user)

    def can_unpublish(self) -> bool:
        return bool(self.user.is_superuser and super().can_unpublish())

    def can_delete(self, ignore_bulk: bool = False) -> bool:
        return bool(self.user.is_superuser and super().can_delete(ignore_bulk))

    def can_move(self) -> bool:
        return bool(self.user.is_superuser and super().can_move())

    def can_copy(self) -> bool:
        return bool(self.user.is_superuser and super().can_copy())
