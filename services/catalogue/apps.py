from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "services.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        from allauth.account.signals import email_confirmed
        from django.contrib.auth.signals import user_logged_in
        from django.db.models.signals import post_migrate

        from services.catalogue import invitations, synonyms

        user_logged_in.connect(invitations.on_sign_in)
        email_confirmed.connect(invitations.on_confirmed)
        post_migrate.connect(synonyms.after_migrate, sender=self)
