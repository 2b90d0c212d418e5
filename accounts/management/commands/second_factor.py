"""`manage.py second_factor reset EMAIL`: for a person who lost phone, keys and recovery codes, after they proved in person who they are."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.roles.people import reset_second_factor


class Command(BaseCommand):
    help = "Take away every second factor of a person; they sign in by password and, if staff, set up a new one first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["reset"])
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("No such account.")
        count = reset_second_factor(user, by=None, reason="manage.py second_factor reset")
        self.stdout.write(f"{user.email}: {count} taken away, every session ended.")
