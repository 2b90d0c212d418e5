"""Promise to everybody: every page can be used by all, on a phone and on a desk, over a slow line.

One load per page and width: axe finds nothing, the console is silent (so the content security policy refuses nothing),
nothing scrolls sideways at 320 px. The first view of the seven pages most people meet is added up as it was transferred.
"""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from tests.journeys.conftest import City, until
from tests.journeys.test_applying import NEXT, fill_birth, fill_sign_in, send, status_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_VIEW_BYTES = 60 * 1024

# Name, who looks, address, answer. `{...}` is filled in by `made`, which walks to the pages that need a history.
PUBLIC = [
    ("home", "", "/", 200),
    ("list", "", "/layanan/", 200),
    ("list, filtered", "", "/layanan/?gratis=1&cara=FORM&dinas=dispendukcapil", 200),
    ("list, unknown filter", "", "/layanan/?kategori=tidak-ada", 200),
    ("list, last page", "", "/layanan/?hal=5", 200),
    ("search", "", "/layanan/?q=akte+lair", 200),
    ("search, emergency", "", "/layanan/?q=kebakaran", 200),
    ("search, nothing found", "", "/layanan/?q=zzxqw", 200),
    ("service online", "", "/layanan/akta-kelahiran/", 200),
    ("service in an app", "", "{APP}", 200),
    ("service on another site", "", "{LINK}", 200),
    ("service at an office", "", "{OFFICE}", 200),
    ("service by telephone", "", "{HOTLINE}", 200),
    ("service unknown", "", "/layanan/tidak-ada/", 404),
    ("life events", "", "/peristiwa/", 200),
    ("life event with its steps", "", "/peristiwa/kelahiran/", 200),
    ("life event with its services", "", "/peristiwa/menikah/", 200),
    ("list of a life event", "", "/layanan/?peristiwa=kelahiran", 200),
    ("departments", "", "/dinas/", 200),
    ("departments, kelurahan", "", "/dinas/?jenis=kelurahan", 200),
    ("department", "", "/dinas/dispendukcapil/", 200),
    ("help", "", "/bantuan/", 200),
    ("privacy", "", "/privasi/", 200),
    ("accessibility", "", "/aksesibilitas/", 200),
    ("open data", "", "/data/", 200),
    ("about", "", "/tentang/", 200),
    ("status", "", "/status/", 200),
    ("nothing here", "", "/tidak/ada/", 404),
    ("sign-in", "", "/akun/masuk/", 200),
    ("sign-up", "", "/akun/daftar/", 200),
    ("password forgotten", "", "/akun/sandi/lupa/", 200),
    ("password mail sent", "", "/akun/sandi/lupa/terkirim/", 200),
    ("track", "", "/lacak/", 200),
    ("track, not found", "", "/lacak/?nomor=MJK-2611-AAAA-A", 200),
]
SIGNED_IN = [
    ("account", "alice", "/akun/", 200),
    ("sign-out", "alice", "/akun/keluar/", 200),
    ("e-mail addresses", "alice", "/akun/email/", 200),
    ("password change", "alice", "/akun/sandi/ganti/", 200),
    ("devices", "alice", "/akun/perangkat/", 200),
    ("second step", "alice", "/akun/langkah-kedua/", 200),
    ("task list", "adi", "{draft}", 200),
    ("part pemohon", "adi", "{draft}pemohon/", 200),
    ("part 2", "adi", "{draft}{part2}/", 200),
    ("part 3", "adi", "{draft}{part3}/", 200),
    ("part 4", "adi", "{draft}{part4}/", 200),
    ("check", "adi", "{draft}periksa/", 200),
    ("check, undeclared", "adi", "{draft}periksa/?cek=1", 200),
    ("discard", "adi", "{draft}hapus/", 200),
    ("walk", "adi", "{walk}", 200),
    ("walk, shared part", "adi", "{walk}isian/pemohon/", 200),
    ("walk, shared part with problems", "adi", "{walk}isian/anak/?cek=1", 200),
    ("walk, delete", "adi", "{walk}hapus/", 200),
    ("walk, failed and done", "alice", "{walked}", 200),
    ("account with a walk", "alice", "/akun/", 200),
    ("task list, unfinished", "alice", "{empty}?cek=1", 200),
    ("part with problems", "alice", "{empty}{part2}/?cek=1", 200),
    ("part with files missing", "alice", "{empty}{part4}/?cek=1", 200),
    ("receipt", "alice", "{inbox}terkirim/", 200),
    ("receipt, department down", "alice", "{waiting}terkirim/", 200),
    ("case, to be answered", "alice", "{inbox}", 200),
    ("case, waiting for the department", "alice", "{waiting}", 200),
    ("case of a department with a system", "alice", "{received}", 200),
    ("withdraw", "alice", "{inbox}batalkan/", 200),
    ("case, withdrawal asked", "alice", "{wish}", 200),
    ("work list, withdrawal asked", "dewi", "/petugas{wish}", 200),
    ("not for residents", "alice", "/petugas/", 403),
    ("work list", "bob", "/petugas/", 200),
    ("work list, case being sent", "bob", "/petugas{waiting}", 200),
    ("work list of a department without a system", "dewi", "/petugas/?antrean=menunggu", 200),
    ("work list, case", "dewi", "/petugas{inbox}", 200),
    ("system, not for clerks", "bob", "/petugas/sistem/", 403),
    ("system", "oper", "/petugas/sistem/", 200),
    ("rooms of an operator", "oper", "/petugas/", 200),
    ("members, choice of a department", "oper", "/petugas/anggota/", 200),
    ("members", "oper", "/petugas/anggota/dispendukcapil/", 200),
    ("people", "oper", "/petugas/pengguna/", 200),
    ("pages to mend", "bob", "/petugas/halaman/", 200),
    ("pages to mend, of all departments", "admin", "/petugas/halaman/", 200),
    ("offices", "oper", "/petugas/dinas/", 200),
    ("office, new", "oper", "/petugas/dinas/baru/", 200),
    ("office", "oper", "/petugas/dinas/dispendukcapil/", 200),
    ("office, change", "oper", "/petugas/dinas/dispendukcapil/ubah/", 200),
    ("office, merge", "oper", "/petugas/dinas/dispendukcapil/gabung/", 200),
    ("holidays", "oper", "/petugas/libur/", 200),
    ("notices", "oper", "/petugas/pengumuman/", 200),
    ("what people said of pages", "bob", "/petugas/umpan-balik/", 200),
    ("own roles", "bob", "/akun/peran/", 200),
    ("invitation that is not valid", "", "/akun/undangan/tidak-ada/", 404),
    ("home, department down", "", "/", 200),
    ("service, department down", "", "/layanan/akta-kelahiran/", 200),
    ("status, department down", "", "/status/", 200),
]
ENGLISH = [row for row in PUBLIC if row[0] != "list, last page"]
ENGLISH_SIGNED_IN = [row for row in SIGNED_IN if "department down" not in row[0] or row[1]]
WEIGHED = [
    ("home", "", "/"),
    ("list", "", "/layanan/"),
    ("service", "", "/layanan/akta-kelahiran/"),
    ("sign-in", "", "/akun/masuk/"),
    ("form part", "adi", "{draft}pemohon/"),
    ("account", "alice", "/akun/"),
    ("case", "alice", "{waiting}"),
]


