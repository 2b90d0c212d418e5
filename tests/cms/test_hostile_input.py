"""What an editor, a spreadsheet or the API brings in is text on every page, preview, data block, file and mail: never script."""

import json

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import User
from cms import publishing
from cms.models import ContentPage, ServicePage
from cms.sheets import drafting, reading
from tests.cms.editor import edit, page_of, publish, rows
from tests.cms.payloads import LINES, PAYLOADS, ROUNDS, everywhere, judge
from tests.cms.sheets import as_csv, as_xlsx, put, row_of, table_of

pytestmark = pytest.mark.usefixtures("demo_city")
PUBLIC = ("/layanan/akta-kelahiran/", "/en/layanan/akta-kelahiran/", "/layanan/?q=lahir", "/dinas/dispendukcapil/")


def test_there_are_forty() -> None:
    assert len(set(PAYLOADS)) == 40


@pytest.mark.parametrize("turn", ROUNDS)
def test_through_the_editor_it_stays_text(bob: User, client: Client, turn: int) -> None:
    desk = Client()
    desk.force_login(bob)
    page = page_of("akta-kelahiran")
    fields = {
        name: rows(*(value for _kind, value in given), kind=given[0][0]) if isinstance(given, list) else given
        for name, given in everywhere(turn).items()
    }
    fields |= {"fee_free": None, "channel": "OFFICE"}
    response = publish(page, **fields)
    assert response.status_code == 302, response.context["form"].errors
    for address in PUBLIC:
        judge(client.get(address).content.decode())
    shown = client.get(PUBLIC[0]).content.decode()
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") > 5 and "{{ 7|add:7 }}" in shown, "it is there, as text"
    judge(desk.get(f"/kelola/pages/{page.pk}/view_draft/").content.decode())
    answer = client.get("/api/v1/services/akta-kelahiran")
    assert answer["Content-Type"].startswith("application/json") and answer["X-Content-Type-Options"] == "nosniff"
    json.loads(answer.content)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_in_rich_text_it_is_cleaned_whatever_door_it_came_through(client: Client, payload: str) -> None:
    page = ContentPage.objects.get(slug="privasi", locale__language_code="id")
    ContentPage.objects.filter(pk=page.pk).update(body=f"<p>Sebelum</p>{payload}<p>Sesudah</p>", lead=payload[:300])
    shown = client.get("/privasi/").content.decode()
    judge(shown)
    assert "Sebelum" in shown


def test_the_editors_own_links_survive_the_cleaning(client: Client) -> None:
    page = ContentPage.objects.get(slug="privasi", locale__language_code="id")
    link = f'<a linktype="page" id="{page_of("uji-kir").pk}">uji KIR</a>'
    outside = '<a href="https://example.org/a?b=1&amp;c=2">luar</a> atau <a href="mailto:a@example.org">surel</a>'
    body = f"<h2>Judul</h2><p>Lihat {link}, {outside}.</p><hr/><ul><li><b>satu</b></li></ul>"
    ContentPage.objects.filter(pk=page.pk).update(body=body)
    shown = client.get("/privasi/").content.decode()
    assert (
        "/layanan/uji-kir/" in shown
        and 'href="https://example.org/a?b=1&amp;c=2"' in shown
        and "mailto:a@example.org" in shown
    )
    assert "<h2>Judul</h2>" in shown and "<li><b>satu</b></li>" in shown


def test_a_link_of_the_rich_text_editor_is_an_address_or_none(client: Client) -> None:
    from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter

    converter = ContentstateConverter(features=["link", "bold"])
    for address in ("javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:alert(1)"):
        state = {
            "entityMap": {"0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": address}}},
            "blocks": [
                {
                    "key": "a",
                    "text": "x",
                    "type": "unstyled",
                    "depth": 0,
                    "inlineStyleRanges": [],
                    "entityRanges": [{"offset": 0, "length": 1, "key": 0}],
                }
            ],
        }
        ContentPage.objects.filter(slug="privasi").update(body=converter.to_database_format(json.dumps(state)))
        judge(client.get("/privasi/").content.decode())


