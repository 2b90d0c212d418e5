from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "services.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        from allauth.account.signals import email_confirmed
        from django.contrib.auth.signals import user_logged_in

        from services.catalogue import invitations

        user_logged_in.connect(invitations.on_sign_in)
        email_confirmed.connect(invitations.on_confirmed)
