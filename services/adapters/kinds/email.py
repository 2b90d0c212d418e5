"""A department that reads e-mail: each submission and later act is one mail with the files attached, answered in the work list.

A mail is not proof that anybody has it, so the receipt is not the department's: staff confirm in the portal, as for `inbox`.
It can be neither asked for nor recognised when it comes twice: what may have left is unclear, and a person decides.
docs/how-to/connect-by-email.md
"""

from __future__ import annotations

import logging
import re
import smtplib
import time
from collections.abc import Iterator, Mapping
from email.errors import MessageError
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework import serializers

from portal.lib.logs import correlation_id
from portal.lib.redaction import shape_of
from services.adapters import envelope
from services.adapters.kinds.base import Adapter, Declared, kinds
from services.adapters.models import Exchange, Idempotency
from services.adapters.values import (
    Capability,
    Health,
    LaterAct,
    Misconfigured,
    Outgoing,
    Receipt,
    Submission,
    Unavailable,
)
from services.adapters.wire import Mark

_log = logging.getLogger(__name__)
MEBIBYTE = 1024 * 1024
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_KNOWN = frozenset({"reference", "service", "department", "act"})
# What a subject may name travels beside the body.
_KNOWN_ROWS = [{"to": f"@header.{name}", "from": f"@{name}"} for name in ("service", "department")]


def refused(address: str) -> str:
    """Why no mail may go there, or "". Only the operator opens domains: personal data leaves the portal by it."""
    domain = address.rpartition("@")[2].lower()
    if domain not in {name.strip().lower() for name in settings.ADAPTER_EMAIL_DOMAINS}:
        return f"the operator has not opened the domain {domain[:100]!r} (ADAPTER_EMAIL_DOMAINS)"
    return ""


class EmailOptions(Declared):
    """`to` is an address of the department in a domain that the operator has opened."""

    to = serializers.EmailField(max_length=200)
    subject = serializers.CharField(
        max_length=120, default="{reference}", help_text="{reference}, {service}, {department}, {act}; never an answer"
    )
    files = serializers.BooleanField(default=True, help_text="attach them; otherwise staff read them in the portal")
    most_mebibytes = serializers.IntegerField(min_value=1, max_value=25, default=10, help_text="of files in one mail")

    def validate_to(self, value: str) -> str:
        if why := refused(value):
            raise serializers.ValidationError(why)
        return value

    def validate_subject(self, value: str) -> str:
        unknown = sorted(set(_PLACEHOLDER.findall(value)) - _KNOWN)
        if unknown or not value.isprintable():
            raise serializers.ValidationError(f"One line; there is no {', '.join(unknown) or 'line break'} in a subject.")
        return value


