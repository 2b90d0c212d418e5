"""Bob edits his department's pages in the back office; what is approved is live and found at once; the rest is closed."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.models import Locale, Page
from wagtail.test.utils.form_data import streamfield

from accounts.models import User
from cms import checks, publishing
from cms.models import DepartmentPage, ServicePage
from services.catalogue import members, queries
from services.catalogue.models import Department, Service
from services.catalogue.models import DepartmentRole as Role
from tests.cms.editor import PUBLISH, SUBMIT, decide, desk_of, edit, form_of, page_of, submit

pytestmark = pytest.mark.usefixtures("demo_city")


@pytest.fixture
def desk(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


BOTH_TREES = pytest.mark.parametrize("language", ["id", "en"])


def test_bob_changes_a_fee_and_once_approved_it_is_live_and_found_at_once(desk: Client, client: Client) -> None:
    page = page_of("akta-kelahiran")
    submit(desk, page, fee_free=None, fee_amount=27000, synonyms="kutipan dolphin")
    assert "Rp27.000" not in client.get("/layanan/akta-kelahiran/").content.decode(), "nothing is public before the review"
    assert decide(desk_of("rina"), page).status_code == 302
    public = client.get("/layanan/akta-kelahiran/").content.decode()
    assert "Rp27.000" in public
    assert "Penerbitan Akta Kelahiran" in client.get("/layanan/?q=dolphin").content.decode()
    assert publishing.drift() == []


def test_bob_translates_and_once_approved_it_is_english_at_once(desk: Client, client: Client) -> None:
    page = page_of("akta-kelahiran", "en")
    assert "Birth certificate" in desk.get(f"/kelola/pages/{page.pk}/edit/").content.decode()
    changes = {"product": "The certificate", "synonyms": "certificate of a dolphin", "fee_free": None, "fee_amount": 99}
    submit(desk, page, **changes)
    decide(desk_of("rina"), page)
    public = client.get("/en/layanan/akta-kelahiran/").content.decode()
    assert "<p>The certificate</p>" in public
    assert '<ul class="k-checks" lang="id">' in public, "what he did not translate is Indonesian and says so"
    assert "Rp99" not in public, "facts come from the Indonesian page"
    for prefix, name in (("/en", "Birth certificate"), ("", "Penerbitan Akta Kelahiran")):
        assert name in client.get(f"{prefix}/layanan/?q=dolphin").content.decode()
    assert publishing.drift() == []


def test_the_page_tree_opens_at_bobs_department_and_its_root_shows_his_two_corners(desk: Client) -> None:
    own = page_of("akta-kelahiran").get_parent()
    assert desk.get("/kelola/pages/")["Location"] == f"/kelola/pages/{own.pk}/"
    page = desk.get(f"/kelola/pages/{own.pk}/").content.decode()
    assert f"/kelola/pages/{page_of('akta-kelahiran', 'en').get_parent().pk}/" in page, "the English tree is one switch away"
    root = desk.get(f"/kelola/pages/{Page.get_first_root_node().pk}/").content.decode()
    assert own.title in root and "Population and Civil Registration Office" in root
    assert "Lingkungan Hidup" not in root and "Environment" not in root


def test_the_operator_sees_the_whole_tree(client: Client) -> None:
    client.force_login(User.objects.get(email="admin@example.org"))
    page = client.get("/kelola/pages/", follow=True)
    assert page.status_code == 200 and "Layanan Kota Mojokerto" in page.content.decode()


def test_bob_begins_a_translation_of_his_own_page_only(desk: Client) -> None:
    page_of("akta-kelahiran", "en").delete()
    english = Locale.objects.get(language_code="en").pk
    own, other = page_of("akta-kelahiran"), page_of("pengangkutan-sampah")
    assert desk.post(f"/kelola/translation/submit/page/{own.pk}/", {"locales": [english]}).status_code == 302
    made = page_of("akta-kelahiran", "en")
    assert not made.live and made.get_parent().specific.department == "dispendukcapil"
    page_of("pengangkutan-sampah", "en").delete()
    assert desk.get(f"/kelola/translation/submit/page/{other.pk}/").status_code == 404
    assert desk.post(f"/kelola/translation/submit/page/{other.pk}/", {"locales": [english]}).status_code == 404
    assert not ServicePage.objects.filter(locale=english, code="pengangkutan-sampah").exists()


@pytest.fixture
def chief(demo_city: None) -> Client:
    """The manager of Bob's department."""
    made = User.objects.create_user("kepala@example.org", "x", name="Kepala Contoh")
    members.set_roles(made, department=Department.objects.get(code="dispendukcapil"), roles=[Role.MANAGER], by=None)
    return desk_of("kepala")


