"""Editors add words from the list of searches that helped nobody; a reviewer approves; search follows at once."""

import re

import pytest
from django.test import Client

from accounts.models import User
from services.catalogue import counting
from services.catalogue.models import Guide, Need, WordLink

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


def test_wrong_proposals_are_told() -> None:
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


GUIDE, OUTLINE = "/petugas/pencarian/pandu/kesehatan/", "? Sakit apa?\n- Hewan\n  = layanan-kesehatan-hewan"


def read_by(client: Client) -> str:
    return re.findall(r'name="dibaca" value="(\w+)"', client.get(GUIDE).content.decode())[-1]


def decide(client: Client, decision: str, read: str) -> str:
    return client.post(GUIDE, {"putusan": decision, "dibaca": read}, follow=True).content.decode()


def test_an_editor_proposes_a_guide_and_somebody_else_approves_it() -> None:
    bob, rina = signed_in("bob"), signed_in("rina")
    assert GUIDE in bob.get("/petugas/pencarian/").content.decode()
    old = Guide.objects.get(need__slug="kesehatan").outline
    bob.post(GUIDE, {"isi": OUTLINE, "dibaca": read_by(bob)})
    assert "Sakit apa?" not in Client().get("/pandu/kesehatan/").content.decode(), "not before it is approved"
    shown = rina.get(GUIDE).content.decode()
    assert '<ins class="k-break" lang="id">? Sakit apa?</ins>' in shown and "Bob" in shown and "<del" in shown
    assert bob.post(GUIDE, {"putusan": "setuju", "dibaca": read_by(bob)}).status_code == 403
    assert "tetap" in decide(rina, "tolak", read_by(rina)) and Guide.objects.get(need__slug="kesehatan").outline == old
    bob.post(GUIDE, {"isi": OUTLINE, "dibaca": read_by(bob)})
    assert "sudah berubah untuk semua orang" in decide(rina, "setuju", read_by(rina))
    guide = Guide.objects.get(need__slug="kesehatan")
    assert (guide.outline, guide.proposed) == (OUTLINE, "") and guide.changed_by == User.objects.get(email="bob@example.org")
    assert "Sakit apa?" in Client().get("/pandu/kesehatan/").content.decode()


def test_nobody_approves_their_own_guide_or_one_they_have_not_read() -> None:
    rina, oper, bob = signed_in("rina"), signed_in("oper"), signed_in("bob")
    rina.post(GUIDE, {"isi": OUTLINE, "dibaca": read_by(rina)})
    assert "usul Anda sendiri" in decide(rina, "setuju", read_by(rina))
    read = read_by(oper)
    bob.post(GUIDE, {"isi": OUTLINE.replace("Hewan", "Sapi"), "dibaca": read_by(bob)})
    assert "Tidak bisa" in decide(oper, "setuju", read), "another text than was read"
    assert Guide.objects.get(need__slug="kesehatan").proposed.count("Sapi") == 1


def test_two_who_write_a_guide_at_once_lose_nothing() -> None:
    bob, rina = signed_in("bob"), signed_in("rina")
    read = read_by(bob)
    rina.post(GUIDE, {"isi": OUTLINE, "dibaca": read_by(rina)})
    told = bob.post(GUIDE, {"isi": OUTLINE.replace("Hewan", "Sapi"), "dibaca": read}).content.decode()
    assert "orang lain mengubah pemandu ini" in told and "- Sapi" in told and "- Hewan" in told
    assert "Sapi" not in Guide.objects.get(need__slug="kesehatan").proposed


def test_a_first_guide_is_nowhere_until_it_is_approved() -> None:
    need = Need.objects.create(slug="coba", name="Coba", name_en="Try")
    address, bob = "/petugas/pencarian/pandu/coba/", signed_in("bob")
    read = re.findall(r'name="dibaca" value="(\w+)"', bob.get(address).content.decode())[-1]
    assert bob.post(address, {"isi": OUTLINE, "dibaca": read}).status_code == 302
    assert Client().get("/pandu/coba/").status_code == 404 and "/pandu/coba/" not in Client().get("/pandu/").content.decode()
    assert Guide.objects.get(need=need).proposed == OUTLINE


@pytest.mark.parametrize(("outline", "told"), [
    ("? Apa?\n- " + "x" * 20_000 + "\n  = uji-kir", "terlalu panjang"), ("? Apa?\n- a\x00\n  = uji-kir", "Baris 2"),
    ("  ? Apa?\n  - a\n    = uji-kir", ""), ("\r\n\r\n? Apa?\r\n- a\r\n  = uji-kir\r\n", ""),
])  # fmt: skip
def test_an_outline_is_kept_as_it_was_judged_or_refused_whole(outline: str, told: str) -> None:
    bob, rina = signed_in("bob"), signed_in("rina")
    answer = bob.post(GUIDE, {"isi": outline, "dibaca": read_by(bob)}, follow=True)
    kept = Guide.objects.get(need__slug="kesehatan").proposed
    if told:
        assert told in answer.content.decode() and not kept
        assert "xxx" in answer.content.decode() or told != "terlalu panjang", "what was typed is still there"
    elif kept:
        assert "sudah berubah" in decide(rina, "setuju", read_by(rina)), "what could be proposed can be approved"
        assert Client().get("/pandu/kesehatan/").status_code == 200
    else:
        assert "Belum tersimpan" in answer.content.decode()
