"""A department without a system of its own puts an online service into service alone: applications go to its work list."""

from __future__ import annotations

import pytest

from cms import checks
from cms.form_builder import starting
from cms.models import DepartmentPage, FormPage, ServicePage
from services.adapters import gateway
from services.adapters.connecting.worklist import take_in_here
from services.adapters.models import Binding, Connection
from services.catalogue.models import Channel, Department, Service
from tests.cms.editor import desk_of, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_city")]


@pytest.fixture
def draft() -> ServicePage:
    corner = DepartmentPage.objects.get(department="dispendukcapil", locale__language_code="id")
    page = ServicePage(
        title="Legalisasi akta",
        slug="legalisasi-akta",
        summary="Salinan akta yang disahkan.",
        category=page_of("akta-kelahiran").category,
        channel=Channel.FORM,
        live=False,
    )
    corner.add_child(instance=page)
    page.save_revision()
    return ServicePage.objects.get(pk=page.pk)


def _missing(page: ServicePage) -> dict[str, str]:
    return {part.name: part.text for part in checks.checklist(page) if not part.done}


def test_the_gate_asks_for_it_before_there_is_a_form_and_leads_there(draft: ServicePage) -> None:
    assert "Pilih daftar kerja" in _missing(draft)["Tujuan permohonan"]
    edit_page = desk_of("bob").get(f"/kelola/pages/{draft.pk}/edit/").content.decode()
    assert edit_page.count(f'href="/kelola/layanan/{draft.pk}/tujuan/"') >= 2, "in the gate and in the header"


def test_an_editor_takes_applications_into_the_work_list_of_the_department(draft: ServicePage) -> None:
    bob, address = desk_of("bob"), f"/kelola/layanan/{draft.pk}/tujuan/"
    assert "Terima di daftar kerja dinas" in bob.get(address).content.decode()
    assert bob.post(address).status_code == 302
    service = Service.objects.get(code=draft.code)
    binding = gateway.binding_for(service)
    assert binding is not None and binding.connection.kind == "inbox"
    assert binding.connection.department.code == "dispendukcapil" and not service.is_public
    assert "Tujuan permohonan" not in _missing(draft)
    said = bob.get(address).content.decode()
    assert "masuk ke daftar kerja dinas" in said and "Terima di daftar kerja" not in said
    assert bob.post(address).status_code == 302 and Binding.objects.filter(service=service).count() == 1


def test_two_services_of_a_department_share_one_work_list(draft: ServicePage) -> None:
    service = Service.objects.get(code=draft.code)
    other = Service.objects.create(code="legalisasi-kk", department=service.department)
    assert take_in_here(service, by="uji").connection_id == take_in_here(other, by="uji").connection_id
    assert Connection.objects.filter(kind="inbox", department=service.department).count() == 1


def test_another_departments_connection_under_the_code_that_we_would_choose_gets_nothing(draft: ServicePage) -> None:
    service, stranger = Service.objects.get(code=draft.code), Department.objects.get(code="dlh")
    taken = f"daftar-kerja-{service.department.code}"
    Connection.objects.create(
        code=taken, department=stranger, label="Jebakan", kind="rest", base_url="https://lain.example/"
    )
    Connection.objects.create(code=f"{taken}-2", department=service.department, label="Lama", kind="inbox", is_active=False)
    made = take_in_here(service, by="uji").connection
    assert (made.code, made.kind, made.department) == (f"{taken}-3", "inbox", service.department)


def test_nobody_elses_page_and_no_service_that_has_a_system(draft: ServicePage) -> None:
    assert desk_of("dewi").get(f"/kelola/layanan/{draft.pk}/tujuan/").status_code == 404
    assert desk_of("dewi").post(f"/kelola/layanan/{draft.pk}/tujuan/").status_code == 404
    bound, bob = page_of("akta-kelahiran"), desk_of("bob")
    before = gateway.binding_for(Service.objects.get(code="akta-kelahiran"))
    answer = bob.post(f"/kelola/layanan/{bound.pk}/tujuan/", follow=True)
    assert "sudah tersambung ke" in answer.content.decode()
    assert gateway.binding_for(Service.objects.get(code="akta-kelahiran")) == before


def test_a_page_that_takes_no_applications_has_no_such_screen() -> None:
    office = ServicePage.objects.filter(
        channel=Channel.OFFICE,
        path__startswith=DepartmentPage.objects.get(department="dispendukcapil", locale__language_code="id").path,
    ).first()
    assert office is not None
    assert desk_of("bob").get(f"/kelola/layanan/{office.pk}/tujuan/").status_code == 404


def test_what_an_integrator_prepares_is_told(draft: ServicePage) -> None:
    service = Service.objects.get(code=draft.code)
    connection = Connection.objects.get(code="dukcapil")
    Binding.objects.create(service=service, connection=connection, live_at=None)
    said = desk_of("bob").get(f"/kelola/layanan/{draft.pk}/tujuan/").content.decode()
    assert f"Integrator sedang menyiapkan sambungan ke {connection.label}" in said


def test_a_form_is_previewed_under_the_title_of_its_page_before_the_service_was_ever_public(draft: ServicePage) -> None:
    form = FormPage(live=False)
    starting.begin(form, draft, with_body=True)
    draft.add_child(instance=form)
    form.save_revision()
    shown = desk_of("bob").get(f"/kelola/formulir/{form.pk}/coba/").content.decode()
    assert "Legalisasi akta" in shown and f">{draft.code}<" not in shown