@kinds.register("email")
class Email(Adapter):
    kind = "email"
    label = "Surat elektronik ke dinas"
    Options = EmailOptions
    capabilities = frozenset({Capability.SUBMIT, Capability.ANSWER, Capability.ATTACHMENTS, Capability.WITHDRAW})
    works_here = True
    idempotency = Idempotency.NONE

    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        return envelope.of_submission(submission, [*rows, *_KNOWN_ROWS])

    def prepare_act(self, act: LaterAct, spec: Mapping[str, Any]) -> bytes:
        words = [{"to": "isi", "from": "@text"}] if act.text else []
        return envelope.of_act(act, [*words, *_KNOWN_ROWS])

    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        if self.setup.testing:
            raise Misconfigured("mail", detail="a test sends no mail")
        held, options = envelope.opened(outgoing.body), self._options()
        mail = self._mail(outgoing, held, options)
        began, cause = time.monotonic(), "mail"
        try:
            self._send(mail, on_mark, deadline_seconds)
            cause = ""
        except Unavailable as error:
            cause = error.cause
            raise
        finally:
            self._record(outgoing, held, cause, round((time.monotonic() - began) * 1000))
        return Receipt("", accepted=False)

    def _options(self) -> dict[str, Any]:
        """Judged anew at every mail: the operator may have closed the domain. Raises Misconfigured."""
        judged = EmailOptions(data=dict(self.setup.options))
        if not judged.is_valid():
            raise Misconfigured(
                "options", detail="; ".join(f"{name}: {why[0]}" for name, why in judged.errors.items())[:200]
            )
        return dict(judged.validated_data)

    def _mail(self, outgoing: Outgoing, held: envelope.Envelope, options: Mapping[str, Any]) -> EmailMessage:
        """Raises Misconfigured: what cannot be written as a mail is not begun."""
        known = {"reference": held.reference, "act": outgoing.act.lower()}
        known |= {name: str(value) for name, value in held.parameters.get("header", {}).items()}
        total = sum(int(entry["size"]) for entry in held.files)
        attached = options["files"] and total <= options["most_mebibytes"] * MEBIBYTE
        with translation.override(settings.LANGUAGE_CODE):
            text = "\n".join(_lines(outgoing, held, known, attached=attached))
        mail = EmailMessage(
            subject=_PLACEHOLDER.sub(lambda found: known.get(found[1], ""), options["subject"]),
            body=text,
            to=[options["to"]],
            headers={
                # The same for every try, so that a mail program that knows it shows one.
                "Message-ID": f"<{outgoing.key}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2]}>",
                "X-Portal-Reference": held.reference,
                "Auto-Submitted": "auto-generated",
            },
        )
        contents = envelope.contents(held.files, outgoing.files) if attached else ()
        for entry, content in contents:
            mail.attach(entry["name"], content, entry["content_type"])
        try:
            mail.message().as_bytes()
        except (ValueError, MessageError, UnicodeError) as error:  # a line break in a name, for instance
            raise Misconfigured("mail", detail=f"it cannot be written: {type(error).__name__}") from error
        return mail

    def _send(self, mail: EmailMessage, on_mark: Mark, deadline_seconds: float) -> None:
        server = get_connection(timeout=max(1.0, min(float(settings.EMAIL_TIMEOUT), deadline_seconds)))
        try:
            try:
                server.open()
            except (OSError, smtplib.SMTPException) as error:
                raise Unavailable("mail", maybe_sent=False, alert=True, detail=type(error).__name__) from error
            if on_mark() is False:
                raise Unavailable("mark", maybe_sent=False, counts=False)
            try:
                count = server.send_messages([mail])
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
                # The server has said no to this mail: it has not left.
                raise Unavailable(
                    "mail_refused", maybe_sent=False, slow=True, alert=True, detail=type(error).__name__
                ) from error
            except (OSError, smtplib.SMTPException) as error:
                raise Unavailable("mail", maybe_sent=True, alert=True, detail=type(error).__name__) from error
            if not count:
                raise Unavailable("mail", maybe_sent=True, alert=True, detail="the mail server did not take it")
        finally:
            _close(server)

    def _record(self, outgoing: Outgoing, held: envelope.Envelope, cause: str, milliseconds: int) -> None:
        row = Exchange(
            connection_id=self.setup.connection_id,
            direction=Exchange.Direction.OUT,
            operation=outgoing.act.lower()[:60],
            reference=outgoing.key[:60],
            cause=cause[:30],
            milliseconds=milliseconds,
            detail={"method": "MAIL", "request": shape_of(dict(held.body)), "files": len(held.files)},
            correlation_id=correlation_id()[:32],
        )
        try:
            row.save()
        except DatabaseError:  # what became of the mail matters more than the record of it
            _log.exception("an exchange could not be recorded", extra={"connection": self.setup.code})

    def check_health(self, *, deadline_seconds: float) -> Health:
        try:
            self._options()
        except Misconfigured as error:
            return Health(configured=False, reachable=False, authorised=False, cause=error.cause)
        began = time.monotonic()
        server = get_connection(timeout=max(1.0, min(float(settings.EMAIL_TIMEOUT), deadline_seconds)))
        try:
            server.open()
        except (OSError, smtplib.SMTPException):
            return Health(configured=True, reachable=False, authorised=False, cause="mail")
        finally:
            _close(server)
        return Health(True, True, True, round((time.monotonic() - began) * 1000))


def _close(server: Any) -> None:
    try:
        server.close()
    except (OSError, smtplib.SMTPException):
        _log.info("the connection to the mail server did not end well")


def _lines(outgoing: Outgoing, held: envelope.Envelope, known: Mapping[str, str], *, attached: bool) -> Iterator[str]:
    """The mail's text: what it is, what the mapping gives out, and where staff answer."""
    title = {
        "SUBMIT": _("Permohonan baru"),
        "ANSWER": _("Jawaban warga"),
        "ATTACHMENT": _("Berkas tambahan dari warga"),
        "WITHDRAW": _("Warga meminta pembatalan"),
    }
    yield f"{title.get(outgoing.act, outgoing.act)}: {held.reference} ({known.get('service', '')})"
    yield ""
    yield from (f"{name}: {value}" for name, value in _flat(held.body))
    if held.files and attached:
        yield _("Berkas terlampir: %(count)d") % {"count": len(held.files)}
    elif held.files:
        yield _("Berkas: %(count)d. Tidak dilampirkan; buka di portal.") % {"count": len(held.files)}
    yield ""
    yield _("Tindak lanjuti di daftar kerja portal: %(page)s") % {
        "page": f"{settings.PUBLIC_URL}/petugas/permohonan/{held.reference}/"
    }
    yield _("Surat ini memuat data pribadi. Jangan diteruskan.")


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, part in value.items():
                yield from _flat(part, f"{path}.{name}" if path else str(name))
        case list():
            for number, part in enumerate(value, 1):
                yield from _flat(part, f"{path}.{number}")
        case _:
            yield path, "" if value is None else " ".join(str(value).split())