def by_name(rows: list[Any]) -> Any:
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


@pytest.fixture(scope="module")
def state_of(browser: Any, city: City) -> Callable[[str], Any]:
    """The cookies of a person who has signed in once; nothing for nobody."""
    kept: dict[str, Any] = {}

    def state(name: str) -> Any:
        if name and name not in kept:
            context = browser.new_context(locale="id-ID")
            page = context.new_page()
            page.goto(f"{city.base}/akun/masuk/")
            fill_sign_in(page, name)
            page.wait_for_url(f"{city.base}/akun/")
            kept[name] = context.storage_state()
            context.close()
        return kept.get(name)

    return state


@pytest.fixture(scope="module")
def look(browser: Any, state_of: Callable[[str], Any]) -> Iterator[Callable[[str], tuple[Any, list[Any]]]]:
    """`look(name)`: the tab of a person (or of nobody) and what its console complained about."""
    tabs: dict[str, tuple[Any, list[Any]]] = {}

    def tab(name: str) -> tuple[Any, list[Any]]:
        if name not in tabs:
            page = browser.new_context(locale="id-ID", storage_state=state_of(name)).new_page()
            page.set_default_timeout(15_000)
            complaints: list[Any] = []
            page.on("console", lambda m: complaints.append((m.text, m.location["url"])) if m.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append((str(error), page.url)))
            tabs[name] = page, complaints
        tabs[name][1].clear()
        return tabs[name]

    yield tab
    for page, _ in tabs.values():
        page.context.close()


@pytest.fixture(scope="module")
def channels(city: City) -> dict[str, str]:
    """One service page of each channel that the portal only points to."""
    found = {}
    for channel in ("APP", "LINK", "OFFICE", "HOTLINE"):
        with urllib.request.urlopen(f"{city.base}/api/v1/services?channel={channel}&page_size=1") as answer:
            found[channel] = json.load(answer)["results"][0]["url"]
    return found


