"""Bob changes the form of his service in the back office; what he publishes is frozen, and nothing broken gets through."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.test.utils.form_data import nested_form_data, streamfield

from accounts.models import User
from cms.form_builder import starting
from cms.form_builder.documents import document_of, raw_stream, stream_from
from cms.models import FormPage, ServicePage
from services.catalogue.models import Service
from services.forms.documents import tidy
from services.forms.models import FormVersion
from services.forms.queries import newest_of

pytestmark = pytest.mark.usefixtures("demo_city")
CODE = "akta-kelahiran"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.get(email="admin@example.org"))
    return client


def service_page(code: str = CODE) -> ServicePage:
    return ServicePage.objects.get(locale__language_code="id", code=code)


def new_page(code: str = CODE) -> FormPage:
    """The page that the editor gets for a service, saved as a draft."""
    page = FormPage(live=False)
    parent = service_page(code)
    starting.begin(page, parent, with_body=True)
    parent.add_child(instance=page)
    page.save_revision()
    return FormPage.objects.get(pk=page.pk)


def sent(raw: Any) -> Any:
    """A raw stream as the browser sends it."""
    if isinstance(raw, list):
        blocks = [(block["type"], {"value": sent(block["value"]), "id": block.get("id", "")}) for block in raw]
        made = streamfield([(kind, both["value"]) for kind, both in blocks])
        for number, (_kind, both) in enumerate(blocks):
            made[str(number)]["id"] = both["id"]
        return made
    if isinstance(raw, dict):
        return {name: sent(value) for name, value in raw.items() if value is not False}
    return "" if raw is None else "on" if raw is True else raw


def form_of(page: FormPage, raw: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    values = {"title": page.title, "title_en": page.title_en, "body": sent(raw), "note": "", "accept_until": "", **more}
    values |= {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0, "go_live_at": "", "expire_at": ""}
    return nested_form_data(values)


def raw_of(page: FormPage) -> list[dict[str, Any]]:
    return page.body.get_prep_value()


def errors_of(response: Any) -> Any:
    return response.context["form"].errors.as_data() if response.context else response


def test_a_new_form_page_holds_the_form_that_residents_use_now(desk: Client) -> None:
    published = newest_of(CODE)
    assert published is not None
    response = desk.get(f"/kelola/pages/add/cms/formpage/{service_page().pk}/")
    assert response.status_code == 200
    page = response.context["form"].instance
    assert page.document() == tidy(published.document)
    raw = raw_of(page)
    saved = desk.post(f"/kelola/pages/add/cms/formpage/{service_page().pk}/", form_of(page, raw, **{"action-publish": "1"}))
    assert saved.status_code == 302, errors_of(saved)
    assert newest_of(CODE) == published, "nothing changed, so there is no new version"
    assert FormPage.objects.get().live


@pytest.fixture
def page() -> FormPage:
    return new_page()


def edit(desk: Client, page: FormPage, raw: list[dict[str, Any]], **more: Any) -> Any:
    return desk.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, raw, **more))


def latest(page: FormPage) -> FormPage:
    found: FormPage = FormPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    return found


def question(**members: Any) -> dict[str, Any]:
    return {"key": "baru", "type": "text", "label": {"id": "Nama rumah sakit"}, **members}


def block(**members: Any) -> dict[str, Any]:
    """A question as a block that somebody has just added: no key, no id."""
    document = {"profile": "kota-form/1", "title": {"id": "x"}, "parts": [
        {"key": "x", "title": {"id": "x"}, "questions": [question(**members)]}]}  # fmt: skip
    made: dict[str, Any] = raw_stream(document)[0]["value"]["questions"][0]
    made["id"], made["value"]["key"] = "", ""
    return made


PUBLISH = {"action-publish": "1"}


def test_bob_adds_a_question_with_a_condition_and_it_is_the_next_version(desk: Client, page: FormPage) -> None:
    before, raw = newest_of(CODE), raw_of(page)
    added = block(required=True)
    rule = {"type": "rule", "id": "", "value": {"field": "Jenis kelamin anak", "op": "equals", "value": "Perempuan"}}
    added["value"]["show_if"] = {"match": "all", "rules": [rule]}
    raw[1]["value"]["questions"].append(added)
    saved = edit(desk, page, raw, note="Nama rumah sakit ditanyakan", **PUBLISH)
    assert saved.status_code == 302, errors_of(saved)
    version = newest_of(CODE)
    assert version is not None and before is not None and version.number == before.number + 1
    assert version.note == "Nama rumah sakit ditanyakan" and version.published_by is not None
    made = version.document["parts"][1]["questions"][-1]
    assert made["key"] == "nama_rumah_sakit", "the key comes from the label"
    looked_at = next(q for p in version.document["parts"] for q in p["questions"] if q["key"] == "jenis_kelamin")
    woman = next(o["value"] for o in looked_at["options"] if o["label"]["id"] == "Perempuan")
    assert made["show_if"] == {"field": "jenis_kelamin", "equals": woman}, "words of a question and an answer are understood"
    assert Service.objects.get(code=CODE).form == version.definition
    assert before.document == FormVersion.objects.get(pk=before.pk).document


def test_half_a_form_is_saved_and_a_broken_one_is_published_by_no_door(desk: Client, page: FormPage) -> None:
    count, raw = FormVersion.objects.count(), raw_of(page)
    raw.append(
        {"type": "part", "id": "", "value": {"title": "", "questions": [block(type="select", label={"id": "Agama"})]}}
    )
    assert edit(desk, page, raw).status_code == 302, "a draft may be half a form"
    refused = edit(desk, page, raw, **PUBLISH)
    assert refused.status_code == 200
    shown = refused.content.decode()
    assert "Bagian ini belum punya judul." in shown and "Pertanyaan pilihan belum punya pilihan." in shown
    [error] = errors_of(refused)["body"]
    part = error.block_errors[len(raw) - 1].block_errors
    assert set(part) == {"title", "questions"} and set(part["questions"].block_errors) == {0}, "each error is at its block"

    broken = latest(page)
    with pytest.raises(ValidationError, match="belum punya judul"):
        broken.get_latest_revision().publish()
    broken.live = True
    with pytest.raises(ValidationError):
        broken.save()
    bulk = desk.post(f"/kelola/bulk/wagtailcore/page/publish/?id={page.pk}", {"next": "/kelola/"}, follow=True)
    assert "Formulir belum lengkap" in bulk.content.decode()
    assert not FormPage.objects.get(pk=page.pk).live and FormVersion.objects.count() == count


def test_a_key_is_made_once_and_stays_with_its_block(desk: Client, page: FormPage) -> None:
    raw = raw_of(page)
    child = raw[1]["value"]["questions"]
    renamed = next(one for one in child if one["value"]["key"] == "nama_anak")
    renamed["value"] |= {"label": "Nama lengkap bayi", "key": "kunci_lain"}
    twin = {"type": renamed["type"], "id": "", "value": {**renamed["value"], "key": "nama_anak"}}
    child.insert(0, twin)  # a copy, moved above the original
    child.append(block())
    assert edit(desk, page, raw).status_code == 302
    keys = [one["value"]["key"] for one in raw_of(latest(page))[1]["value"]["questions"]]
    assert keys.count("nama_anak") == 1 and keys.index("nama_anak") > 0, "the published key stays with its own block"
    assert keys[0] == "nama_lengkap_bayi" and keys[-1] == "nama_rumah_sakit"
    again = raw_of(latest(page))
    again[1]["value"]["questions"][-1]["value"]["label"] = "Rumah sakit atau bidan"
    assert edit(desk, page, again).status_code == 302
    assert raw_of(latest(page))[1]["value"]["questions"][-1]["value"]["key"] == "nama_rumah_sakit", "made once"


def test_a_question_that_the_department_still_reads_cannot_go(desk: Client, page: FormPage) -> None:
    raw = raw_of(page)
    raw[1]["value"]["questions"] = [one for one in raw[1]["value"]["questions"] if one["value"]["key"] != "nama_anak"]
    refused = edit(desk, page, raw, **PUBLISH)
    assert refused.status_code == 200
    assert "membaca pertanyaan “nama_anak”" in str(errors_of(refused)["body"][0].non_block_errors)
    assert not FormPage.objects.get(pk=page.pk).live


def test_an_impossible_question_is_named(desk: Client, page: FormPage) -> None:
    raw = raw_of(page)
    raw[1]["value"]["questions"].append(
        block(type="date", label={"id": "Kapan"}, required=True, min="today+1y", max="today-1y")
    )
    refused = edit(desk, page, raw, **PUBLISH)
    assert "Tidak ada jawaban yang bisa diterima" in refused.content.decode()


def test_settings_of_one_publication_are_not_those_of_the_next(desk: Client, page: FormPage) -> None:
    raw = raw_of(page)
    raw[0]["value"]["title"] = "Siapa yang mengurus"
    sent_with = {"replaces_drafts": "on", "accept_until": "2030-01-02 08:00", "note": "Aturan baru"}
    assert edit(desk, page, raw, **sent_with, **PUBLISH).status_code == 302
    newest, older = FormVersion.objects.filter(definition__code=CODE).order_by("-number")[:2]
    assert newest.replaces_drafts and older.accept_until is not None and newest.accept_until is None
    form = desk.get(f"/kelola/pages/{page.pk}/edit/").context["form"]
    assert (form["note"].value(), form["replaces_drafts"].value(), form["accept_until"].value()) == ("", False, None)


def test_saving_a_live_form_page_for_another_reason_publishes_nothing(desk: Client, page: FormPage) -> None:
    page.get_latest_revision().publish()
    count = FormVersion.objects.count()
    live = FormPage.objects.get(pk=page.pk)
    live.locked = True
    live.save()
    assert FormVersion.objects.count() == count


def test_taking_the_page_offline_takes_nothing_from_residents(desk: Client, page: FormPage) -> None:
    page.get_latest_revision().publish()
    service = Service.objects.get(code=CODE)
    answer = desk.post(f"/kelola/pages/{page.pk}/unpublish/", follow=True)
    assert "Warga tetap memakai formulir versi" in answer.content.decode()
    assert Service.objects.get(code=CODE).form_id == service.form_id is not None


def test_a_service_has_one_form_in_one_tree(desk: Client, page: FormPage) -> None:
    parent = service_page()
    english = ServicePage.objects.get(code=CODE, locale__language_code="en")
    assert not FormPage.can_create_at(parent) and not FormPage.can_create_at(english)
    assert not page.can_move_to(service_page("akta-kematian"))
    assert page.url is None and desk.get(f"/layanan/{parent.slug}/formulir/").status_code == 404


@pytest.mark.parametrize(
    "mode", ["", "bagian:pemohon", "bagian:data-anak", "bagian:dokumen", "periksa", "terkirim", "kalimat"]
)
def test_bob_previews_every_page_with_sample_answers(desk: Client, page: FormPage, mode: str) -> None:
    edit_page = f"/kelola/pages/{page.pk}/edit/"
    assert desk.post(f"{edit_page}preview/", form_of(page, raw_of(page))).json()["is_valid"]
    shown = desk.get(f"{edit_page}preview/?mode={mode}")
    words = {
        "": "Periksa dan kirim",
        "bagian:pemohon": 'value="3576010101900001"',
        "periksa": "3576 0101 0190 0001",
        "terkirim": "MJK-0000-CONTOH",
        "kalimat": "Isi kota atau kabupaten tempat lahir",
    }
    assert shown.status_code == 200 and words.get(mode, "Simpan dan lanjut") in shown.content.decode()
    assert page.default_preview_size == "mobile"


def test_half_a_form_is_previewed_as_far_as_it_goes(desk: Client, page: FormPage) -> None:
    raw = raw_of(page)
    lost = block(label={"id": "Tergantung"})
    lost["value"]["show_if"] = {"match": "all", "rules": [
        {"type": "rule", "id": "", "value": {"field": "tidak ada", "op": "equals", "value": "x"}}]}  # fmt: skip
    raw[0]["value"]["questions"] += [block(type="select", label={"id": "Belum ada pilihan"}), block(label={"id": ""}), lost]
    raw.append({"type": "part", "id": "", "value": {"title": "", "questions": []}})
    edit_page = f"/kelola/pages/{page.pk}/edit/"
    assert desk.post(f"{edit_page}preview/", form_of(page, raw)).json()["is_valid"]
    shown = desk.get(f"{edit_page}preview/?mode=bagian:pemohon").content.decode()
    assert "Tergantung" in shown and "Belum ada pilihan" not in shown


def test_bob_fills_in_his_own_form_and_nothing_is_sent(desk: Client, page: FormPage) -> None:
    base = f"/kelola/formulir/{page.pk}/coba/"
    assert "Ini percobaan formulir" in desk.get(base).content.decode()
    wrong = desk.post(f"{base}bagian/pemohon/", {"f.nik": "123", "aksi": "lanjut"}, follow=True)
    assert "harus 16 angka. Yang Anda isi baru 3 angka" in wrong.content.decode()
    assert desk.post(f"{base}periksa/", {"setuju": "1"})["Location"] == base, "an unfinished form goes nowhere"
    assert desk.get(f"{base}ulang/", follow=True).status_code == 200
    assert "123" not in desk.get(f"{base}bagian/pemohon/").content.decode().split("<form")[1].split("</form")[0]


def test_a_form_of_eighty_questions_can_be_sent_by_the_editor(desk: Client, page: FormPage) -> None:
    questions = [
        {"key": f"k{n}", "type": "select", "label": {"id": f"Pertanyaan {n}", "en": f"Question {n}"},
         "options": [{"value": v, "label": {"id": v, "en": v}} for v in "abcdef"],
         "messages": {"missing": {"id": "Isi."}}, "show_if": {"field": "k0", "equals": "a"} if n else None}
        for n in range(80)
    ]  # fmt: skip
    document = {"profile": "kota-form/1", "title": {"id": "Besar"}, "parts": [
        {"key": f"p{n}", "title": {"id": f"P{n}"}, "questions": questions[n * 8:n * 8 + 8]} for n in range(10)]}  # fmt: skip
    values = form_of(page, stream_from(tidy(document), page._meta.get_field("body")).get_prep_value())
    assert 3_000 < len(values) < 10_000
    saved = desk.post(f"/kelola/pages/{page.pk}/edit/", values)
    assert saved.status_code == 302 and latest(page).document()["parts"][9]["questions"][7]["key"] == "k79"


def test_a_form_goes_out_as_a_file_and_comes_back_after_a_dry_run(desk: Client, page: FormPage) -> None:
    file = desk.get(f"/kelola/formulir/{page.pk}/ekspor/").content
    changed = file.replace(b'"Nama anak', b'"Nama bayi').replace(b'"key": "jam_lahir"', b'"key": "pukul_lahir"')
    address = f"/kelola/formulir/{page.pk}/impor/"
    dry = desk.post(address, {"isi": changed.decode()})
    said = dry.content.decode()
    assert dry.status_code == 200 and "dokumen formulir kita" in said and "Jam lahir" in said
    assert document_of(page.title, page.title_en, latest(page).body) == page.document(), "a dry run changes nothing"
    used = desk.post(address, {"isi": changed.decode(), "sidik": dry.context["digest"], "aksi": "pakai"})
    assert used.status_code == 303
    assert latest(page).document() == tidy(dry.context["found"].document)
    assert not FormPage.objects.get(pk=page.pk).live, "an import is a draft"
    refused = desk.post(address, {"isi": '{"a":1,"a":2}'})
    assert "ada nama yang tertulis dua kali" in refused.content.decode()
    assert desk.get(f"/kelola/formulir/{page.pk}/ekspor/?bentuk=skema").status_code in (200, 302)


def test_dewi_meets_none_of_the_doors_of_bobs_form(client: Client, page: FormPage, dewi: User) -> None:
    client.force_login(dewi)
    for door in ("coba/", "coba/ulang/", "coba/periksa/", "coba/bagian/pemohon/", "uji/", "ekspor/", "impor/"):
        assert client.get(f"/kelola/formulir/{page.pk}/{door}").status_code == 404
        assert client.post(f"/kelola/formulir/{page.pk}/{door}").status_code == 404
