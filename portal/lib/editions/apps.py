from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EditionsConfig(AppConfig):
    name = "portal.lib.editions"
    label = "editions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal.lib.editions import triggers

        post_migrate.connect(triggers.install, sender=self, dispatch_uid="editions.triggers")
