"""What a careless or hostile hand does to pages and tables: it is told so, or it has no effect; nobody meets an error page."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from cms.models import ContentPage, HomePage, ServicePage
from cms.open_data import table
from cms.sheets.cells import harmless, plain
from tests.cms.editor import desk_of, page_of

CUTS = ";\t\n\r"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "KTP;=HYPERLINK(1)", "KTP; =cmd|x", "KTP\n@SUM(1)", "KTP\t+1", "a;-1", "'=1", "a;'=1", ";=1", "=1;=2", "a;＝1"],
)
def test_no_piece_of_a_cell_is_a_formula_wherever_a_program_cuts_it(text: str) -> None:
    written = harmless(text)
    pieces = [written]
    for cut in CUTS:
        pieces = [part for piece in pieces for part in piece.split(cut)]
    assert not [piece for piece in pieces if piece.lstrip(" ").startswith(tuple("=+-@＝＋－＠"))], pieces
    assert plain(written) == text


@given(st.text(alphabet="';=+-@ \t\n\raK＝", max_size=12))
def test_what_is_written_harmless_is_read_as_it_was(text: str) -> None:
    assert plain(harmless(text)) == text


@pytest.mark.usefixtures("demo_city")
def test_the_public_table_cannot_be_cut_into_a_formula() -> None:
    page = page_of("uji-kir")
    page.summary = "Periksa kendaraan;=HYPERLINK(1)"
    page.save_revision().publish()
    assert ";=HYPERLINK" not in table.catalogue() and ";'=HYPERLINK" in table.catalogue()


@pytest.mark.usefixtures("demo_city")
def test_a_draft_whose_address_was_taken_meanwhile_is_told_so_when_many_are_published() -> None:
    page = page_of("akta-kelahiran")
    page.slug = "uji-kir"
    page.save_revision(clean=False)
    answer = desk_of("admin").post(f"/kelola/bulk/wagtailcore/page/publish/?id={page.pk}", {"next": "/kelola/"}, follow=True)
    assert answer.status_code == 200 and "sudah dipakai layanan lain" in answer.content.decode()
    assert ServicePage.objects.get(pk=page.pk).slug == "akta-kelahiran"


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize("slug", ["layanan", "dinas", "status", "kelola", "petugas", "akun", "en", "lacak", "peristiwa"])
def test_a_page_of_the_portal_cannot_take_an_address_that_leads_elsewhere(slug: str) -> None:
    page = ContentPage(title="Uji", slug=slug, lead="Uji", body="<p>Uji</p>")
    with pytest.raises(ValidationError, match="sudah dipakai"):
        HomePage.objects.get(locale__language_code="id").add_child(instance=page)


@pytest.mark.usefixtures("demo_city")
def test_a_page_of_the_portal_takes_a_free_address(client: Client) -> None:
    page = ContentPage(title="Uji", slug="halaman-uji", lead="Uji", body="<p>Uji</p>")
    HomePage.objects.get(locale__language_code="id").add_child(instance=page)
    assert client.get("/halaman-uji/").status_code == 200


@pytest.mark.usefixtures("demo_city")
def test_the_front_of_the_back_office_counts_nothing_of_others() -> None:
    front = desk_of("bob").get("/kelola/")
    assert not front.context["site_summary"].summary_items
    assert desk_of("admin").get("/kelola/").context["site_summary"].summary_items


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize("field", ["new_parent_page", "parent_page", "chooser"])
def test_no_form_shows_the_title_of_a_foreign_draft_it_is_to_go_below(field: str) -> None:
    foreign = page_of("uji-kir").copy(
        update_attrs={"slug": "uji-lain", "title": "Rahasia dishub", "code": "uji-lain"}, keep_live=False
    )
    own, bob = page_of("akta-kelahiran"), desk_of("bob")
    for path in (
        f"/kelola/pages/{own.pk}/copy/",
        f"/kelola/pages/{own.pk}/move/",
        "/kelola/pages/choose_parent/",
        f"/kelola/bulk/wagtailcore/page/move/?id={own.pk}",
    ):
        answer = bob.post(path, {field: str(foreign.pk), "new_title": "", "new_slug": "uji-baru"})
        assert answer.status_code in (403, 404) and "Rahasia" not in answer.content.decode(), path
    corner = own.get_parent()
    assert bob.post(f"/kelola/pages/{own.pk}/move/", {"new_parent_page": str(corner.pk)}).status_code in (200, 302)


@pytest.mark.usefixtures("demo_city")
def test_lists_offer_the_names_of_colleagues_only() -> None:
    dewi, bob = User.objects.get(email="dewi@example.org"), User.objects.get(email="bob@example.org")
    page_of("sedot-tinja").save_revision(user=dewi, log_action=True)
    ServicePage.objects.filter(slug="sedot-tinja").update(owner=dewi)
    page_of("akta-kelahiran").save_revision(user=bob, log_action=True)
    corner = page_of("akta-kelahiran").get_parent()
    page = desk_of("bob").get(f"/kelola/pages/{corner.pk}/").content.decode()
    assert bob.name in page and dewi.name not in page
    assert dewi.name in desk_of("admin").get(f"/kelola/pages/{corner.pk}/").content.decode()
