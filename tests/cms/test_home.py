"""The home page is put together from blocks by the city's desk, under review; it looks as it did until somebody changes it."""

import importlib
import re
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from accounts.models import User
from cms import home, translating
from cms.home_blocks import PROSE
from cms.models import ContentPage, DepartmentPage, HomePage
from portal.lib import editions
from services.catalogue import members, notices
from services.catalogue.models import Department, Notice
from services.catalogue.models import DepartmentRole as Role
from tests.cms.editor import SUBMIT, _as_sent, decide, desk_of, page_of

pytestmark = pytest.mark.usefixtures("demo_city")
ORDER = ["search", "disturbed", "shortcuts", "needs", "events", "people"]


def home_of(language: str = "id") -> HomePage:
    return HomePage.objects.get(locale__language_code=language)


def somebody(name: str, role: Role, department: str = "diskominfo") -> Client:
    made = User.objects.create_user(f"{name}@example.org", "x", name=f"{name.title()} Contoh")
    members.set_roles(made, department=Department.objects.get(code=department), roles=[role], by=None)
    return desk_of(name)


def form_of(page: HomePage, blocks: list[dict[str, Any]] | None = None, **buttons: str) -> dict[str, object]:
    rows = page.body.get_prep_value() if blocks is None else blocks
    body = streamfield([(row["type"], _sent(row)) for row in rows])
    for number, row in enumerate(rows):
        body[str(number)]["id"] = row.get("id", "")
    values = {"title": page.title, "body": body, "go_live_at": "", "expire_at": ""}
    values |= {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0}
    return nested_form_data({**values, **{name.replace("__", "-"): value for name, value in buttons.items()}})


def _sent(row: dict[str, Any]) -> Any:
    sent = _as_sent(row["value"])
    return {**sent, "text": rich_text(sent["text"], features=PROSE)} if row["type"] == "text" else sent


def put(blocks: list[dict[str, Any]], language: str = "id") -> None:
    page = home_of(language)
    page.body = blocks
    page.save_revision().publish()


def block(kind: str, value: Any, name: str = "") -> dict[str, Any]:
    return {"type": kind, "value": value, "id": name or f"home-{kind}"}


def row(value: Any, name: str = "baris") -> dict[str, Any]:
    return {"type": "item", "value": value, "id": name}


def html(path: str = "/") -> str:
    return Client().get(path).content.decode()


def test_a_new_home_page_has_the_blocks_it_always_showed_in_both_languages() -> None:
    assert [b.block_type for b in home_of().body] == [b.block_type for b in home_of("en").body] == ORDER
    ids = [[b["id"] for b in home_of(language).body.get_prep_value()] for language in ("id", "en")]
    assert ids[0] == ids[1]
    assert "Lost identity card (KTP)" in html("/en/") and "KTP hilang" in html()
    assert 'lang="id"' not in html("/en/").split("<main")[1].split("</main>")[0]


def test_a_home_page_that_stood_before_is_given_its_blocks_and_its_drafts_too() -> None:
    page = home_of()
    HomePage.objects.update(body="[]")
    revision = page.save_revision()
    revision.content.pop("body")
    revision.save()
    before = html(), html("/en/")
    importlib.import_module("cms.migrations.0016_home_as_it_was").fill(apps, None)
    assert home_of().body.get_prep_value() == home.beginning("id")
    assert home_of("en").body.get_prep_value() == home.beginning("en")
    assert [b.block_type for b in home_of().get_latest_revision_as_object().body] == ORDER
    assert (html(), html("/en/")) == before, "without blocks it looked the same"


def test_the_citys_desk_orders_the_blocks_and_its_reviewer_lets_it_go_live() -> None:
    desk, rina, page = somebody("edo", Role.EDITOR), desk_of("rina"), home_of()
    blocks = page.body.get_prep_value()
    blocks.insert(1, blocks.pop(3))
    blocks.append(block("text", {"title": "Pekan ini", "text": "<p>Kantor <b>tutup</b> Jumat.</p>"}, "baru"))
    edit = f"/kelola/pages/{page.pk}/edit/"
    assert desk.get(edit).status_code == 200
    response = desk.post(edit, form_of(page, blocks, **SUBMIT))
    assert response.status_code == 302, response.context and response.context["form"].errors
    assert "Pekan ini" not in html()
    assert "Pekan ini" in desk.get(f"/kelola/pages/{page.pk}/view_draft/").content.decode()
    assert decide(rina, page).status_code == 302
    shown = html()
    assert "Kantor <b>tutup</b> Jumat." in shown and shown.index("h-kat") < shown.index("h-cepat")
    assert home_of().live and DepartmentPage.objects.filter(live=False).count() == 0


