"""`manage.py oidc_client create ID ...` registers an app; `list`, `approve`, `withdraw ID`, `new-secret ID`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from allauth.idp.oidc.models import Client
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.sso import clients


class Command(BaseCommand):
    help = "Apps that people sign in to with their account of the portal (docs/how-to/connect-an-app.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["create", "list", "approve", "withdraw", "new-secret"])
        parser.add_argument("client_id", nargs="?", default="", help="what the app calls itself here")
        parser.add_argument("--name", default="", help="what people read")
        parser.add_argument("--redirect-uri", action="append", default=[], help="exact address; may be given several times")
        parser.add_argument("--post-logout-redirect-uri", action="append", default=[])
        parser.add_argument("--scope", default="openid profile", help="separated by spaces")
        parser.add_argument("--public", action="store_true", help="an app on a phone or in a browser: no secret, PKCE only")
        parser.add_argument("--machine", action="store_true", help="a program without a person: client credentials only")
        parser.add_argument("--department", default="", help="code of the department")
        parser.add_argument("--purpose", default="", help="what the data is used for, in Indonesian: people read it")
        parser.add_argument("--purpose-en", default="")
        parser.add_argument("--sector", default="", help="apps of one sector know a person by the same name")
        parser.add_argument("--min-level", type=int, default=1, choices=[1, 2, 3])
        parser.add_argument("--jwks", type=Path, help="file with the app's public keys: private_key_jwt instead of a secret")
        parser.add_argument("--backchannel-logout-uri", default="")
        parser.add_argument("--link-uri", default="", help="where a person proves an older account of this app")
        parser.add_argument("--service", default="", help="code of the service whose tile the app is")
        parser.add_argument("--address", default="", help="where that tile leads: the app's address that begins the sign-in")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            for client in Client.objects.select_related("profile").order_by("pk"):
                state = "approved" if client.profile.is_approved else "waits for approval"
                self.stdout.write(f"{client.pk}  {state}  {client.type}  {client.name}")
            return
        if not options["client_id"]:
            raise CommandError("Name the app: a short id of letters, digits and hyphens.")
        if options["act"] == "create":
            self._create(options)
            return
        known = Client.objects.filter(pk=options["client_id"]).select_related("profile").first()
        if known is None:
            raise CommandError("There is no app with this id; see `oidc_client list`.")
        if options["act"] == "new-secret":
            if known.type == Client.Type.PUBLIC or known.profile.jwks:
                raise CommandError("This app has no secret: it is public, or proves itself by its own key.")
            secret = clients.new_secret(known)
            self.stdout.write(secret)
            return
        if options["act"] == "approve":
            clients.approve(known)
        else:
            clients.withdraw_approval(known)

    def _create(self, options: dict[str, Any]) -> None:
        if Client.objects.filter(pk=options["client_id"]).exists():
            raise CommandError("An app with this id exists already; choose another id.")
        kinds = ["client_credentials"] if options["machine"] else ["authorization_code", "refresh_token"]
        try:
            jwks = json.loads(options["jwks"].read_text(encoding="utf-8")) if options["jwks"] else None
            client, secret = clients.register(
                options["client_id"],
                options["name"] or options["client_id"],
                public=options["public"],
                redirect_uris=options["redirect_uri"],
                post_logout_redirect_uris=options["post_logout_redirect_uri"],
                scopes=options["scope"].split(),
                grants=kinds,
                department=options["department"],
                purpose=options["purpose"],
                purpose_en=options["purpose_en"],
                sector=options["sector"],
                min_level=options["min_level"],
                jwks=jwks,
                backchannel_logout_uri=options["backchannel_logout_uri"],
                address=options["address"],
                service=options["service"],
                link_uri=options["link_uri"],
            )
        except (clients.RegistrationError, OSError, ValueError) as error:
            raise CommandError(f"Not registered: {error}") from error
        self.stdout.write(f"issuer         {clients.issuer()}")
        self.stdout.write(f"client_id      {client.pk}")
        if secret:
            self.stdout.write(f"client_secret  {secret}")
            self.stdout.write("The secret is shown this once.")
