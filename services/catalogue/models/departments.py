"""Who offers: departments with their people, places and calendar, and what they announce."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib import languages
from portal.lib.crypto import EncryptedTextField
from portal.lib.references import new_token


class NamedInTwoLanguages:
    """`label` is the name in the language of the page; without an English name the Indonesian one, as proper names go."""

    name: Any
    name_en: Any

    @property
    def label(self) -> str:
        return str((languages.active() == "en" and self.name_en) or self.name)


class Region(models.Model):
    """A kecamatan or kelurahan, with its Kemendagri code (35.76.KK.NNNN)."""

    class Kind(models.TextChoices):
        KECAMATAN = "KECAMATAN", _("Kecamatan")
        KELURAHAN = "KELURAHAN", _("Kelurahan")

    code = models.CharField(max_length=13, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")

    def __str__(self) -> str:
        return self.name


class Department(NamedInTwoLanguages, models.Model):
    """Who offers services. `code` is ours and stable; kelurahan and kecamatan are departments too."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    name_en = models.CharField(max_length=160, blank=True)
    short_name = models.CharField(max_length=60)
    kind = models.CharField(max_length=30)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    region = models.OneToOneField(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="department")
    is_template = models.BooleanField(default=False)  # "kelurahan": resolved to the applicant's own at submit
    address = models.CharField(max_length=240, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    about = models.TextField(blank=True)  # as published by the department's own page
    about_en = models.TextField(blank=True)
    illustrative = models.BooleanField(default=True)
    # Whoever took over from a department that is no more; its code and its address lead there.
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class DepartmentChange(models.Model):
    """What was done to a department itself. Rows are only added (`departments` is the one writer)."""

    class Act(models.TextChoices):
        OPENED = "OPENED", _("Dibuka")
        RENAMED = "RENAMED", _("Diubah")
        MERGED = "MERGED", _("Digabung")

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="changes")
    act = models.CharField(max_length=8, choices=Act.choices)
    before = models.JSONField(default=dict)  # of what is known about it, only what changed
    after = models.JSONField(default=dict)
    into = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True, related_name="taken_over")
    reason = models.CharField(max_length=300)  # such as the number of the mayor's regulation
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]


class DepartmentRole(models.TextChoices):
    CLERK = "CLERK", _("Petugas")
    EDITOR = "EDITOR", _("Penyunting")
    REVIEWER = "REVIEWER", _("Peninjau")
    MANAGER = "MANAGER", _("Kepala")
    INTEGRATOR = "INTEGRATOR", _("Integrator")


class DepartmentMember(models.Model):
    """One role of one person in one department. Written only by `members`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=12, choices=DepartmentRole.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "department", "role"], name="one_row_a_role"),
        ]


class Invitation(models.Model):
    """Roles in a department that wait for the owner of an address without an account; its own row in the outbox of mails."""

    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="invitations")
    email = EncryptedTextField()
    email_index = models.CharField(max_length=64, db_index=True)
    roles = models.JSONField()
    reason = models.CharField(max_length=300, blank=True)
    token = models.CharField(max_length=32, unique=True, default=new_token)  # of the link in the mail
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=5)
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    next_try = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["department", "email_index"],
                condition=models.Q(accepted_at=None, taken_back_at=None),
                name="one_open_invitation",
            ),
        ]

    @property
    def role_labels(self) -> str:
        return ", ".join(str(DepartmentRole(role).label) for role in self.roles)


class ServicePoint(NamedInTwoLanguages, models.Model):
    """A place where services are offered over the counter."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    name_en = models.CharField(max_length=160, blank=True)
    address = models.CharField(max_length=240, blank=True)
    hours = models.CharField(max_length=160, blank=True)
    managed_by = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A day on which promises do not run (national holiday or cuti bersama)."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=120)


class Notice(models.Model):
    """Something everybody should know for a while: a planned outage, a change of hours.

    `state` follows the clock (`timetable.turn_notices`), so that a page says the same until a row changes.
    """

    class Kind(models.TextChoices):
        OUTAGE = "OUTAGE", _("Gangguan")
        MAINTENANCE = "MAINTENANCE", _("Pemeliharaan")
        INFORMATION = "INFORMATION", _("Pengumuman")

    class State(models.TextChoices):
        PLANNED = "PLANNED", _("Belum tampil")
        SHOWING = "SHOWING", _("Sedang tampil")
        OVER = "OVER", _("Sudah lewat")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120, blank=True)
    text = models.CharField(max_length=400)
    text_en = models.CharField(max_length=400, blank=True)
    # None: the whole city, on every page. Otherwise on the pages of that department and of its services.
    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True, related_name="notices")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # empty: until somebody takes it back
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED, db_index=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="a_notice_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_english(self) -> bool:
        """Is it read in English here? What is not translated stays Indonesian, and is marked so."""
        return languages.active() == "en" and bool(self.title_en and self.text_en)

    @property
    def heading(self) -> str:
        return self.title_en if self.is_english else self.title

    @property
    def words(self) -> str:
        return self.text_en if self.is_english else self.text
