"""What a sign-in goes through before it is one."""

from typing import Any

from allauth.account.stages import EmailVerificationStage

from accounts.codes import numbers


class EmailStage(EmailVerificationStage):
    """Who came by a proved number, or by a passkey, and has one needs no confirmed address."""

    def handle(self) -> Any:
        if self.login.user is not None and not self.login.email and numbers.number_of(self.login.user):
            return None, True
        return super().handle()
