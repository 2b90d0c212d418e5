"""How departments' systems are reached: all of it data."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib.crypto import EncryptedJSONField


class Idempotency(models.TextChoices):
    """What a backend can do about a request that is sent twice (design: reliability, "A submission")."""

    KEY = "key", _("Menghormati Idempotency-Key")
    LOOKUP = "lookup", _("Bisa ditanya")
    NONE = "none", _("Tidak keduanya")


class Connection(models.Model):
    """One configured department backend."""

    code = models.SlugField(max_length=60, unique=True)
    department = models.ForeignKey("catalogue.Department", on_delete=models.PROTECT, related_name="connections")
    label = models.CharField(max_length=120)
    kind = models.CharField(max_length=30)
    base_url = models.URLField(max_length=300, blank=True)
    test_url = models.URLField(max_length=300, blank=True)
    options = models.JSONField(default=dict, blank=True)
    secrets = EncryptedJSONField(default=dict, blank=True)
    test_secrets = EncryptedJSONField(default=dict, blank=True)  # at the test address, before those above
    secret_info = models.JSONField(default=dict, blank=True)  # name -> {"set_at", "expires_on"}; never a value
    stand_in = models.BooleanField(default=False)  # tests go to the pretend backend made from the document
    stand_in_fault = models.CharField(max_length=20, blank=True)  # of services.adapters.sandbox.Fault
    idempotency = models.CharField(max_length=8, choices=Idempotency.choices, default=Idempotency.NONE)
    settle_seconds = models.PositiveIntegerField(default=600)  # class lookup: longest processing time after the last byte
    ceiling = models.PositiveSmallIntegerField(default=4)  # simultaneous calls, over all processes
    is_active = models.BooleanField(default=True)

    # Breaker and retry budget: columns of the row that every claim locks, so they are exact over all processes.
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    down_since = models.DateTimeField(null=True, blank=True)
    budget = models.FloatField(default=10.0)
    budget_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.code


class ApiDocument(models.Model):
    """What an integrator has uploaded: the department's own API document. Operations name it by digest, so it never changes.

    `files`: name -> text; `main` is the document itself, the others are what it imports.
    """

    class Format(models.TextChoices):
        OPENAPI = "openapi", "OpenAPI"
        WSDL = "wsdl", "WSDL"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="documents")
    format = models.CharField(max_length=10, choices=Format.choices)
    digest = models.CharField(max_length=64)
    files = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "digest"], name="one_row_a_document"),
        ]
        ordering: ClassVar = ["connection", "-created_at"]


class Operation(models.Model):
    """One thing a connection can do, as versioned data; the newest live one is used. A delivery keeps the version it was made
    with."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="operations")
    name = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    purpose = models.CharField(max_length=200, blank=True)
    spec = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    live_at = models.DateTimeField(null=True, blank=True, default=timezone.now)  # None: a draft that only tests use

    retired_at = models.DateTimeField(null=True, blank=True)  # only deliveries that were made with it use it still

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "name", "version"], name="one_row_an_operation_version"),
        ]
        ordering: ClassVar = ["connection", "name", "-version"]

    @property
    def endpoint(self) -> str:
        """Where it goes at the department, for people."""
        return f"{self.spec.get('method', 'POST')} {self.spec.get('path') or self.spec.get('operation', '')}"


class Binding(models.Model):
    """A service's form fields -> the input of an operation. Versioned; the newest live one is used."""

    service = models.ForeignKey("catalogue.Service", on_delete=models.CASCADE, related_name="bindings")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="bindings")
    operation = models.SlugField(max_length=60, default="submit")
    version = models.PositiveIntegerField(default=1)
    mapping = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    live_at = models.DateTimeField(null=True, blank=True, default=timezone.now)  # None: a draft that only tests use
    drift = models.CharField(max_length=200, blank=True)  # what the backend no longer does as its document says
    drifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "version"], name="one_row_a_binding_version"),
        ]


class ContractRun(models.Model):
    """One run of the contract tests of a binding, against the test address or the pretend backend.

    `rows`: [{"name", "result": good|bad|odd|skipped, "text", "milliseconds"}]; no value that was sent is in them.
    """

    class Target(models.TextChoices):
        TEST = "test", _("Alamat uji")
        STAND_IN = "stand_in", _("Sistem tiruan")

    binding = models.ForeignKey(Binding, on_delete=models.CASCADE, related_name="runs")
    target = models.CharField(max_length=10, choices=Target.choices)
    green = models.BooleanField()
    drift = models.CharField(max_length=200, blank=True)
    rows = models.JSONField(default=list)
    specs = models.CharField(max_length=64)  # digest of the operations that were tested: a change makes the run old
    nightly = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["binding", "-at"])]


class SandboxEntry(models.Model):
    """What the pretend backend of a connection has been sent in a test: numbers only."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="sandbox_entries")
    key = models.CharField(max_length=120)
    number = models.CharField(max_length=40)
    withdrawn = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "key"], name="one_row_a_sandbox_key"),
        ]


class Maintenance(models.Model):
    """A window in which a department's system is not to be spoken to: applications queue, or the service pauses."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="maintenances")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    pauses = models.BooleanField(default=False)  # nobody can start; otherwise applications queue
    reason = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["starts_at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="maintenance_ends_later"),
        ]


class Exchange(models.Model):
    """One recorded message to or from a backend, redacted: shapes and codes, never a resident's answers."""

    class Direction(models.TextChoices):
        OUT = "OUT"
        IN = "IN"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="exchanges")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    operation = models.CharField(max_length=60)
    reference = models.CharField(max_length=60, blank=True, db_index=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    cause = models.CharField(max_length=30, blank=True)  # portal.lib.http.Cause, empty when the call was good
    milliseconds = models.PositiveIntegerField(default=0)
    request_bytes = models.PositiveIntegerField(default=0)
    response_bytes = models.PositiveIntegerField(default=0)
    detail = models.JSONField(default=dict)
    correlation_id = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["connection", "-at"])]