def test_a_translation_that_is_taken_offline_leaves_indonesian(desk: Client, chief: Client, client: Client) -> None:
    page = page_of("akta-kelahiran", "en")
    desk.post(f"/kelola/pages/{page.pk}/unpublish/")
    assert page_of("akta-kelahiran", "en").live, "who writes pages does not take them offline"
    assert chief.post(f"/kelola/pages/{page.pk}/unpublish/").status_code == 302
    public = client.get("/en/layanan/akta-kelahiran/").content.decode()
    assert '<h1 lang="id">Penerbitan Akta Kelahiran</h1>' in public
    assert "Penerbitan Akta Kelahiran" in client.get("/layanan/akta-kelahiran/").content.decode()
    assert publishing.drift() == []


def test_a_service_taken_offline_is_gone_in_both_languages(chief: Client, client: Client) -> None:
    chief.post(f"/kelola/pages/{page_of('akta-kelahiran').pk}/unpublish/")
    assert page_of("akta-kelahiran", "en").live
    for prefix in ("", "/en"):
        assert client.get(f"{prefix}/layanan/akta-kelahiran/").status_code == 404


def test_the_manager_reads_a_draft_of_the_department_and_writes_none(chief: Client) -> None:
    page = page_of("akta-kelahiran")
    page.summary = "Ringkasan yang belum terbit"
    page.save_revision()
    draft = chief.get(f"/kelola/pages/{page.pk}/view_draft/")
    assert draft.status_code == 200 and "Ringkasan yang belum terbit" in draft.content.decode()
    assert chief.get(f"/kelola/pages/{page.pk}/view_draft/?mode=tidak-ada").status_code == 200
    for end in ("edit/", "edit/preview/", "copy/", "delete/", "move/"):
        assert chief.get(f"/kelola/pages/{page.pk}/{end}").status_code in (302, 403, 404, 405), end
    assert edit(chief, page, summary="Dari kepala").status_code in (302, 403)
    assert page_of("akta-kelahiran").get_latest_revision_as_object().summary == "Ringkasan yang belum terbit"
    foreign = page_of("pengangkutan-sampah")
    assert chief.get(f"/kelola/pages/{foreign.pk}/view_draft/").status_code == 404


def test_the_managers_list_of_what_needs_mending_leads_to_drafts_they_may_open(chief: Client, desk: Client) -> None:
    page = page_of("akta-kelahiran")
    page.product = ""
    page.save_revision()
    shown = chief.get("/petugas/halaman/").content.decode()
    assert f"/kelola/pages/{page.pk}/view_draft/" in shown and "/edit/" not in shown
    assert f"/kelola/pages/{page.pk}/edit/#id_product" in desk.get("/petugas/halaman/").content.decode()


def test_bob_sees_his_translation_before_it_is_public(desk: Client) -> None:
    page = page_of("akta-kelahiran", "en")
    page.title = "Certificate of birth"
    page.save_revision()
    draft = desk.get(f"/kelola/pages/{page.pk}/view_draft/").content.decode()
    assert "<h1>Certificate of birth</h1>" in draft and '<html lang="en"' in draft


def test_a_draft_of_bob_changes_nothing_public(desk: Client) -> None:
    before = queries.snapshot()
    assert edit(desk, page_of("akta-kelahiran"), title="Rahasia").status_code == 302
    assert queries.snapshot() == before


@pytest.mark.parametrize(("name", "button"), [("bob", SUBMIT), ("admin", PUBLISH)])
def test_publishing_asks_for_the_six_parts_but_a_draft_does_not(name: str, button: dict[str, str]) -> None:
    desk, page = desk_of(name), page_of("akta-kelahiran")
    response = edit(desk, page, product="", requirements=streamfield([]), **button)
    assert response.status_code == 200
    assert {"product", "requirements"} <= response.context["form"].errors.keys()
    assert edit(desk, page, product="", requirements=streamfield([])).status_code == 302


def test_a_taken_address_is_refused_with_a_proposal(desk: Client) -> None:
    response = edit(desk, page_of("akta-kelahiran"), slug="uji-kir", **SUBMIT)
    assert response.status_code == 200
    assert "uji-kir-2" in str(response.context["form"].errors["slug"])


def test_nothing_incomplete_goes_live_by_another_door() -> None:
    page = page_of("akta-kelahiran")
    page.product = ""
    with pytest.raises(ValidationError):
        page.save()
    with pytest.raises(ValidationError):
        page.save_revision(clean=False).publish()
    Service.objects.filter(code="akta-kelahiran").update(form=None)
    assert "channel" in {p.field for p in checks.problems(page_of("akta-kelahiran"))}


def test_the_editor_form_opens_in_the_order_of_the_page(desk: Client) -> None:
    page = desk.get(f"/kelola/pages/{page_of('akta-kelahiran').pk}/edit/").content.decode()
    places = [
        page.index(f'id="panel-child-isi-{n}') if f'id="panel-child-isi-{n}' in page else page.index(f'name="{f}')
        for n, f in [("ringkasan", "summary"), ("biaya", "fee_note"), ("hasil", "product"), ("terlambat", "late")]
    ]
    assert places == sorted(places)
    assert "wagtail-admin.css" in page


