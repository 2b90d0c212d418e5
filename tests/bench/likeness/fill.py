"""Fill the likeness with the demo city's services: the same texts as ours, as articles with pictures."""

from __future__ import annotations

import io
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.likeness.settings")
django.setup()

import yaml  # noqa: E402
from django.core.files.images import ImageFile  # noqa: E402
from django.utils.html import escape  # noqa: E402
from PIL import Image as Picture  # noqa: E402
from wagtail.images.models import Image  # noqa: E402
from wagtail.models import Page, Site  # noqa: E402

from tests.bench.likeness.models import Article, FooterText, Front, Index, Person  # noqa: E402
from tests.bench.processes import ROOT  # noqa: E402


def _picture(name: str, colour: tuple[int, int, int]) -> Image:
    data = io.BytesIO()
    Picture.new("RGB", (640, 400), colour).save(data, "PNG")
    return Image.objects.create(title=name, file=ImageFile(data, name=f"{name}.png"))


def _list(items: list[Any]) -> str:
    return "<ul>" + "".join(f"<li>{escape(str(item))}</li>" for item in items) + "</ul>"


def fill() -> None:
    services = yaml.load((ROOT / "portal/demo/services.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)["services"]
    pictures = [_picture(f"gambar-{n}", (40 * n, 90, 200 - 30 * n)) for n in range(6)]
    people = [Person.objects.create(name=f"Penulis {n}", image=pictures[n]) for n in range(3)]
    FooterText.objects.create(body="<p>Kaki halaman dengan <b>teks</b> dan <a href='/'>tautan</a>.</p>")
    root = Page.objects.get(depth=1)
    for page in root.get_children():
        page.delete()
    root = Page.objects.get(depth=1)
    front = Front(title="Beranda", slug="home", image=pictures[0], hero_text="Mau mengurus apa hari ini?")
    root.add_child(instance=front)
    Site.objects.update_or_create(is_default_site=True, defaults={"hostname": "localhost", "root_page": front})
    index = Index(title="Layanan", slug="layanan", introduction="Semua layanan", image=pictures[1], show_in_menus=True)
    front.add_child(instance=index)
    for n, name in enumerate(("Dinas", "Berita", "Bantuan")):
        front.add_child(instance=Index(title=name, slug=name.lower(), image=pictures[n], show_in_menus=True))
    for number, service in enumerate(services):
        standard = service["standard"]
        body: list[tuple[str, Any]] = []
        for heading, value in standard.items():
            body.append(("heading", str(heading).replace("_", " ")))
            body.append(("paragraph", _list(value if isinstance(value, list) else [value])))
        body.insert(2, ("image", {"image": pictures[number % 6], "caption": "Keterangan"}))
        article = Article(
            title=service["name_id"],
            slug=f"layanan-{number}",
            introduction=service["summary_id"],
            image=pictures[number % 6],
            body=body,
        )
        index.add_child(instance=article)
        article.people.set(people[: 1 + number % 3])
        article.tags.add("layanan", f"kategori {number % 8}")
        article.save_revision().publish()
    front.featured = Page.objects.get(slug="layanan-3")
    front.save()


if __name__ == "__main__":
    fill()