def test_through_a_draft_that_no_form_has_seen_it_stays_text(bob: User, client: Client) -> None:
    """The admin API publishes the newest revision as it is."""
    page = page_of("akta-kelahiran")
    page.channel = "LINK"
    page.legal = [("item", {"kind": "UU", "number": "1", "year": 2001, "title": "X", "url": "javascript:alert(1)"})]
    page.contacts = [("contact", {"kind": "web", "value": "javascript:alert(1)", "name": "x"})]
    page.ways = [("way", {"kind": "email", "text": "x", "value": "a@example.org?bcc=b@evil.example"})]
    page.save_revision(user=bob, clean=False).publish()
    page = page_of("akta-kelahiran")
    page.app_url = "javascript:alert(1)"
    with pytest.raises(ValidationError):
        page.save_revision(user=bob, clean=False).publish()
    ServicePage.objects.filter(pk=page.pk).update(app_url="javascript:alert(1)")
    publishing.sync([page.code])
    for address in PUBLIC:
        judge(client.get(address).content.decode())
    service = json.loads(client.get("/api/v1/services/akta-kelahiran").content)
    assert "javascript:" not in json.dumps([service["content"]["legal_details"], service["url"]])


@pytest.mark.parametrize("column", ["Alamat aplikasi", "Dasar hukum", "Kontak"])
@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "ftp://example.org/x", "//evil.example"])
def test_an_address_that_is_none_is_refused_by_import(bob: User, column: str, address: str) -> None:
    table = table_of(bob)
    cell = {"Dasar hukum": f"UU | 1 | 2001 | X | {address}", "Kontak": f"Situs atau aplikasi | {address}"}.get(
        column, address
    )
    put(table, row_of(table, "akta-kelahiran"), column, cell)
    plan = drafting.plan_of(drafting.keep(bob, "a", reading.read(as_xlsx(table))))
    assert [m.column for m in plan.mistakes] == [column]


@pytest.mark.parametrize("turn", range(6))
def test_through_a_spreadsheet_it_stays_text(bob: User, client: Client, turn: int) -> None:
    table = table_of(bob)
    row = row_of(table, "akta-kelahiran")
    plain = ("Ringkasan", "Keterangan biaya", "Nama layanan", "Hasil", "Kalau terlambat", "Cara lain", "Maklumat pelayanan")
    for place, column in enumerate(plain):
        put(table, row, column, LINES[(turn * 7 + place) % 40])
    put(table, row, "Siapa yang bisa", "\n".join(LINES))
    put(table, row, "Langkah", "\n".join(LINES).replace("|", "\\|"))
    kept = drafting.keep(bob, LINES[turn][:100], reading.read(as_csv(table)))
    assert not drafting.plan_of(kept).mistakes
    client.force_login(bob)
    judge(client.get(f"/petugas/layanan/impor/{kept.token}/").content.decode())
    drafting.write(kept)
    judge(client.get(f"/petugas/layanan/impor/{kept.token}/").content.decode())
    judge(client.get("/petugas/terjemahan/").content.decode())
    page = page_of("akta-kelahiran")
    judge(client.get(f"/kelola/pages/{page.pk}/view_draft/").content.decode())
    for line in client.get("/petugas/layanan/ekspor/?bentuk=csv").content.decode("utf-8-sig").splitlines():
        assert not line.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_in_a_mail_it_stays_text(payload: str) -> None:
    judge(
        render_to_string(
            "notifications/service_open.html", {"title": payload, "slug": "x", "portal_name": "P", "public_url": "https://p"}
        )
    )
    assert mail.outbox == []


def test_a_paste_of_a_whole_book_is_refused_at_its_field(bob: User) -> None:
    desk = Client()
    desk.force_login(bob)
    page = page_of("akta-kelahiran")
    book = "kata " * 20_000
    response = edit(desk, page, late=book, requirements=rows({"text": book, "form": "", "copies": "", "where": ""}))
    assert response.status_code == 200
    assert {"late", "requirements"} <= response.context["form"].errors.keys()
    too_many = rows(*[{"title": f"Langkah {n}", "text": ""} for n in range(80)], kind="step")
    assert "steps" in edit(desk, page, steps=too_many).context["form"].errors
    assert ServicePage.objects.get(pk=page.pk).get_latest_revision_as_object().late == page.late
