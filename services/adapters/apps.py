from django.apps import AppConfig


class AdaptersConfig(AppConfig):
    name = "services.adapters"
    label = "adapters"
