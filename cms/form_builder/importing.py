"""Bring a document into a form page as a draft: nothing is published, and the page's history keeps what was there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from cms.form_builder.documents import stream_from
from cms.form_builder.exchange import MAX_BYTES
from cms.models import FormPage
from services.forms.documents import Document


def sent(request: HttpRequest) -> bytes:
    """The file, or the text that was pasted or shown before; one byte more than there is room for at most."""
    file = request.FILES.get("berkas")
    data = file.read(MAX_BYTES + 1) if file is not None else request.POST.get("isi", "").encode()[: MAX_BYTES + 1]
    return bytes(data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # a browser writes the ends of lines in its own way


def use(page: FormPage, document: Document, *, user: Any) -> None:
    """Save the document as a new revision. Blocks of keys that stay are the same blocks, so that versions can be compared."""
    ids = {key: block for block, key in page.keys.items()}
    page.title = document["title"].get("id") or page.title
    page.title_en = document["title"].get("en", "")
    page.body = stream_from(document, page._meta.get_field("body"), ids)
    page.save_revision(user=user, log_action=True, clean=False)
