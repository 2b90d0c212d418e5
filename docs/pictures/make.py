"""Take the README's pictures of a running demo city.

    make run                                                   # in one terminal
    .venv/bin/python docs/pictures/make.py http://localhost:8000   # in another

Alice applies for tree pruning on the way, so the city has one more case and one more draft afterwards.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
MAX_BYTES = 250_000
HEIGHT = 900
NEXT = "form button.k-btn:has-text('Simpan dan lanjut')"


def picture(page: Any, width: int, height: int = HEIGHT) -> Image.Image:
    page.set_viewport_size({"width": width, "height": height})
    page.reload()
    page.evaluate("document.fonts.ready.then(() => true)")
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(name: str, *images: Image.Image) -> None:
    """Side by side on one sheet, with few colours, so that the file stays small."""
    gap = 24
    sheet = Image.new(
        "RGB", (sum(i.width for i in images) + gap * (len(images) - 1), max(i.height for i in images)), "#d9d0c8"
    )
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + gap
    path = HERE / name
    for colours in (256, 128, 64, 32):
        sheet.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            break
    print(f"{name}: {sheet.width} x {sheet.height}, {path.stat().st_size / 1000:.0f} kB")


def apply(page: Any, base: str) -> str:
    """Alice's application for tree pruning; the address of the case."""
    page.goto(f"{base}/layanan/perantingan-pohon/ajukan/")
    page.click("main .k-actions a.k-btn")
    page.select_option("#f-kelurahan", label="Mentikan")
    page.fill("#f-alamat", "Jl. Contoh 1")
    page.click(NEXT)
    page.fill("#f-keperluan", "Dahan menyentuh kabel di depan balai RW")
    page.click(NEXT)
    page.click(NEXT)
    page.check("#setuju")
    page.click("button:has-text('Kirim permohonan')")
    found = re.search(r"/permohonan/MJK-[0-9A-Z-]+/", page.url)
    assert found is not None, page.url
    return found[0]


def make(base: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(locale="id-ID", reduced_motion="reduce").new_page()
        page.goto(f"{base}/")
        save("beranda.png", picture(page, 360), picture(page, 1280))
        page.goto(f"{base}/layanan/akta-kelahiran/")
        save("layanan.png", picture(page, 1000))
        page.goto(f"{base}/akun/masuk/")
        page.fill("[name=login]", "alice@example.org")
        page.fill("[name=password]", "mojokerto-demo")
        page.click("main form button:has-text('Masuk')")
        case = apply(page, base)
        page.goto(f"{base}/layanan/akta-kelahiran/ajukan/")
        page.goto(f"{page.url.rstrip('/')}/pemohon/")
        save("formulir.png", picture(page, 1000))
        page.goto(f"{base}/akun/")
        save("akun.png", picture(page, 1000))
        page.goto(f"{base}{case}")
        save("permohonan.png", picture(page, 1000))
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].startswith("http"):
        sys.exit(__doc__)
    make(sys.argv[1].rstrip("/"))
