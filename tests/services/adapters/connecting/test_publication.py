"""What the publication gate asks of an online service: connected, its contract kept, no drift."""

from __future__ import annotations

import pytest

from services.adapters.connecting.service import publication_problems
from services.adapters.models import Binding, Connection, ContractRun
from services.catalogue.models import Channel, Department, Service


@pytest.fixture
def service(db: None) -> Service:
    department = Department.objects.create(code="dinas-uji", name="Dinas Uji", short_name="Uji", kind="dinas")
    return Service.objects.create(code="izin-uji", department=department, channel=Channel.FORM)


def bind(service: Service, kind: str, **more: object) -> Binding:
    assert service.department is not None
    connection = Connection.objects.create(code="uji", department=service.department, label="Uji", kind=kind)
    return Binding.objects.create(service=service, connection=connection, **more)


def test_a_service_that_nobody_connected_is_refused(service: Service) -> None:
    assert "belum tersambung" in publication_problems(service)[0]
    bind(service, "rest", live_at=None)
    assert "belum tersambung" in publication_problems(service)[0]


def test_the_work_list_counts_as_green(service: Service) -> None:
    bind(service, "inbox")
    assert publication_problems(service) == []


def test_a_red_contract_and_drift_are_refused_and_a_green_one_is_not(service: Service) -> None:
    binding = bind(service, "rest")
    ContractRun.objects.create(binding=binding, target="test", green=False, specs="x")
    assert "merah" in publication_problems(service)[0]
    ContractRun.objects.create(binding=binding, target="test", green=True, specs="x")
    assert publication_problems(service) == []
    Binding.objects.filter(pk=binding.pk).update(drift="jawaban: nomor")
    assert "jawaban: nomor" in publication_problems(service)[0]
