"""A guide leads from a need to services by questions that editors write."""

import pytest
from django.test import Client

from services.catalogue import guides
from services.catalogue.models import Guide, Need, Service

OUTLINE = """
? Apa? | What?
- Satu | One
  = uji-kir, andalalin
- Dua | Two
  ? Lagi? | More?
  - Tiga | Three
    = sedot-tinja
"""


def test_answers_lead_to_questions_and_services() -> None:
    first = guides.read_outline(OUTLINE)
    assert guides.step(first, []).question is first
    assert guides.step(first, [1]).codes == ("uji-kir", "andalalin")
    further = guides.step(first, [2])
    assert further.question and further.question.label("en") == "More?"
    assert guides.step(first, [2, 1]).codes == ("sedot-tinja",)
    assert guides.step(first, [9, 9]).question is first


@pytest.mark.parametrize(
    ("outline", "line", "why"),
    [
        ("", 1, "start"),
        ("- a\n  = b", 1, "start"),
        ("? a", 1, "empty"),
        ("? a\n- b", 2, "empty"),
        ("? a\n- b\n  x", 3, "indent"),
        ("? a\n- b\n  = c\n? d", 4, "indent"),
        ("? a\n" + "- b\n  = c\n" * 10, 1, "many"),
        ("? a\n- b\n  =", 3, "empty"),
    ],
)
def test_a_wrong_outline_says_its_line(outline: str, line: int, why: str) -> None:
    with pytest.raises(guides.OutlineError) as told:
        guides.read_outline(outline)
    assert (told.value.line, told.value.why) == (line, why)


@pytest.mark.usefixtures("demo_city")
def test_the_citys_guides_lead_to_services_there_are(client: Client) -> None:
    known = set(Service.objects.filter(is_public=True).values_list("code", flat=True))
    assert Guide.objects.count() == Need.objects.count() == 8
    for guide in Guide.objects.select_related("need"):
        assert guides.codes_in(guides.read_outline(guide.outline)) <= known
        assert client.get(f"/pandu/{guide.need.slug}/").status_code == 200
    with pytest.raises(guides.OutlineError, match="codes"):
        guides.write_guide(Need.objects.all()[0], "? a\n- b\n  = tidak-ada")


@pytest.mark.usefixtures("demo_city")
def test_a_resident_walks_through_a_guide_without_javascript(client: Client) -> None:
    page = client.get("/pandu/").content.decode()
    assert "/pandu/kesehatan/" in page
    assert "?j=2" in client.get("/pandu/kesehatan/").content.decode()
    page = client.get("/pandu/kesehatan/?j=2.1").content.decode()
    assert "/layanan/antrean-puskesmas/" in page and "Ubah" in page
    assert "What do you need?" in client.get("/en/pandu/kesehatan/").content.decode()
    assert client.get("/pandu/kesehatan/?j=99.x.-1").status_code == 200
    assert client.get("/pandu/tidak-ada/").status_code == 404
