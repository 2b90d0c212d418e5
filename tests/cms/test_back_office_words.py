"""Department staff meet Wagtail in Indonesian: what is still English on the screens they open is counted."""

import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from accounts.models import User
from cms.back_office_words import DOMAINS, missing, words
from cms.models import DepartmentPage

ALLOWED = 10  # a release of Wagtail may bring a few; `manage.py back_office_words` names them
FOLDER = Path(settings.LOCALE_PATHS[0]) / "id" / "LC_MESSAGES"


@pytest.mark.parametrize("domain", DOMAINS)
def test_hardly_a_word_of_the_screens_is_english(domain: str) -> None:
    assert len(words(domain)) > 80
    open_ones = missing(domain)
    assert len(open_ones) <= ALLOWED, open_ones


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_compiled_catalogue_is_of_its_source(domain: str, tmp_path: Path) -> None:
    if shutil.which("msgfmt") is None:
        pytest.skip("gettext's tools are not here")
    made = tmp_path / "made.mo"
    subprocess.run(["msgfmt", "--check-format", "--no-hash", "-o", str(made), str(FOLDER / f"{domain}.po")], check=True)
    assert made.read_bytes() == (FOLDER / f"{domain}.mo").read_bytes()


def test_our_own_words_stay_as_they_are_and_english_stays_english() -> None:
    with translation.override("id"):
        assert translation.gettext("Biaya") == "Biaya"
        assert translation.ngettext("%(n)d hari", "%(n)d hari", 2) == "%(n)d hari"
        assert translation.gettext("Save draft") == "Simpan draf"
    with translation.override("en"):
        assert translation.gettext("Save draft") == "Save draft"
        assert translation.gettext("Biaya") == "Fee"


@pytest.mark.usefixtures("demo_city")
def test_bob_reads_indonesian_in_tree_editor_and_scripts(bob: User) -> None:
    desk = Client()
    desk.force_login(bob)
    corner = DepartmentPage.objects.get(locale__language_code="id", department="dispendukcapil")
    page = corner.get_children().first()
    tree = desk.get(f"/kelola/pages/{corner.pk}/").content.decode()
    assert "Tindakan massal" in tree and "Saring menurut" in tree and "Filter by" not in tree
    editor = desk.get(f"/kelola/pages/{page.pk}/edit/").content.decode()
    for word in ("Simpan draf", "Pengajuan ke", "Komentar", "Pratinjau"):
        assert word in editor, word
    for word in (">Save draft<", ">Publish<", "Toggle preview", "Minimap"):
        assert word not in editor, word
    scripts = desk.get("/kelola/jsi18n/").content.decode()
    assert "Sisipkan blok" in scripts
