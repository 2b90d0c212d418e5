from django.apps import AppConfig
from wagtail.users.apps import WagtailUsersAppConfig


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = "Halaman"
    default = True

    def ready(self) -> None:
        from wagtail.admin.views.mixins import SpreadsheetExportMixin

        from cms import publishing
        from cms.sheets.cells import harmless

        publishing.listen()
        # Wagtail's own reports go out as spreadsheets, too; what a title begins with must not be a formula there.
        SpreadsheetExportMixin.custom_value_preprocess[str] = {"csv": harmless, "xlsx": harmless}


class PeopleConfig(WagtailUsersAppConfig):
    """Wagtail's users with our forms; stands in INSTALLED_APPS in place of `wagtail.users`."""

    user_viewset = "cms.people.PersonViewSet"
    default = False
