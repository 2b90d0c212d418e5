from django.apps import AppConfig
from django.core.checks import register


class AdaptersConfig(AppConfig):
    name = "services.adapters"
    label = "adapters"

    def ready(self) -> None:
        from services.adapters.checks import check_kinds

        register(check_kinds)
