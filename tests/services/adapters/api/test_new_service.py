"""A service that was never public: its page is begun in the back office, its system connected by the API, and only then may it go live."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from cms import checks
from cms.loading import ensure_home
from cms.models import DepartmentPage, ServicePage
from services.adapters.connecting.service import publication_problems
from services.adapters.models import Binding
from services.cases import delivery as work
from services.cases.models import Delivery
from services.catalogue.models import Category, Channel, Department, Service
from tests.backends.documented import Documented
from tests.cms.test_projection import A_PAGE
from tests.services.adapters.api.program import Program
from tests.services.adapters.api.test_whole_way import connect
from tests.services.adapters.connecting.document import DOCUMENT

ANSWERS = {
    "nik": "3576010101900001",
    "nopol": "S 1234 XY",
    "trayek": "B",
    "mulai": "2026-12-01",
    "panjang_m": "7,5",
    "sopir": [{"nama": "Budi Contoh", "umur": 40}],
}


@pytest.fixture
def page(department: Department) -> ServicePage:
    """A draft that somebody has begun: people will apply online."""
    Category.objects.create(slug="umum", name="Umum")
    above = DepartmentPage(title="Dishub", slug=department.code, department=department.code)
    ensure_home("Kota").add_child(instance=above)
    made = ServicePage(
        title="Izin baru", slug="izin-baru", channel=Channel.FORM, live=False, category=Category.objects.get(), **A_PAGE
    )
    above.add_child(instance=made)
    return made


def test_a_page_that_was_never_public_goes_live_once_its_system_is_connected(
    page: ServicePage, program: Program, backend: Documented, carol: User
) -> None:
    assert not Service.objects.get(code=page.code).is_public
    with pytest.raises(ValidationError):
        checks.refuse_incomplete(page)
    run = connect(program, backend, DOCUMENT, page.code)
    assert run["green"], run["rows"]
    assert "belum tersambung" in str(checks.problems(page)), "a draft of a mapping connects nobody"
    program.good("POST", f"connections/trayek/bindings/{page.code}/publish")
    assert checks.problems(page) == []
    page.save_revision().publish()
    service = Service.objects.get(code=page.code)
    assert service.is_public and service.channel == Channel.FORM
    case = program.good("POST", "cases", {"service": page.code, "answers": ANSWERS}, **{"Idempotency-Key": "satu"})
    assert work.deliver(Delivery.objects.get(case__reference=case["reference"]).pk) == "sent"
    assert backend.arrived[-1]["external_id"] == case["reference"]


def test_a_public_service_of_the_counter_is_connected_before_its_page_says_online(
    page: ServicePage, program: Program, backend: Documented
) -> None:
    page.channel = Channel.OFFICE
    page.save_revision().publish()
    assert connect(program, backend, DOCUMENT, page.code)["green"]
    proposal = program.good("GET", f"connections/trayek/proposal?operation_id=ajukanIzin&role=submit&service={page.code}")
    assert proposal["form"] is None, "its form is there already"
    program.good("POST", f"connections/trayek/bindings/{page.code}/publish")
    page.channel = Channel.FORM
    page.save_revision().publish()
    assert Service.objects.get(code=page.code).channel == Channel.FORM


def test_the_form_of_a_counter_service_is_written_again_until_people_apply_online(
    page: ServicePage, program: Program, backend: Documented
) -> None:
    page.channel = Channel.OFFICE
    page.save_revision().publish()
    connect(program, backend, DOCUMENT, page.code)
    form = Service.objects.get(code=page.code).form
    assert form is not None
    document = form.versions.get().document
    path = f"connections/trayek/bindings/{page.code}/form"
    document["parts"][0]["title"] = {"id": "Kendaraan Anda"}
    assert program.good("PUT", path, {"document": document})["version"] == 2
    program.good("POST", f"connections/trayek/bindings/{page.code}/tests")
    program.good("POST", f"connections/trayek/bindings/{page.code}/publish")
    page.channel = Channel.FORM
    page.save_revision().publish()
    assert program.call("PUT", path, {"document": document})[0] == 409


def test_a_read_does_not_make_a_service_one_where_people_apply(
    page: ServicePage, program: Program, backend: Documented
) -> None:
    assert connect(program, backend, DOCUMENT, page.code)["green"]
    path = f"connections/trayek/proposal?operation_id=cekKendaraan&role=lookup&service={page.code}"
    spec = program.good("GET", path)["spec"]
    program.good("PUT", "connections/trayek/operations/kendaraan", {"spec": spec})
    program.good("PUT", f"connections/trayek/bindings/{page.code}", {"mapping": [], "operation": "kendaraan"})
    Binding.objects.filter(operation="kendaraan").update(live_at="2026-11-25T00:00:00Z")
    service = Service.objects.get(code=page.code)
    assert "hanya menjawab pertanyaan" in publication_problems(service)[0]
    Service.objects.filter(pk=service.pk).update(is_public=True, channel=Channel.FORM)
    shown = program.good("GET", f"connections/trayek/bindings/{page.code}")
    assert any("hanya menjawab" in text for text in shown["obstacles"])
