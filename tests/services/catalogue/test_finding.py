"""Search takes any words, says what it did to them, follows the editors' links, and lists pages below services."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from cms import publishing
from cms.models import ContentPage
from services.catalogue import counting, indexing, notices, synonyms
from services.catalogue.highlight import marked
from services.catalogue.models import (
    Notice,
    SearchClick,
    SearchCount,
    SearchTerm,
    SearchWord,
    Service,
    SitePage,
    WordLink,
)
from services.catalogue.search import SearchQuery, search_services, suggest_services
from services.catalogue.site_pages import search_pages
from services.catalogue.stemming import root
from tests.search import quality

pytestmark = pytest.mark.usefixtures("demo_city")


def codes(text: str) -> list[str]:
    by_id = dict(Service.objects.values_list("pk", "code"))
    return [by_id[i] for i in search_services(SearchQuery(text)).ids]


def _with_hostile(test: Callable[..., None]) -> Callable[..., None]:
    for text in quality.HOSTILE:
        test = example(text)(test)
    return test


ANY_TEXT = st.text(st.characters(), max_size=300) | st.lists(
    st.sampled_from(
        [*"akta ktp sktm imb bayi ilang OR AND NOT ( ) \" * : % _ ' 1=1 kela yang 🙂 \u202e".split(), "\x00", "\ud800"]
    )
).map(" ".join)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT)
@_with_hostile
def test_no_words_make_an_error(text: str) -> None:
    found = search_services(SearchQuery(text))
    assert len(set(found.ids)) == found.total <= 94
    suggest_services(text, 6)
    search_pages(text)
    counting.count_search(text, found=found.total)


def test_words_that_mean_the_same_find_the_same_and_say_so() -> None:
    found = search_services(SearchQuery("rabi"))
    assert "surat-pengantar-nikah" in codes("rabi")[:3]
    assert "nikah" in found.also or any("nikah" in why.values() for why in found.reasons.values()) or "nikah" in found.words


def test_spellings_of_one_thing_are_one() -> None:
    for first, *others in (["e-ktp hilang", "ektp hilang", "KTP-el hilang"], ["akte lahir", "akta lahir", "aktaa lahirr"]):
        for other in others:
            assert codes(first)[:3] == codes(other)[:3]


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("penerbitan", "terbit"),
        ("nyewo", "sewa"),
        ("mbayar", "bayar"),
        ("dipukuli", "pukul"),
        ("nguburno", "kubur"),
        ("wargo", "warga"),
    ],
)
def test_affixes_of_indonesian_and_javanese_go(word: str, base: str) -> None:
    assert root(word) == base


def test_two_words_written_as_one_are_found() -> None:
    assert codes("kartukeluarga")[0] == "kartu-keluarga"


def test_looked_for_words_are_marked_and_nothing_is_lost() -> None:
    pieces = marked("Penerbitan Akta Kelahiran", {"akta", "lahir"})
    assert pieces == [("Penerbitan ", False), ("Akta", True), (" ", False), ("Kelahiran", True)]


def test_a_link_is_used_once_another_person_approves_it(alice: User, bob: User) -> None:
    assert codes("blekok") == []
    link = synonyms.propose_link("blekok", service=Service.objects.get(code="uji-kir"), by=alice)
    assert codes("blekok") == []
    assert synonyms.decide_link(link.pk, approve=True, by=alice) is None
    assert synonyms.decide_link(link.pk, approve=True, by=bob)
    assert codes("blekok") == ["uji-kir"]
    assert synonyms.retire_link(link.pk, by=bob)
    assert codes("blekok") == []
    synonyms.decide_link(synonyms.propose_link("blekok", means="timbangan", by=alice).pk, approve=True, by=bob)
    assert codes("blekok")[0] == "tera-ulang"


@pytest.mark.parametrize(
    ("words", "why"), [("yang di", "words"), ("", "words"), ("a1 b2 c3 d4 e5 f6", "long"), ("kir", "means")]
)
def test_what_is_no_link_is_refused(alice: User, words: str, why: str) -> None:
    with pytest.raises(synonyms.NotALink, match=why):
        synonyms.propose_link(words, by=alice)


def test_the_stock_of_links_is_added_once_and_a_retired_one_stays_retired(alice: User) -> None:
    link = WordLink.objects.filter(is_stock=True, service=None).first()
    assert link
    synonyms.retire_link(link.pk, by=alice)
    assert synonyms.seed() == 0
    link.refresh_from_db()
    assert link.state == WordLink.State.RETIRED


def test_the_counts_of_words_are_those_of_the_index() -> None:
    before = dict(SearchTerm.objects.filter(entries__gt=0).values_list("word", "entries"))
    indexing.index_services(Service.objects.filter(code__in=["uji-kir", "akta-kelahiran"]))
    assert dict(SearchTerm.objects.filter(entries__gt=0).values_list("word", "entries")) == before
    indexing.count_terms_anew()
    assert dict(SearchTerm.objects.filter(entries__gt=0).values_list("word", "entries")) == before
    indexing.drop_services(list(Service.objects.values_list("pk", flat=True)))
    assert not SearchTerm.objects.filter(entries__gt=0).exists() and not SearchWord.objects.exists()


def test_pages_of_the_portal_are_found_in_either_language_and_follow_their_pages() -> None:
    assert search_pages("privasi data pribadi")[0].path == "/privasi/"
    assert search_pages("personal data", "en")[0].language == "en"
    page = ContentPage.objects.get(slug="bantuan", locale__language_code="id")
    page.title = "Pertolongan zebra"
    page.save_revision().publish()
    assert [p.title for p in search_pages("zebra")] == ["Pertolongan zebra"]
    page.unpublish()
    assert search_pages("zebra") == []


def _announced(oper: User, *, begins: timedelta = timedelta(0), lasts: timedelta | None = None, **more: str) -> Notice:
    now = timezone.now()
    return notices.announce(
        kind="OUTAGE",
        title="Loket zebra tutup",
        text="Jaringan putus sejak pagi.",
        starts_at=now + begins,
        ends_at=now + begins + lasts if lasts else None,
        by=oper,
        **more,
    )


def test_a_notice_is_found_at_once_in_its_languages_and_gone_when_taken_back(alice: User) -> None:
    notice = _announced(alice, title_en="The zebra counter is closed", text_en="The network is down.")
    found = search_pages("zebra")
    assert [(p.title, p.kind) for p in found] == [("Loket zebra tutup", "NOTICE")]
    assert found[0].path == f"/status/#pengumuman-{notice.pk}" and "Jaringan putus" in found[0].summary
    assert [p.title for p in search_pages("zebra", "en")] == ["The zebra counter is closed"]
    notices.take_back(notice)
    assert search_pages("zebra") == search_pages("zebra", "en") == []


def test_a_planned_notice_is_found_from_its_beginning_to_its_end(alice: User) -> None:
    _announced(alice, begins=timedelta(hours=1), lasts=timedelta(hours=1))
    assert search_pages("zebra") == []
    Notice.objects.update(starts_at=timezone.now() - timedelta(minutes=1))
    assert notices.turn() == 1 and [p.title for p in search_pages("zebra", "en")] == ["Loket zebra tutup"]
    Notice.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert notices.turn() == 1 and search_pages("zebra") == [] and notices.turn() == 0


def test_notices_and_pages_do_not_take_each_other_out(alice: User) -> None:
    _announced(alice)
    publishing.index_content()
    assert search_pages("zebra") and search_pages("privasi data pribadi")
    SitePage.objects.all().delete()
    publishing.rebuild()
    assert search_pages("zebra") and search_pages("privasi data pribadi")[0].path == "/privasi/"


def test_a_notice_that_could_not_be_indexed_is_not_announced(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("the index is gone")

    monkeypatch.setattr(indexing, "index_words", broken)
    with pytest.raises(RuntimeError):
        _announced(alice)
    assert not Notice.objects.exists() and not search_pages("zebra")


# --- counting ---


@pytest.mark.parametrize(
    "text",
    [
        *(
            "3576014507900001",
            "nik 3576 0145 0790 0001",
            "0812-3456-7890",
            "alice@example.org",
            "https://contoh.id",
            "x" * 81,
        ),
        *("satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas", "", "🙂", "35.76.010.001.002-0123.0"),
    ],
)
def test_what_could_name_somebody_is_not_counted(text: str) -> None:
    counting.count_search(text, found=0)
    assert counting.countable(text) == "" and not SearchCount.objects.exists()


def test_searches_that_helped_nobody_are_listed_from_the_third_time_on() -> None:
    for _ in range(3):
        counting.count_search("Surat  Anu", found=0)
        counting.count_search("akta lahir", found=9)
        counting.count_search("ktp", found=9)
    counting.count_search("jarang", found=0)
    counting.count_click("akta lahir", "akta-kelahiran")
    counting.count_click("akta lahir", "tidak-ada")
    assert [(m.words, m.searches, m.found) for m in counting.missed_searches()] == [("ktp", 3, 9), ("surat anu", 3, 0)]
    assert SearchClick.objects.get().clicks == 1


def test_old_counts_and_rare_words_are_forgotten() -> None:
    today = timezone.localdate()
    counting.count_search("lama", found=1, day=today - timedelta(days=200))
    counting.count_search("jarang", found=1, day=today - timedelta(days=40))
    counting.count_search("baru", found=1, day=today)
    counting.forget()
    assert list(SearchCount.objects.values_list("words", flat=True)) == ["baru"]