def test_the_citys_desk_writes_the_portals_own_pages_and_its_reviewer_lets_them_go_live() -> None:
    desk, rina = somebody("edo", Role.EDITOR), desk_of("rina")
    page = ContentPage.objects.get(slug="bantuan", locale__language_code="id")
    edit = f"/kelola/pages/{page.pk}/edit/"
    assert page.title in desk.get(f"/kelola/pages/{Page.get_first_root_node().pk}/").content.decode(), "it is in the list"
    assert desk.get(edit).status_code == 200
    values = {
        "title": page.title,
        "slug": page.slug,
        "lead": "Kantor pindah mulai Senin.",
        "reviewed": "",
        "body": rich_text(page.body),
    }
    values |= {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0, "go_live_at": "", "expire_at": "", "seo_title": ""}
    values |= {"search_description": ""}
    sent = nested_form_data(values) | {name.replace("__", "-"): value for name, value in SUBMIT.items()}
    answer = desk.post(edit, sent)
    assert answer.status_code == 302, answer.context and answer.context["form"].errors
    assert "Kantor pindah" not in html("/bantuan/")
    assert decide(rina, page).status_code == 302
    assert "Kantor pindah mulai Senin." in html("/bantuan/")
    for end in ("edit/", "history/", "view_draft/", "copy/", "delete/", "unpublish/", "move/"):
        assert desk_of("bob").get(f"/kelola/pages/{page.pk}/{end}").status_code in (403, 404), end
    for end in ("copy/", "delete/", "unpublish/", "move/"):
        assert desk.get(f"/kelola/pages/{page.pk}/{end}").status_code in (302, 403, 404), end


def test_what_no_editor_sends_is_refused_as_such() -> None:
    desk, page = somebody("edo", Role.EDITOR), home_of()
    sent = form_of(page, [*home.beginning("id"), block("text", {"title": "Pekan ini", "text": "<p>x</p>"})])
    field = next(name for name in reversed(sent) if name.endswith("-value-text"))
    assert desk.post(f"/kelola/pages/{page.pk}/edit/", {**sent, field: "<p>bukan JSON"}).status_code == 400


def test_an_editor_of_a_department_does_not_reach_the_home_page() -> None:
    page, desk = home_of(), desk_of("bob")
    boss = somebody("kepala", Role.MANAGER, "dlh")
    for who in (desk, boss):
        for end in (
            "edit/",
            "history/",
            "view_draft/",
            "copy/",
            "delete/",
            "unpublish/",
            "move/",
            "edit/preview/",
            "usage/",
        ):
            assert who.get(f"/kelola/pages/{page.pk}/{end}").status_code in (403, 404), end
        assert who.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, [], **SUBMIT)).status_code in (403, 404)
    assert [b.block_type for b in home_of().get_latest_revision_as_object().body] == ORDER


def test_the_right_on_the_home_page_is_none_on_what_lies_below_it() -> None:
    desk, page, foreign = somebody("edo", Role.EDITOR), home_of(), page_of("akta-kelahiran")
    for end in ("delete/", "unpublish/", "move/", "copy/"):
        answer = desk.get(f"/kelola/pages/{page.pk}/{end}")
        assert answer.status_code in (302, 403, 404), end
    for address in (
        f"pages/{foreign.pk}/edit/",
        f"pages/{foreign.get_parent().pk}/edit/",
        f"pages/add/cms/contentpage/{page.pk}/",
        f"pages/add/cms/departmentpage/{page.pk}/",
    ):
        assert desk.get(f"/kelola/{address}").status_code in (302, 403, 404), address
    assert desk.post(f"/kelola/pages/{page.pk}/edit/", {**form_of(page), "action-publish": "1"}).status_code in (302, 403)
    assert not Page.objects.filter(pk=page.pk, live_revision__isnull=False).exists(), "nothing was published past the review"
    listed = desk.get(f"/kelola/pages/{Page.get_first_root_node().pk}/").content.decode()
    assert page.title in listed and "Komunikasi" in listed and "Lingkungan Hidup" not in listed


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["disturbed", "search"], "paling atas"),
        (["disturbed"], "paling atas"),
        (["search"], "Layanan terganggu"),
        (["search", "disturbed", "needs", "needs"], "kebutuhan"),
    ],
)
def test_a_home_page_without_a_heading_or_word_of_trouble_is_not_submitted_but_kept_as_a_draft(
    kinds: list[str], words: str
) -> None:
    desk, page = somebody("edo", Role.EDITOR), home_of()
    own = {b["type"]: b for b in home.beginning("id")}
    answer = desk.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, [own[kind] for kind in kinds], **SUBMIT))
    assert answer.status_code == 200
    assert any(words.lower() in str(error).lower() for error in _said(answer.context["form"].errors["body"].as_data()))
    if len(set(kinds)) == len(kinds):
        assert desk.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, [own[kind] for kind in kinds])).status_code == 302


def _said(errors: list[Any]) -> list[str]:
    return [str(e) for error in errors for e in [error, *getattr(error, "non_block_errors", [])]]


