"""The catalogue says exactly what the last published record says."""

from datetime import date

import pytest
from django.core.cache import cache
from django.utils import timezone

from services.catalogue import queries
from services.catalogue.actions import (
    ensure_service,
    publish_service,
    publish_services,
    set_availability,
    withdraw_service,
)
from services.catalogue.models import Availability, Department, Holiday, Region, Service, ServiceText
from services.catalogue.records import ServiceRecord


@pytest.fixture
def dlh(db: None) -> Department:
    return Department.objects.create(code="dlh", name="Dinas Lingkungan Hidup", short_name="DLH", kind="dinas")


def record(code: str, **more: object) -> ServiceRecord:
    return ServiceRecord(**{"code": code, "department": "dlh", "slug": code, "name": code.title(), **more})


def test_publishing_twice_changes_nothing(dlh: Department) -> None:
    publish_service(record("sampah", free=True, requirements=("KTP",)))
    once = queries.snapshot()
    publish_service(record("sampah", free=True, requirements=("KTP",)))
    assert queries.snapshot() == once
    assert once["sampah"]["is_free"] is True


def test_an_unknown_department_is_refused_and_nothing_is_left(dlh: Department) -> None:
    with pytest.raises(Department.DoesNotExist, match="nihil"):
        publish_services([record("a"), record("b", department="nihil")])
    assert not Service.objects.exists()


def test_a_draft_has_an_identity_but_no_text(dlh: Department) -> None:
    service = ensure_service("baru", "dlh")
    assert not service.is_public
    assert ensure_service("baru", "dlh").pk == service.pk
    assert not ServiceText.objects.exists()


def test_an_old_address_leads_to_the_present_one_for_ever(dlh: Department) -> None:
    publish_service(record("sampah", slug="angkut-sampah"))
    publish_service(record("sampah", slug="sampah-rumah"))
    publish_service(record("sampah", slug="sampah-warga"))
    assert queries.moved_to("angkut-sampah") == queries.moved_to("sampah-rumah") == "sampah-warga"
    assert queries.service_by_slug("angkut-sampah") is None


def test_two_services_may_exchange_their_addresses(dlh: Department) -> None:
    publish_services([record("a"), record("b")])
    publish_services([record("a", slug="b"), record("b", slug="a")])
    assert queries.service_by_slug("b").service.code == "a"  # type: ignore[union-attr]


def test_a_withdrawn_service_gives_its_address_away_but_keeps_its_name(dlh: Department) -> None:
    publish_service(record("lama", slug="pohon"))
    withdraw_service("lama")
    publish_service(record("baru", slug="pohon"))
    assert queries.service_by_slug("pohon").service.code == "baru"  # type: ignore[union-attr]
    assert ServiceText.objects.get(service__code="lama").name == "Lama"


def test_availability_is_set_by_code_or_ids_and_remembers_since_when(dlh: Department) -> None:
    service = publish_service(record("sampah"))
    since = timezone.now()
    assert set_availability("sampah", Availability.QUEUEING, since) == 1
    assert set_availability([service.pk], Availability.QUEUEING) == 0
    service.refresh_from_db()
    assert service.availability_since == since
    publish_service(record("sampah"))
    assert Service.objects.get().availability == Availability.QUEUEING


def test_unit_templates_go_to_the_residents_own_unit(dlh: Department) -> None:
    kecamatan = Region.objects.create(code="35.76.02", name="Magersari", kind="KECAMATAN")
    kelurahan = Region.objects.create(code="35.76.02.1001", name="Meri", kind="KELURAHAN", parent=kecamatan)
    units = {"kelurahan": None, "kecamatan": None, "kel-meri": kelurahan, "kec-magersari": kecamatan}
    for code, region in units.items():
        Department.objects.create(code=code, name=code, short_name=code, kind="x", region=region, is_template=region is None)
    letter = ensure_service("domisili", "kelurahan")
    permit = ensure_service("dispensasi", "kecamatan")
    for given in ("35.76.02.1001", "kel-meri", "Meri"):
        assert queries.department_for(letter, given).code == "kel-meri"
        assert queries.department_for(permit, given).code == "kec-magersari"
    assert queries.department_for(letter, "").code == queries.department_for(letter, "tidak ada").code == "kelurahan"
    assert queries.department_for(ensure_service("sampah", "dlh"), "kel-meri").code == "dlh"


def test_holidays_are_a_set_of_days(db: None) -> None:
    cache.delete(queries.HOLIDAYS_KEY)
    Holiday.objects.create(day=date(2026, 8, 17), name="Kemerdekaan")
    assert queries.holidays() == frozenset({date(2026, 8, 17)})
    cache.delete(queries.HOLIDAYS_KEY)
