"""`manage.py second_factor reset NAME` (an address or a number).

For a person who lost phone, keys and recovery codes, after they proved in person who they are.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.codes import numbers
from accounts.codes.identifiers import clean_number
from accounts.models import User
from accounts.roles.people import reset_second_factor


class Command(BaseCommand):
    help = "Take away every second factor of a person; they sign in by password and, if staff, set up a new one first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["reset"])
        parser.add_argument("name", help="the e-mail address or phone number of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        user = User.objects.filter(email__iexact=name).first() if "@" in name else numbers.owner_of(clean_number(name))
        if user is None:
            raise CommandError("No such account.")
        count = reset_second_factor(user, by=None, reason="manage.py second_factor reset")
        self.stdout.write(f"{user}: {count} taken away, every session ended.")