@pytest.fixture(scope="module")
def made(city: City, look: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What alice and adi have done: cases in three states, a draft ready to be sent, one with nothing in it."""
    folder = tmp_path_factory.mktemp("papers")
    output = io.BytesIO()
    Image.new("RGB", (300, 200), "#a33").save(output, "JPEG")
    papers = {"photo": folder / "surat-lahir.jpg", "pdf": folder / "buku-nikah.pdf"}
    papers["photo"].write_bytes(output.getvalue())
    papers["pdf"].write_bytes(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF")
    page, _ = look("alice")
    places: dict[str, str] = {}

    def apply(slug: str) -> str:
        page.goto(f"{city.base}/layanan/{slug}/ajukan/")
        return str(page.url).removeprefix(city.base)

    city.tell("/mode", mode="normal")
    other, _ = look("adi")
    other.goto(f"{city.base}/layanan/akta-kelahiran/ajukan/")
    places["draft"] = str(other.url).removeprefix(city.base)
    fill_birth(other, papers, nik="3576010101010009", nama="Adi Contoh", telepon="0812 0000 0002")
    other.goto(f"{city.base}/peristiwa/kelahiran/mulai/")
    places["walk"] = str(other.url).removeprefix(city.base).split("isian/")[0]
    other.goto(f"{city.base}{places['walk']}isian/anak/")
    other.click(NEXT)
    page.goto(f"{city.base}/peristiwa/kelahiran/mulai/")
    places["walked"] = str(page.url).removeprefix(city.base).split("isian/")[0]
    for step, act in (("akta", "sudah"), ("jkn", "lewati")):
        page.goto(city.base + places["walked"])
        page.click(f"#langkah-{step} button[value={act}]")

    apply("akta-kelahiran")
    fill_birth(page, papers)
    places["received"] = f"/permohonan/{send(page)}/"
    page.goto(city.base + places["received"])
    until(lambda: status_of(page) == "Diperiksa")

    for place in ("wish", "inbox"):
        apply("perantingan-pohon")
        page.click("main .k-actions a.k-btn")
        page.select_option("#f-kelurahan", label="Mentikan")
        page.fill("#f-alamat", "Jl. Contoh 1")
        page.click(NEXT)
        page.fill("#f-keperluan", "Dahan menyentuh kabel")
        page.click(NEXT)
        page.click(NEXT)
        places[place] = f"/permohonan/{send(page)}/"
    clerk, _ = look("dewi")
    clerk.goto(f"{city.base}/petugas{places['inbox']}")
    until(lambda: clerk.reload() and clerk.locator("#alasan").count())
    clerk.fill("#alasan", "Kirim foto dahan dari jalan")
    clerk.click("button:has-text('Minta perbaikan')")
    page.goto(f"{city.base}{places['wish']}")
    until(lambda: page.reload() and "di meja petugas" in page.content())
    page.goto(f"{city.base}{places['wish']}batalkan/")
    page.click("main button.k-btn--danger")

    city.tell("/mode", mode="down")
    try:
        apply("akta-kelahiran")
        fill_birth(page, papers)
        places["waiting"] = f"/permohonan/{send(page)}/"
        page.goto(city.base + places["waiting"])
        until(lambda: status_of(page) == "Menunggu sistem dinas")

        places["empty"] = apply("akta-kelahiran")
        parts = [a.get_attribute("href").rstrip("/").rsplit("/", 1)[1] for a in page.locator(".k-tasks a").all()]
        assert len(parts) == 4 and parts[0] == "pemohon", parts
        places |= {f"part{n}": key for n, key in enumerate(parts, 1)}
        yield places
    finally:
        city.tell("/mode", mode="normal")


def problems_of(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{v['id']}: {v['help']}: {[n['html'][:160] for n in v['nodes'][:3]]} {v['nodes'][0].get('failureSummary', '')[:300]}"
        for v in found["violations"]
    ]


@pytest.mark.parametrize(("who", "address", "expected"), by_name(PUBLIC))
def test_everybody_can_use_it(
    who: str, address: str, expected: int, look: Any, channels: dict[str, str], city: City
) -> None:
    see(look(who), city.base + address.format_map(channels), expected)


@pytest.mark.parametrize(("who", "address", "expected"), by_name(SIGNED_IN))
def test_people_with_an_application_can_use_it(
    who: str, address: str, expected: int, look: Any, made: dict[str, str], city: City
) -> None:
    see(look(who), city.base + address.format_map(made), expected)


@pytest.mark.parametrize(("who", "address", "expected"), by_name(ENGLISH))
def test_everybody_can_use_it_in_english(
    who: str, address: str, expected: int, look: Any, channels: dict[str, str], city: City
) -> None:
    see(look(who), f"{city.base}/en{address.format_map(channels)}", expected, language="en")


@pytest.mark.parametrize(("who", "address", "expected"), by_name(ENGLISH_SIGNED_IN))
def test_people_with_an_application_can_use_it_in_english(
    who: str, address: str, expected: int, look: Any, made: dict[str, str], city: City
) -> None:
    see(look(who), f"{city.base}/en{address.format_map(made)}", expected, language="en")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_refused_sign_in_can_be_understood(width: int, look: Any, city: City) -> None:
    page, complaints = look("")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{city.base}/akun/masuk/")
    page.fill("[name=login]", "alice@example.org")
    page.fill("[name=password]", "bukan-sandinya")
    page.click("main form button.k-btn")
    page.wait_for_selector(".k-errors")
    page.wait_for_function("document.activeElement?.className === 'k-errors'")
    assert not problems_of(page) and not complaints


def see(tab: tuple[Any, list[Any]], url: str, expected: int, language: str = "id") -> None:
    """Load a page at every width and hold it against the promise."""
    page, complaints = tab
    complaints.clear()
    found: list[str] = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        answer = page.goto(url)
        assert answer is not None and answer.status == expected, answer
        assert page.url == url, "led away to another page"
        assert page.get_attribute("html", "lang") == language
        assert page.locator("h1").count() == 1
        found += [f"{width} px: {problem}" for problem in problems_of(page)]
    page.set_viewport_size({"width": 320, "height": 800})
    if because := sideways(page):
        found.append(f"scrolls sideways {because}")
    # A browser reports the status of an error page itself as a complaint; everything else is one.
    found += [f"console: {text} {where}" for text, where in complaints if expected == 200 or where != url]
    assert not found, "\n".join(found)


def sideways(page: Any) -> list[str]:
    """What sticks out of the window, if the page can be scrolled to it."""
    found: list[str] = page.evaluate(
        """() => { const room = document.documentElement.clientWidth;
        const wide = [document.documentElement, document.body].some(e => e.scrollWidth > room);
        return wide ? ["at 320 px:", ...[...document.querySelectorAll("*")].filter(
            e => e.getBoundingClientRect().right > room + 0.5).slice(0, 5).map(e => e.outerHTML.slice(0, 120))] : [] }"""
    )
    return found


def test_the_checks_can_fail(look: Any, city: City) -> None:
    """A picture without words, a block too wide and a refused script on the home page are all found."""
    page, complaints = look("")
    page.goto(city.base)
    page.evaluate(
        """() => {
        const block = document.createElement("div"), script = document.createElement("script");
        block.style.width = "900px"; block.append(document.createElement("img")); script.textContent = "1";
        document.querySelector("main").append(block, script); }"""
    )
    page.set_viewport_size({"width": 320, "height": 800})
    assert any(problem.startswith("image-alt") for problem in problems_of(page))
    assert sideways(page)
    assert any("Content Security Policy" in text for text, _ in complaints)


@pytest.mark.parametrize(("who", "address"), by_name(WEIGHED))
def test_a_first_view_is_light(
    who: str, address: str, browser: Any, state_of: Any, request: pytest.FixtureRequest, city: City
) -> None:
    """HTML, CSS, JavaScript, font and images as they came over the line, headers included, with an empty cache."""
    if "{" in address:
        address = address.format_map(request.getfixturevalue("made"))
    context = browser.new_context(locale="id-ID", viewport={"width": 360, "height": 800}, storage_state=state_of(who))
    page = context.new_page()
    asked: list[Any] = []
    page.on("request", lambda one: asked.append(one))
    page.goto(city.base + address, wait_until="networkidle")
    page.evaluate("document.fonts.ready.then(() => true)")
    weights: dict[str, int] = {}
    for one in asked:
        answer = one.response()
        assert answer is not None and answer.status == 200, one.url
        sizes = one.sizes()
        kind = one.resource_type
        weights[kind] = weights.get(kind, 0) + sizes["responseBodySize"] + sizes["responseHeadersSize"]
    context.close()
    assert {"document", "stylesheet", "script", "font"} <= set(weights), f"something was not loaded: {weights}"
    total = sum(weights.values())
    print(f"first view of {address}: {total / 1024:.1f} KB {weights}")
    assert total <= FIRST_VIEW_BYTES, weights
