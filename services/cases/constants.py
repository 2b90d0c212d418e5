"""The life of an application and of a delivery, as tables (source: the city's `statuses.yaml`)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    SUBMITTED = "SUBMITTED", _("Terkirim")
    RECEIVED = "RECEIVED", _("Diperiksa")
    IN_PROGRESS = "IN_PROGRESS", _("Diproses")
    WAITING_FOR_RESIDENT = "WAITING_FOR_RESIDENT", _("Perlu perbaikan")
    COMPLETED = "COMPLETED", _("Selesai")
    REFUSED = "REFUSED", _("Ditolak")
    WITHDRAWN = "WITHDRAWN", _("Dibatalkan")
    EXPIRED = "EXPIRED", _("Kedaluwarsa")


class Phase(models.TextChoices):
    OPEN = "open", _("Berjalan")
    WAITING = "waiting", _("Menunggu Anda")
    CLOSED = "closed", _("Selesai")


PHASE_OF: dict[str, Phase] = {
    Status.SUBMITTED: Phase.OPEN,
    Status.RECEIVED: Phase.OPEN,
    Status.IN_PROGRESS: Phase.OPEN,
    Status.WAITING_FOR_RESIDENT: Phase.WAITING,
    Status.COMPLETED: Phase.CLOSED,
    Status.REFUSED: Phase.CLOSED,
    Status.WITHDRAWN: Phase.CLOSED,
    Status.EXPIRED: Phase.CLOSED,
}

NEXT: dict[str, frozenset[str]] = {
    Status.SUBMITTED: frozenset(
        {
            Status.RECEIVED,
            Status.IN_PROGRESS,
            Status.WAITING_FOR_RESIDENT,
            Status.COMPLETED,
            Status.REFUSED,
            Status.WITHDRAWN,
        }
    ),
    Status.RECEIVED: frozenset(
        {Status.IN_PROGRESS, Status.WAITING_FOR_RESIDENT, Status.COMPLETED, Status.REFUSED, Status.WITHDRAWN}
    ),
    Status.IN_PROGRESS: frozenset({Status.WAITING_FOR_RESIDENT, Status.COMPLETED, Status.REFUSED, Status.WITHDRAWN}),
    Status.WAITING_FOR_RESIDENT: frozenset(
        {Status.RECEIVED, Status.IN_PROGRESS, Status.COMPLETED, Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED}
    ),
    Status.COMPLETED: frozenset(),
    Status.REFUSED: frozenset(),
    Status.WITHDRAWN: frozenset(),
    Status.EXPIRED: frozenset(),
}

# Status word -> (tag style, icon) of the component `tag`.
TAG: dict[str, tuple[str, str]] = {
    Status.SUBMITTED: ("info", "send"),
    Status.RECEIVED: ("info", "clock"),
    Status.IN_PROGRESS: ("info", "clock"),
    Status.WAITING_FOR_RESIDENT: ("warn", "warn"),
    Status.COMPLETED: ("ok", "check"),
    Status.REFUSED: ("err", "x"),
    Status.WITHDRAWN: ("", "x"),
    Status.EXPIRED: ("", "clock"),
}


class Act(models.TextChoices):
    """What a delivery carries."""

    SUBMIT = "SUBMIT"
    ANSWER = "ANSWER"
    ATTACHMENT = "ATTACHMENT"
    WITHDRAW = "WITHDRAW"


class DeliveryState(models.TextChoices):
    PENDING = "PENDING", _("Menunggu dikirim")
    SENDING = "SENDING", _("Sedang dikirim")
    SENT = "SENT", _("Sampai")
    UNCLEAR = "UNCLEAR", _("Sedang dikonfirmasi")
    NEEDS_ATTENTION = "NEEDS_ATTENTION", _("Perlu petugas")
    CANCELLED = "CANCELLED", _("Dibatalkan")


class DeliveryPhase(models.TextChoices):
    """Within SENDING: was the first byte about to be written?"""

    LEASED = "leased"
    WRITING = "writing"
