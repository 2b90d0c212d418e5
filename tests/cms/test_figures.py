"""Pages are counted from the log of the server in front: each line once, and nothing of a visitor."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cms import figures
from cms.models import PageFigure
from cms.timetable import count_pages

DAY = "2026-11-24T09:15:00+07:00"


def line(path: str, status: int = 200, method: str = "GET", at: str = DAY) -> str:
    return f"{at} {status} {method} {path}\n"


def rows() -> dict[str, tuple[int, int]]:
    return {row.path: (row.views, row.missing) for row in PageFigure.objects.all()}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pages.log"


def test_both_languages_of_a_page_are_one_page() -> None:
    found = figures.counted([line("/layanan/uji-kir/"), line("/en/layanan/uji-kir/", 304), line("/", 200), line("/en/")])
    day = date(2026, 11, 24)
    assert found == {("/layanan/uji-kir/", day, "views"): 2, ("/", day, "views"): 2}


@pytest.mark.parametrize(
    "text",
    [
        line("/permohonan/MJK-2611-4KD7-Q/"),
        line("/akun/"),
        line("/layanan/uji-kir/ajukan/"),
        line("/layanan/uji-kir/", 500),
        line("/layanan/uji-kir/", 200, "POST"),
        line("/layanan/uji-kir/?q=nik"),
        line("/../etc/passwd"),
        line("/layanan/uji-kir/", at="kemarin"),
        line("/" + "a" * 300 + "/"),
        "10.0.0.1 - - [24/Nov/2026] \"GET / HTTP/1.1\" 200\n",
        "\n",
        "\x00\x01",
        line("/petugas/"),
        line("/lacak/"),
    ],
)  # fmt: skip
def test_what_is_no_public_page_counts_nothing(text: str) -> None:
    assert not figures.counted([text])


@pytest.mark.django_db
def test_a_line_is_counted_once_however_often_the_log_is_read(log: Path) -> None:
    log.write_text(line("/layanan/uji-kir/") * 3 + line("/layanan/lama/", 404))
    assert figures.read_log(log) == 4
    assert figures.read_log(log) == 0
    with log.open("a") as file:
        file.write(line("/layanan/uji-kir/") + line("/layanan/uji-kir/")[:-1])
    assert figures.read_log(log) == 1, "a line that is not whole waits"
    with log.open("a") as file:
        file.write("\n")
    assert figures.read_log(log) == 1
    assert rows() == {"/layanan/uji-kir/": (5, 0), "/layanan/lama/": (0, 1)}


@pytest.mark.django_db
def test_a_rotated_log_is_read_from_its_beginning(log: Path) -> None:
    log.write_text(line("/status/") * 5)
    figures.read_log(log)
    log.rename(log.with_suffix(".1"))
    log.write_text(line("/status/"))
    assert figures.read_log(log) == 1 and rows()["/status/"] == (6, 0)
    log.write_text("")
    log.write_text(line("/status/"))
    assert figures.read_log(log) in (0, 1), "cut in place to the same length: not seen, never counted twice"


@pytest.mark.django_db
def test_the_night_counts_every_log_that_can_be_read(log: Path, settings: Any) -> None:
    log.write_text(line("/dinas/dlh/"))
    settings.PAGE_LOGS = [str(log.parent / "tidak-ada.log"), str(log)]
    assert count_pages() == 1 and figures.views_of(["/dinas/dlh/", "/lain/"], days=20000) == {"/dinas/dlh/": 1}


@pytest.mark.django_db
def test_the_command_says_what_it_cannot_do(log: Path, capsys: Any) -> None:
    with pytest.raises(CommandError, match="PAGE_LOGS"):
        call_command("page_figures")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("page_figures", str(log))
    log.write_text(line("/"))
    call_command("page_figures", str(log))
    assert capsys.readouterr().out.strip().endswith(": 1")
