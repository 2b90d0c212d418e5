from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "services.subscriptions"
    label = "subscriptions"
