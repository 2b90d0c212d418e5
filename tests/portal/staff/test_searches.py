"""Editors add words from the list of searches that helped nobody; a reviewer approves; search follows at once."""

import pytest
from django.test import Client

from accounts.models import User
from services.catalogue import counting
from services.catalogue.models import Guide, WordLink

pytestmark = pytest.mark.usefixtures("demo_city")


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=f"{name}@example.org"))
    return client


def test_from_a_missed_search_to_a_result() -> None:
    for _ in range(3):
        counting.count_search("blekok", found=0)
    assert "Tidak ada layanan yang cocok" in Client().get("/layanan/?q=blekok").content.decode()
    bob, rina = signed_in("bob"), signed_in("rina")
    assert ">blekok</a>" in bob.get("/petugas/pencarian/").content.decode()
    bob.post("/petugas/pencarian/usul/", {"kata": "blekok", "layanan": "uji-kir"})
    link = WordLink.objects.get(words="blekok")
    assert link.state == WordLink.State.PROPOSED
    assert bob.post(f"/petugas/pencarian/{link.pk}/putusan/", {"putusan": "setuju"}).status_code == 403
    assert "Setujui" in rina.get("/petugas/pencarian/").content.decode()
    rina.post(f"/petugas/pencarian/{link.pk}/putusan/", {"putusan": "setuju"})
    assert "/layanan/uji-kir/" in Client().get("/layanan/?q=blekok").content.decode()
    rina.post(f"/petugas/pencarian/{link.pk}/putusan/", {"putusan": "cabut"})
    assert "/layanan/uji-kir/" not in Client().get("/layanan/?q=blekok").content.decode()


def test_nobody_approves_their_own_word() -> None:
    rina = signed_in("rina")
    rina.post("/petugas/pencarian/usul/", {"kata": "blekok", "arti": "timbangan"})
    link = WordLink.objects.get(words="blekok")
    answer = rina.post(f"/petugas/pencarian/{link.pk}/putusan/", {"putusan": "setuju"}, follow=True)
    link.refresh_from_db()
    assert link.state == WordLink.State.PROPOSED and "usul Anda sendiri" in answer.content.decode()


@pytest.mark.parametrize(("name", "answer"), [("alice", 403), ("ivan", 403), ("bob", 200), ("rina", 200), ("oper", 200)])
def test_who_keeps_the_words(name: str, answer: int) -> None:
    assert signed_in(name).get("/petugas/pencarian/").status_code == answer


def test_wrong_proposals_are_told_and_a_guide_is_changed() -> None:
    rina = signed_in("rina")
    for wrong, told in (
        ({"kata": "yang"}, "bukan hanya kata sambung"),
        ({"kata": "blekok"}, "Isi salah satu"),
        ({"kata": "blekok", "layanan": "tidak-ada"}, "Layanan itu tidak ada"),
        ({"kata": "a1 b2 c3 d4 e5 f6", "arti": "x1"}, "Paling banyak lima kata"),
    ):
        assert told in rina.post("/petugas/pencarian/usul/", wrong, follow=True).content.decode()
    answer = rina.post("/petugas/pencarian/pandu/kesehatan/", {"isi": "? Apa?\n- Satu"})
    assert "Belum tersimpan" in answer.content.decode() and "Baris 2" in answer.content.decode()
    rina.post("/petugas/pencarian/pandu/kesehatan/", {"isi": "? Sakit apa?\n- Hewan\n  = layanan-kesehatan-hewan"})
    assert Guide.objects.get(need__slug="kesehatan").changed_by
    assert "Sakit apa?" in Client().get("/pandu/kesehatan/").content.decode()
