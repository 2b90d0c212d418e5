"""Drafts, cases, their timeline and files, and the outbox of deliveries."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib import languages
from portal.lib.crypto import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from portal.lib.references import new_token
from services.cases.constants import Act, DeliveryPhase, DeliveryState, Phase, Status
from services.cases.sentences import Sentence


class Draft(models.Model):
    """An application being filled in: raw answers, encrypted, expires. No staff query ever meets it."""

    ref = models.CharField(max_length=22, unique=True, default=new_token)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, related_name="drafts")
    version = models.ForeignKey("forms.FormVersion", on_delete=models.PROTECT, related_name="drafts")
    answers = EncryptedJSONField(default=dict)
    seen = models.JSONField(default=list)  # parts that were judged once
    upload_problems = models.JSONField(default=dict)  # question key -> sentence of the last refused file
    sources = models.JSONField(default=dict)  # question key -> where a prefilled answer came from
    carried = models.JSONField(default=dict)  # what a new version of the form dropped, changed and asks anew; told once
    open = models.BooleanField(null=True, default=True)  # True, or NULL once sent or dropped
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "service", "open"], name="one_open_draft_a_service"),
        ]


class JourneyRun(models.Model):
    """One resident's walk along a journey, with the answers that several of its steps share. No staff query ever meets it."""

    ref = models.CharField(max_length=22, unique=True, default=new_token)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="journey_runs")
    journey = models.ForeignKey("catalogue.Journey", on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey("forms.FormVersion", on_delete=models.PROTECT, null=True, related_name="journey_runs")
    answers = EncryptedJSONField(default=dict)  # raw, as in a draft; gone when every step is sent, or after 30 idle days
    seen = models.JSONField(default=list)  # parts that were judged once
    sources = models.JSONField(default=dict)  # question key -> where a prefilled answer came from
    open = models.BooleanField(null=True, default=True)  # True, or NULL once another walk has begun
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Of the answers; of the whole walk when nothing was done yet. None: no answers are kept.
    expires_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "journey", "open"], name="one_open_walk_a_journey"),
        ]


class JourneyMark(models.Model):
    """How far one step of a walk has come: its draft, its case, or what the resident says of it."""

    run = models.ForeignKey(JourneyRun, on_delete=models.CASCADE, related_name="marks")
    step = models.SlugField(max_length=60)  # the key of the journey's step
    draft = models.OneToOneField(Draft, on_delete=models.SET_NULL, null=True, related_name="journey_mark")
    case = models.OneToOneField("Case", on_delete=models.SET_NULL, null=True, related_name="journey_mark")
    ticked_at = models.DateTimeField(null=True)  # "I have done this"
    skipped_at = models.DateTimeField(null=True)  # "I do not need this"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "step"], name="one_mark_a_step"),
            models.CheckConstraint(
                condition=models.Q(ticked_at=None) | models.Q(skipped_at=None), name="a_step_is_not_both_done_and_skipped"
            ),
        ]


