"""Secrets of connections that end: the department's integrators are told 30, 7 and 1 day before, once each."""

from __future__ import annotations

from datetime import date

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils import timezone

from services.adapters.models import Connection
from services.catalogue.models import DepartmentRole
from services.notifications.actions import notify

STEPS = (30, 7, 1)  # days before


def end_of_certificate(pem: str) -> date:
    """The last day of a client certificate. Raises ValueError when it is none."""
    return timezone.localdate(x509.load_pem_x509_certificates(pem.encode())[0].not_valid_after_utc)


def check_key(pem: str) -> None:
    """Raises ValueError for what is no private key or has a password."""
    try:
        load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:
        raise ValueError("the key has a password") from error


def warn() -> int:
    """Write the messages that are due. Returns how many secrets are near their end. Safe to repeat."""
    today = timezone.localdate()
    count = 0
    for connection in Connection.objects.filter(is_active=True).select_related("department"):
        for label, info in sorted(connection.secret_info.items()):
            ends = _day(info.get("expires_on"))
            step = _step((ends - today).days) if ends else None
            if ends and step is not None:
                count += 1
                _tell(connection, label, ends, step)
    return count


def _step(left: int) -> int | None:
    """The last step that has been reached: a day on which nothing ran is made up for."""
    return min((step for step in STEPS if 0 <= left <= step), default=None)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _tell(connection: Connection, label: str, ends: date, step: int) -> None:
    members = connection.department.members.filter(role=DepartmentRole.INTEGRATOR, user__is_active=True)
    for user_id in members.values_list("user_id", flat=True).distinct():
        notify(
            user_id,
            template="secret_expires",
            key=f"secret_expires:{connection.pk}:{label}:{ends:%Y%m%d}:{step}:{user_id}",
            context={
                "label": connection.label,
                "department": connection.department.short_name,
                "code": connection.code,
                "secret": label,
                "ends": ends.isoformat(),
            },
        )