@BOTH_TREES
def test_bob_sees_nothing_of_other_departments(desk: Client, language: str) -> None:
    other = page_of("pengangkutan-sampah", language)
    public_name = other.title
    other.draft_title = "Draf rahasia DLH"
    other.save_revision()
    ServicePage.objects.filter(pk=other.pk).update(draft_title="Draf rahasia DLH")
    department = DepartmentPage.objects.get(locale__language_code=language, department="dlh")
    own = page_of("akta-kelahiran", language)
    home = own.get_parent().get_parent()
    addresses = [
        "/kelola/",
        "/kelola/pages/",
        f"/kelola/pages/{home.pk}/",
        f"/kelola/pages/{department.pk}/",
        f"/kelola/pages/{other.pk}/edit/",
        f"/kelola/pages/{other.pk}/view_draft/",
        f"/kelola/pages/{other.pk}/history/",
        f"/kelola/pages/{other.pk}/delete/",
        f"/kelola/pages/{other.pk}/unpublish/",
        f"/kelola/pages/{other.pk}/usage/",
        f"/kelola/pages/{other.pk}/copy/",
        f"/kelola/pages/{other.pk}/move/",
        f"/kelola/pages/{own.pk}/move/{department.pk}/confirm/",
        f"/kelola/pages/{other.pk}/move/{own.get_parent().pk}/confirm/",
        f"/kelola/pages/add/cms/servicepage/{department.pk}/",
        f"/kelola/pages/{department.pk}/add_subpage/",
        f"/kelola/choose-page/{department.pk}/",
        f"/kelola/bulk/wagtailcore/page/unpublish/?id={other.pk}",
        "/kelola/pages/search/?q=rahasia",
        "/kelola/pages/search/results/?q=sampah",
        "/kelola/choose-page/search/?q=rahasia",
        "/kelola/choose-page/",
        "/kelola/reports/site-history/",
        "/kelola/reports/page-types-usage/",
        "/kelola/reports/locked/",
        "/kelola/users/",
        "/kelola/groups/",
    ]
    for address in addresses:
        response = desk.get(address, follow=True)
        body = response.content.decode()
        assert "Draf rahasia DLH" not in body, address
        if str(other.pk) in address or str(department.pk) in address:
            assert response.status_code in (403, 404) or response.redirect_chain, (address, response.status_code)
            assert public_name not in body, address


@BOTH_TREES
def test_bob_cannot_change_another_departments_page(desk: Client, language: str) -> None:
    other = page_of("pengangkutan-sampah", language)
    before = queries.snapshot()
    for path in ("edit", "delete", "unpublish", "copy", "move"):
        response = desk.post(f"/kelola/pages/{other.pk}/{path}/", form_of(other, **PUBLISH, **SUBMIT))
        assert response.status_code in (302, 403, 404)
    assert queries.snapshot() == before
    assert page_of("pengangkutan-sampah", language).live


def test_the_back_office_has_no_sign_in_of_its_own(client: Client, alice: User) -> None:
    assert client.get("/kelola/")["Location"].startswith("/akun/masuk/?next=/kelola/")
    assert client.get("/kelola/login/?next=/kelola/pages/")["Location"].startswith("/akun/masuk/?next=")
    client.force_login(alice)
    assert client.get("/kelola/pages/").status_code in (302, 403)


def test_the_page_form_is_wagtails_with_our_gate() -> None:
    assert issubclass(ServicePage.base_form_class, WagtailAdminPageForm)


def test_a_copy_needs_an_address_of_its_own_in_the_whole_city(desk: Client) -> None:
    page = page_of("akta-kelahiran")
    form = {"new_title": "Salinan", "new_slug": "uji-kir", "new_parent_page": page.get_parent().pk, "publish_copies": ""}
    assert desk.post(f"/kelola/pages/{page.pk}/copy/", form).status_code == 302
    assert not ServicePage.objects.filter(title="Salinan").exists()
    desk.post(f"/kelola/pages/{page.pk}/copy/", {**form, "new_slug": "salinan"})
    copy = ServicePage.objects.get(locale__language_code="id", slug="salinan")
    assert copy.code != page.code and not copy.live


def test_publishing_many_at_once_is_refused_in_words(desk: Client) -> None:
    admin = desk_of("admin")
    page = page_of("akta-kelahiran")
    page.product = ""
    page.save_revision(clean=False)
    page.unpublish()
    address = f"/kelola/bulk/wagtailcore/page/publish/?id={page.pk}"
    desk.post(address, {"include_descendants": ""})
    assert not page_of("akta-kelahiran").live, "an editor publishes nothing, one by one or many at once"
    response = admin.post(address, {"include_descendants": ""}, follow=True)
    assert response.status_code == 200 and "Belum lengkap" in response.content.decode()
    assert not page_of("akta-kelahiran").live
