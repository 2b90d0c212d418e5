from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Akun"

    def ready(self) -> None:
        from allauth.account import signals
        from django.contrib.auth.signals import user_logged_in

        from accounts.factors.rules import on_proof, on_sign_in
        from accounts.guard.devices import on_password_change

        user_logged_in.connect(on_sign_in)
        signals.authentication_step_completed.connect(on_proof)
        for changed in (signals.password_changed, signals.password_set, signals.password_reset):
            changed.connect(on_password_change)