class Case(models.Model):
    """One resident's request. The number is given at submission and never reused."""

    class Kind(models.TextChoices):
        APPLICATION = "APPLICATION"
        COMPLAINT = "COMPLAINT"

    reference = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.APPLICATION)
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, null=True, blank=True, related_name="cases")
    department = models.ForeignKey("catalogue.Department", on_delete=models.PROTECT, related_name="cases")
    version = models.ForeignKey("forms.FormVersion", on_delete=models.PROTECT, null=True, related_name="cases")
    title = models.CharField(max_length=200)  # the service's name when it was sent
    title_en = models.CharField(max_length=200, blank=True)
    answers = EncryptedJSONField(default=dict)  # effective answers, as confirmed
    answered_on = models.DateField()  # the "today" of the rules, fixed at submission
    submission_key = models.CharField(max_length=160, unique=True)
    body_digest = models.CharField(max_length=64)
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.SUBMITTED)
    phase = models.CharField(max_length=8, choices=Phase.choices, default=Phase.OPEN)
    status_version = models.CharField(max_length=60, blank=True)  # the backend's own version of its last update
    status_at = models.DateTimeField(default=timezone.now)
    backend_reference = models.CharField(max_length=120, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)  # the department's receipt
    results = EncryptedJSONField(default=dict)  # what the department named at the end: name -> text
    due_at = models.DateTimeField(null=True, blank=True)
    clerk = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="handled_cases"
    )
    correlation_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["resident", "-created_at"]),
            models.Index(fields=["department", "phase", "due_at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(kind="APPLICATION")
                | models.Q(resident__isnull=False, service__isnull=False, version__isnull=False),
                name="an_application_has_a_resident_and_a_service",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def label(self) -> str:
        """The service's name in the language of the page, as it was when the case was sent."""
        return (languages.active() == "en" and self.title_en) or self.title


_ACTORS = {"resident": _("Warga"), "department": _("Sistem dinas"), "portal": _("Portal")}


class CaseEvent(models.Model):
    """One line of the timeline. `public` lines are what the resident reads."""

    class Kind(models.TextChoices):
        STATUS = "STATUS"
        MESSAGE = "MESSAGE"
        DELIVERY = "DELIVERY"
        ACT = "ACT"  # what the resident did later; `status` names the act, the key leads to its delivery
        NOTE = "NOTE"  # staff only

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=24, blank=True)
    text = EncryptedTextField(blank=True)  # people write numbers and names into sentences
    facts = EncryptedJSONField(null=True)  # of the portal's own sentence, whose template is `text`; None: somebody's words
    actor = models.CharField(max_length=120, blank=True)  # "resident", "department", "portal", or a clerk's name
    key = models.CharField(max_length=160, null=True, unique=True)  # what makes this line the only one of its kind
    public = models.BooleanField(default=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["at", "id"]

    @property
    def words(self) -> str:
        """The text for who reads it now: the portal's own sentence in the reader's language, other words as they are."""
        return self.text if self.facts is None else str(Sentence(self.text, self.facts))

    @property
    def status_word(self) -> str:
        return str(Status(self.status).label) if self.status in Status.values else self.status

    @property
    def actor_word(self) -> str:
        return str(_ACTORS.get(self.actor, self.actor))


class Attachment(models.Model):
    """A file of a draft, later of a case. The bytes lie encrypted outside the web root under a random name."""

    ref = models.CharField(max_length=32, unique=True)  # 32 hex digits: what an answer holds
    draft = models.ForeignKey(Draft, on_delete=models.SET_NULL, null=True, blank=True, related_name="attachments")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments")
    delivery = models.ForeignKey(
        "Delivery", on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )  # the later act that brought it; empty: the submission
    question = models.CharField(max_length=80)
    name = EncryptedJSONField()  # the cleaned original name, a string
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)


class Delivery(models.Model):
    """One outgoing act of a case: the queue of record. Key and body are frozen when the row is made."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deliveries")
    number = models.PositiveIntegerField(default=0)
    act = models.CharField(max_length=10, choices=Act.choices, default=Act.SUBMIT)
    key = models.CharField(max_length=60, unique=True)  # the case's reference, then `reference.n`
    connection = models.ForeignKey("adapters.Connection", on_delete=models.PROTECT, related_name="deliveries")
    operation = models.ForeignKey("adapters.Operation", on_delete=models.PROTECT, null=True, related_name="+")
    body: Any = EncryptedBinaryField()
    idempotency = models.CharField(max_length=8)
    request_key = models.CharField(max_length=160, null=True, unique=True)  # of a later act: one press, one act
    request_digest = models.CharField(max_length=64, blank=True)

    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    phase = models.CharField(max_length=8, choices=DeliveryPhase.choices, blank=True)
    token = models.CharField(max_length=32, blank=True)  # of the present lease; kept afterwards as evidence
    lease_until = models.DateTimeField(null=True, blank=True)
    ask = models.BooleanField(default=False)  # class lookup: ask before sending again
    ask_after = models.DateTimeField(null=True, blank=True)
    offered_at = models.DateTimeField(null=True, blank=True)  # the first moment at which bytes may have left
    tries = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    woken_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)  # staff only
    problem = models.JSONField(default=dict, blank=True)  # NEEDS_ATTENTION: field errors of the department
    backend_reference = models.CharField(max_length=120, blank=True)
    correlation_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "next_try"]), models.Index(fields=["connection", "state"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "number"], name="one_delivery_a_number"),
        ]


class Poll(models.Model):
    """A case whose department does not tell us by itself: when it is asked next, and what it last said."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="poll")
    connection = models.ForeignKey("adapters.Connection", on_delete=models.CASCADE, related_name="polls")
    next_at = models.DateTimeField()
    since = models.DateTimeField()  # the case's last movement: the older, the rarer it is asked
    woken_until = models.DateTimeField(null=True, blank=True)
    token = models.CharField(max_length=32, blank=True)  # of the present lease
    lease_until = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)  # the last good answer: "last known at"
    failures = models.PositiveIntegerField(default=0)  # since that answer
    last_error = models.CharField(max_length=200, blank=True)  # staff only
    seen = models.CharField(max_length=64, blank=True)  # digest of the last answer
    turn = models.PositiveIntegerField(default=0)  # how many different answers came so far

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["connection", "next_at"]),
            models.Index(fields=["connection", "lease_until"]),
        ]


class InboundEvent(models.Model):
    """A verified webhook, stored before it is worked on. The id makes a doubled or replayed one harmless."""

    class State(models.TextChoices):
        STORED = "STORED"
        APPLIED = "APPLIED"
        IGNORED = "IGNORED"  # unknown word, older version, unknown case after the waiting time

    connection = models.ForeignKey("adapters.Connection", on_delete=models.CASCADE, related_name="inbound_events")
    event_id = models.CharField(max_length=120)
    payload = EncryptedJSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.STORED)
    reason = models.CharField(max_length=200, blank=True)
    correlation_id = models.CharField(max_length=32, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "event_id"], name="one_row_an_event"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "received_at"])]
