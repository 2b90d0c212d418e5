"""What every adapter kind promises, as tests: docs/how-to/write-a-kind.md

`KindContract` wants the fixtures `kind` (a connection, bound to `service`) and `service`; `OwnKind` makes both from what a
subclass declares, for kinds of one's own.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import pytest

from services.adapters import gateway
from services.adapters.checks import check_kinds
from services.adapters.models import Binding, Connection, Exchange, Operation
from services.adapters.values import Capability, Health, Misconfigured, Receipt, Unavailable
from services.catalogue.models import Department, Service
from tests.services.adapters.conftest import PHOTO, ROWS, file_of, outgoing_of, send, submission_of

KEY, UNSENT = "MJK-2611-AAAA-B", "MJK-2611-CCCC-D"


class KindContract:
    def test_preparing_is_pure_and_says_the_same_twice(self, kind: Connection, service: Service) -> None:
        binding = gateway.binding_for(service)
        first, second = (gateway.prepare(binding, submission_of(files=[file_of()])) for _ in range(2))
        assert first == second
        assert base64.b64encode(PHOTO) not in first.body and PHOTO not in first.body
        assert not Exchange.objects.exists()

    def test_sending_twice_gives_the_same_receipt(self, kind: Connection, service: Service) -> None:
        outgoing = outgoing_of(service, files=[file_of()])
        first = send(outgoing)
        assert isinstance(first, Receipt)
        assert send(outgoing) == first
        assert first.accepted is not gateway.works_here(kind), "where staff confirm in the portal, nobody has it before"

    def test_the_mark_is_made_before_anything_leaves_or_nothing_leaves(self, kind: Connection, service: Service) -> None:
        class NotOursError(Exception):
            pass

        def lost() -> bool:
            raise NotOursError

        if gateway.stays_here(kind):
            assert isinstance(send(outgoing_of(service), on_mark=lost), Receipt), "nothing leaves, so there is no mark"
            return
        with pytest.raises(NotOursError):
            send(outgoing_of(service, key=UNSENT), on_mark=lost)
        if Capability.RECONCILE in gateway.kind_of(kind.kind).capabilities:
            assert gateway.reconcile(kind.pk, UNSENT) is None

    def test_health_is_told_and_nothing_is_raised(self, kind: Connection) -> None:
        assert gateway.check_health(kind) == Health(True, True, True, pytest.approx(0, abs=3000), "")

    def test_what_a_kind_cannot_do_is_misconfigured_and_what_it_can_works(self, kind: Connection, service: Service) -> None:
        receipt = send(outgoing_of(service))
        able = gateway.kind_of(kind.kind).capabilities
        if Capability.RECONCILE in able:
            assert gateway.reconcile(kind.pk, KEY) == receipt
            assert gateway.reconcile(kind.pk, "MJK-2611-ZZZZ-Z") is None, "a proven no"
        else:
            with pytest.raises(Misconfigured):
                gateway.reconcile(kind.pk, KEY)
        if Capability.STATUS in able:
            number = receipt.backend_reference
            assert gateway.fetch_status(kind.pk, number).backend_reference == number
        else:
            with pytest.raises(Misconfigured):
                gateway.fetch_status(kind.pk, "x")

    def test_a_connection_that_is_switched_off_waits(self, kind: Connection, service: Service) -> None:
        outgoing = outgoing_of(service)
        kind.is_active = False
        kind.save()
        with pytest.raises(Unavailable) as caught:
            send(outgoing)
        assert (caught.value.maybe_sent, caught.value.counts) == (False, False)


class OwnKind(KindContract):
    """Say `name`, and what a connection of it needs."""

    name: ClassVar[str]
    base_url: ClassVar[str] = ""
    options: ClassVar[dict[str, Any]] = {}
    secrets: ClassVar[dict[str, Any]] = {}
    operations: ClassVar[dict[str, dict[str, Any]]] = {}
    mapping: ClassVar[list[dict[str, Any]]] = ROWS

    @pytest.fixture
    def service(self, db: None) -> Service:
        department = Department.objects.create(code="dinas-uji", name="Dinas Uji", short_name="Uji", kind="dinas")
        return Service.objects.create(code="akta-uji", department=department)

    @pytest.fixture
    def kind(self, service: Service) -> Connection:
        connection = Connection.objects.create(
            code="uji",
            department=service.department,
            label="Uji",
            kind=self.name,
            base_url=self.base_url,
            options=self.options,
            secrets=self.secrets,
        )
        for name, spec in self.operations.items():
            Operation.objects.create(connection=connection, name=name, spec=spec)
        Binding.objects.create(service=service, connection=connection, mapping=self.mapping)
        return connection

    def test_its_settings_and_what_it_declares_are_accepted(self) -> None:
        assert gateway.check_settings(self.name, options=self.options, operations=self.operations, mappings={}) == []
        assert check_kinds(None) == []
