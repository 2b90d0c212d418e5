"""A small city of its own: one department, one service, one form, and a connection of a chosen kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from portal.lib.clocks import today
from services.adapters.kinds.demo import Demo
from services.adapters.models import Binding, Connection
from services.cases import delivery as work
from services.cases.actions import submit_case
from services.cases.models import Case, Delivery
from services.catalogue.models import Channel, Department, Service, ServiceText
from services.forms.models import FormDefinition, FormVersion

DOCUMENT = {
    "profile": "kota-form/1",
    "title": {"id": "Surat uji"},
    "parts": [{"key": "isi", "title": {"id": "Isi"}, "questions": []}],
}


@pytest.fixture
def department(db: None) -> Department:
    return Department.objects.create(code="dinas-uji", name="Dinas Uji", short_name="Dinas Uji", kind="dinas")


@pytest.fixture
def service(department: Department) -> Service:
    form = FormDefinition.objects.create(code="surat-uji")
    FormVersion.objects.create(definition=form, number=1, document=DOCUMENT, schema={}, ui={}, digest="x")
    made = Service.objects.create(
        code="surat-uji",
        department=department,
        channel=Channel.FORM,
        form=form,
        is_public=True,
        time_value=3,
        time_unit="hari_kerja",
    )
    ServiceText.objects.create(service=made, language="id", slug="surat-uji", name="Surat uji")
    return made


@pytest.fixture
def connect(service: Service, department: Department) -> Callable[..., Connection]:
    """`connect("demo", idempotency="none", behaviour="unclear")` binds the service to such a connection."""

    def make(kind: str = "demo", *, idempotency: str = "key", **options: Any) -> Connection:
        made = Connection.objects.create(
            code="sambungan-uji",
            department=department,
            label="Sambungan uji",
            kind=kind,
            idempotency=idempotency,
            options=options,
            settle_seconds=0,
        )
        Binding.objects.create(service=service, connection=made)
        return made

    return make


@pytest.fixture
def submit(service: Service, alice: User) -> Callable[..., Case]:
    """Alice's submission; each call has a key of its own unless one is given."""
    count = 0

    def make(key: str = "", *, digest: str = "d", resident: User | None = None, **answers: Any) -> Case:
        nonlocal count
        count += 1
        assert service.form is not None
        return submit_case(
            service,
            resident=resident or alice,
            version=service.form.versions.get(number=1),
            answers=answers,
            attachments=[],
            submission_key=key or f"test:{count}",
            body_digest=digest,
            today=today(),
        )

    return make


def delivery_of(case: Case) -> Delivery:
    return Delivery.objects.select_related("connection").get(case=case, number=0)


@pytest.fixture
def demo_without_past(settings: Any, tmp_path: Any) -> None:
    Demo.effects.clear()
    settings.UPLOADS_ROOT = tmp_path / "uploads"


@pytest.fixture
def asked(connect: Callable[..., Connection], submit: Callable[..., Case]) -> Case:
    """A case that has arrived at a department with a system, which asks."""
    from tests.services.cases.later_acts import ask

    connect()
    case = submit()
    work.deliver(delivery_of(case).pk)
    ask(case)
    case.refresh_from_db()
    return case
