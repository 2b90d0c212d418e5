"""What is told to whom subscribes: the types of events (docs/reference/events.md)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """The CloudEvents `type`. A change that would break a reader gets a new version at the end; these stay."""

    SUBMITTED = "id.layanankota.case.submitted.v1", _("Permohonan terkirim")
    RECEIVED = "id.layanankota.case.received.v1", _("Permohonan diperiksa dinas")
    IN_PROGRESS = "id.layanankota.case.in_progress.v1", _("Permohonan diproses")
    WAITING = "id.layanankota.case.waiting_for_resident.v1", _("Dinas menunggu jawaban warga")
    COMPLETED = "id.layanankota.case.completed.v1", _("Permohonan selesai")
    REFUSED = "id.layanankota.case.refused.v1", _("Permohonan ditolak")
    WITHDRAWN = "id.layanankota.case.withdrawn.v1", _("Permohonan dibatalkan")
    EXPIRED = "id.layanankota.case.expired.v1", _("Permohonan kedaluwarsa")
    ANSWERED = "id.layanankota.case.answered.v1", _("Warga menjawab pertanyaan dinas")
    ATTACHMENT_ADDED = "id.layanankota.case.attachment_added.v1", _("Warga menambah berkas")
    WITHDRAWAL_REQUESTED = "id.layanankota.case.withdrawal_requested.v1", _("Warga minta permohonan dibatalkan")


TEST = "id.layanankota.subscription.test.v1"  # sent on demand, whatever is subscribed

OF_STATUS: dict[str, EventType] = {
    "SUBMITTED": EventType.SUBMITTED,
    "RECEIVED": EventType.RECEIVED,
    "IN_PROGRESS": EventType.IN_PROGRESS,
    "WAITING_FOR_RESIDENT": EventType.WAITING,
    "COMPLETED": EventType.COMPLETED,
    "REFUSED": EventType.REFUSED,
    "WITHDRAWN": EventType.WITHDRAWN,
    "EXPIRED": EventType.EXPIRED,
}
OF_ACT: dict[str, EventType] = {
    "ANSWER": EventType.ANSWERED,
    "ATTACHMENT": EventType.ATTACHMENT_ADDED,
    "WITHDRAW": EventType.WITHDRAWAL_REQUESTED,
}


class EventState(models.TextChoices):
    WAITING = "WAITING", _("Menunggu")
    SENT = "SENT", _("Terkirim")
    DEAD = "DEAD", _("Menyerah")


class OffReason(models.TextChoices):
    """Why a subscription is switched off."""

    NONE = "", ""
    PERSON = "person", _("Dimatikan petugas atau program dinas")
    GONE = "gone", _("Alamat penerima menjawab 410: tidak ada lagi")
