"""Bob begins a new service from an example, replaces what is marked, and cannot publish before."""

import pytest
from django.test import Client

from accounts.models import User
from cms import checks, examples
from cms.models import DepartmentPage, ServicePage
from services.catalogue.models import Category, Service
from tests.cms.editor import form_of, page_of, publish, rows

pytestmark = pytest.mark.usefixtures("demo_city")


@pytest.fixture
def desk(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def corner() -> DepartmentPage:
    return DepartmentPage.objects.get(locale__language_code="id", department="dispendukcapil")


def begun(name: str) -> ServicePage:
    corner = DepartmentPage.objects.get(locale__language_code="id", department="dispendukcapil")
    page = ServicePage(title=f"Layanan {name}", slug=f"layanan-{name}", live=False, category=Category.objects.first())
    examples.begin(page, name)
    corner.add_child(instance=page)
    return ServicePage.objects.get(pk=page.pk)


def test_a_new_page_offers_the_examples_first(desk: Client, corner: DepartmentPage) -> None:
    page = desk.get(f"/kelola/pages/add/cms/servicepage/{corner.pk}/").content.decode()
    for name, title in (
        ("dokumen", "Permohonan dokumen"),
        ("izin", "Izin"),
        ("aduan", "Aduan"),
        ("informasi", "Informasi"),
        ("kantor", "Layanan kantor"),
    ):
        assert f'href="?contoh={name}"' in page and title in page
    assert "Halaman kosong" in page
    form = desk.get(f"/kelola/pages/add/cms/servicepage/{corner.pk}/?contoh=dokumen").content.decode()
    assert "[ganti: Surat apa yang warga terima" in form and "Kartu Keluarga" in form
    assert "[ganti:" not in desk.get(f"/kelola/pages/add/cms/servicepage/{corner.pk}/?contoh=").content.decode()
    assert desk.get(f"/kelola/pages/add/cms/servicepage/{corner.pk}/?contoh=lain").status_code == 404
    other = DepartmentPage.objects.get(locale__language_code="id", department="dlh")
    assert desk.get(f"/kelola/pages/add/cms/servicepage/{other.pk}/?contoh=izin").status_code in (302, 403, 404)


@pytest.mark.parametrize("example", examples.examples(), ids=lambda e: e.name)
def test_what_is_sent_from_an_example_becomes_a_draft(
    example: examples.Example, desk: Client, corner: DepartmentPage
) -> None:
    page = ServicePage(title="Layanan Contoh", slug="layanan-contoh", min_level=1)
    examples.begin(page, example.name)
    answer = desk.post(f"/kelola/pages/add/cms/servicepage/{corner.pk}/?contoh={example.name}", form_of(page))
    assert answer.status_code == 302, answer.context["form"].errors
    made = ServicePage.objects.get(slug="layanan-contoh")
    assert not made.live and made.code == "layanan-contoh" and len(made.requirements) == len(page.requirements)


@pytest.mark.parametrize("example", examples.examples(), ids=lambda e: e.name)
def test_text_of_an_example_that_is_left_is_refused_at_its_field(example: examples.Example, desk: Client) -> None:
    page = begun(example.name)
    left = examples.left_over(page)
    assert "summary" in left and len(left) > 2
    found = {p.field: p.text for p in checks.problems(page) if "Ganti teks contoh" in p.text}
    assert set(found) == set(left)
    response = publish(page)
    assert response.status_code == 200 and set(left) <= response.context["form"].errors.keys()
    assert not ServicePage.objects.get(pk=page.pk).live


def test_every_example_is_complete_once_it_is_replaced() -> None:
    for example in examples.examples():
        page = begun(example.name)
        assert page.kind in Service.Kind.values
        problems = {p.text for p in checks.problems(page)} - {
            f"Ganti teks contoh ini dengan teks Anda: {t}" for t in examples.left_over(page).values()
        }
        assert problems <= {"Isi nomor telepon layanan."}, (example.name, problems)


def test_a_mark_in_another_case_or_without_its_end_is_found_too() -> None:
    page = ServicePage(title="x", summary="Ini [GANTI ini", product="[ gantinya ] bukan")
    assert examples.left_over(page) == {"summary": "[GANTI ini"}


def test_a_copy_is_another_service_that_nobody_has_read_yet(desk: Client) -> None:
    page = page_of("akta-kelahiran")
    ServicePage.objects.filter(pk=page.pk).update(reviewed="2026-01-01", next_review="2026-07-01")
    form = {
        "new_title": "Salinan akta",
        "new_slug": "salinan-akta",
        "new_parent_page": page.get_parent().pk,
        "publish_copies": "",
    }
    assert desk.post(f"/kelola/pages/{page.pk}/copy/", form).status_code == 302
    copy = ServicePage.objects.get(locale__language_code="id", slug="salinan-akta")
    assert copy.code == "salinan-akta" and not copy.live and copy.reviewed is None and copy.next_review is None
    assert [b.value["text"] for b in copy.requirements] == [b.value["text"] for b in page_of("akta-kelahiran").requirements]
    assert Service.objects.get(code="salinan-akta").form is None, "the form stays with the original"
    if copy.channel == "FORM":
        response = publish(copy)
        assert "formulir" in str(response.context["form"].errors["channel"])
    assert Service.objects.get(code="akta-kelahiran").form is not None


def test_the_editor_asks_in_the_order_of_the_published_page(desk: Client) -> None:
    page = desk.get(f"/kelola/pages/{page_of('akta-kelahiran').pk}/edit/").content.decode()
    order = (
        "title summary fee_note fees time_value channel places who requirements exceptions steps product late "
        "complaint_category other_ways ways contacts legal decree_number pledge reviewed"
    )

    def place(name: str) -> int:
        return min(at for mark in (f'name="{name}"', f'name="{name}-count"', f'"{name}"') if (at := page.find(mark)) > 0)

    places = [place(name) for name in order.split()]
    assert places == sorted(places), list(zip(order.split(), places, strict=True))


def test_only_rows_of_one_kind_are_asked(desk: Client) -> None:
    response = publish(
        page_of("akta-kelahiran"),
        requirements=rows({"text": "", "form": "", "copies": "", "where": ""}),
    )
    assert "requirements" in response.context["form"].errors
