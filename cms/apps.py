from django.apps import AppConfig


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = "Halaman"

    def ready(self) -> None:
        from cms import publishing

        publishing.listen()
