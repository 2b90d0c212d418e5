from django.apps import AppConfig
from wagtail.users.apps import WagtailUsersAppConfig


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = "Halaman"
    default = True

    def ready(self) -> None:
        from cms import publishing

        publishing.listen()


class PeopleConfig(WagtailUsersAppConfig):
    """Wagtail's users with our forms; stands in INSTALLED_APPS in place of `wagtail.users`."""

    user_viewset = "cms.people.PersonViewSet"
    default = False
