from typing import Any

from django.apps import AppConfig
from wagtail.users.apps import WagtailUsersAppConfig


def _keep_rights(sender: Any, **_: Any) -> None:
    """A release may give the roles other rights: groups follow with its migrations."""
    from cms import review, scope
    from cms.models import HomePage
    from services.catalogue.models import Department

    if Department.objects.exists() and HomePage.objects.exists():
        scope.keep()
        review.keep()


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = "Halaman"
    default = True

    def ready(self) -> None:
        from django.db.models.signals import post_migrate
        from wagtail.admin.views.mixins import SpreadsheetExportMixin

        from cms import publishing, review
        from cms.sheets.cells import harmless

        publishing.listen()
        review.listen()
        post_migrate.connect(_keep_rights, sender=self, dispatch_uid="cms.rights")
        # Wagtail's own reports go out as spreadsheets, too; what a title begins with must not be a formula there.
        SpreadsheetExportMixin.custom_value_preprocess[str] = {"csv": harmless, "xlsx": harmless}


class PeopleConfig(WagtailUsersAppConfig):
    """Wagtail's users with our forms; stands in INSTALLED_APPS in place of `wagtail.users`."""

    user_viewset = "cms.people.PersonViewSet"
    default = False