def test_english_says_its_own_words_and_follows_the_order_and_choices_of_the_indonesian_page() -> None:
    own = [
        *home.beginning("id")[:2],
        block("links", {"title": "Lihat juga", "links": [row({"label": "Bantuan kami", "url": "/bantuan/"})]}),
        block("needs", {"title": "Pilih kebutuhan", "chosen": []}),
    ]
    put(own)
    english = html("/en/")
    assert '<h2 id="h-kat" lang="id">Pilih kebutuhan</h2>' in english, "not translated yet, and said so"
    assert '<a href="/en/bantuan/" lang="id">Bantuan kami</a>' in english
    there = [
        block("needs", {"title": "Choose a need", "chosen": []}),
        block("links", {"title": "See also", "links": [row({"label": "Our help", "url": "/tentang/"})]}),
    ]
    put(there, "en")
    english = html("/en/")
    assert english.index("See also") < english.index("Choose a need")
    assert '<a href="/en/bantuan/">Our help</a>' in english and '/en/tentang/"' not in english.split("<footer")[0]
    assert "Lihat juga" in html() and "See also" not in html()


def test_the_home_page_is_on_the_desks_list_of_what_is_to_be_translated() -> None:
    assert translating.todo_of_home() == []
    put([*home.beginning("id"), block("text", {"title": "Pekan ini", "text": "<p>Tutup.</p>"})])
    assert [(todo.page.pk, todo.missing) for todo in translating.todo_of_home()] == [(home_of().pk, ("Teks",))]
    desk = somebody("edo", Role.EDITOR)
    address = f"/kelola/pages/{home_of('en').pk}/edit/"
    assert address in desk.get("/petugas/terjemahan/").content.decode()
    assert address not in desk_of("bob").get("/petugas/terjemahan/").content.decode()
    assert "Dalam bahasa Indonesia" in desk.get(address).content.decode(), "what is to be translated stands beside it"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", " JaVaScript:alert(1)", "data:text/html,x", "//evil.example/", "/\\evil.example", "bantuan"],
)
def test_a_link_leads_to_a_page_or_is_refused_with_an_example(url: str) -> None:
    desk, page = somebody("edo", Role.EDITOR), home_of()
    wrong = block("links", {"title": "Lihat juga", "links": [row({"label": "Tekan", "url": url})]})
    answer = desk.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, [*home.beginning("id"), wrong]))
    assert answer.status_code == 200 and "misalnya /bantuan/" in answer.content.decode()
    put([*home.beginning("id"), wrong])
    assert "Tekan" not in html(), "nor is it shown when it came through another door"


def test_whatever_was_stored_is_text_or_clean_prose_to_readers() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    put(
        [
            block(
                "search",
                {"title": evil, "example": '" onfocus=alert(1) x="', "popular": [row({"label": evil, "query": evil})]},
            ),
            block("text", {"title": evil, "text": f"<p>{evil}<a href='javascript:alert(1)'>x</a></p>"}),
            block("shortcuts", {"cards": [row({"target": "evil"}), row({"target": "track", "title": evil})]}),
            block("unknown", {"title": evil}),
        ]
    )
    shown = html().split("<main")[1].split("<script src=")[0]
    assert "<script>alert" not in shown and "<img" not in shown and "javascript:" not in shown
    assert not re.search(r"<[a-z]+[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', shown))


def test_every_block_shows_something_and_the_page_stays_cheap() -> None:
    Notice.objects.create(
        kind=Notice.Kind.OUTAGE,
        title="Loket tutup",
        text="Besok.",
        department=Department.objects.get(code="dlh"),
        starts_at=timezone.now(),
        made_by=User.objects.get(email="oper@example.org"),
    )
    notices.turn()
    put(
        [
            *home.beginning("id"),
            block(
                "services", {"title": "Ramai", "chosen": [row("uji-kir", "a"), row("akta-kelahiran", "b"), row("x", "c")]}
            ),
            block("notices", {"title": ""}),
            block("figures", {"title": ""}),
            block("text", {"title": "Teks", "text": "<p>Isi</p>"}),
            block("links", {"title": "Tautan", "links": [row({"label": "Situs", "url": "https://example.org/"})]}),
        ]
    )
    client = Client()
    client.get("/")
    caches[editions.CACHE].clear()
    with CaptureQueriesContext(connection) as captured:
        shown = client.get("/").content.decode()
    assert len(captured) <= 15
    assert shown.index("/layanan/uji-kir/") < shown.index("/layanan/akta-kelahiran/"), "in the order that was chosen"
    assert all(word in shown for word in ("Loket tutup", "<b>94</b>", "<p>Isi</p>", 'href="https://example.org/"', "Ramai"))
    identities = re.findall(r'\sid="([^"]+)"', shown)
    assert len(identities) == len(set(identities))


def test_only_the_chosen_needs_are_shown_in_the_chosen_order() -> None:
    slugs = re.findall(r"kebutuhan=([\w-]+)", html())
    put([*home.beginning("id")[:2], block("needs", {"title": "", "chosen": [row(slugs[5], "a"), row(slugs[0], "b")]})])
    assert re.findall(r"kebutuhan=([\w-]+)", html()) == [slugs[5], slugs[0]]
