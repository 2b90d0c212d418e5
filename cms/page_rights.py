"""What Wagtail asks about one page and one person, where ours differs from its own answer."""

from __future__ import annotations

from wagtail.models import PagePermissionTester


class PageRights(PagePermissionTester):
    """Nobody of a department may publish; who may lock and unlock (reviewers, managers) may also take a page offline and stop
    a publication that was approved for later."""

    def _may_hold_back(self) -> bool:
        return bool(self.user.is_active and not self.page_is_root and "unlock" in getattr(self, "permissions", ()))

    def can_unpublish(self) -> bool:
        if super().can_unpublish():
            return True
        return bool(self.page.live and not self.page_locked() and self._may_hold_back())

    def can_unschedule(self) -> bool:
        return bool(super().can_unschedule() or self._may_hold_back())
