"""What a careless or hostile hand does to pages and tables: it is told so, or it has no effect; nobody meets an error page."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

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
