"""What a new form page begins with: the form that residents use now, or the questions that nearly every form asks."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from cms.form_builder.documents import stream_from
from services.forms.documents import PROFILE, Document
from services.forms.queries import keys_of, newest_of

if TYPE_CHECKING:
    from cms.models import FormPage, ServicePage

_SPACE = uuid.UUID("6f1a0a2e-6f0b-5c7e-9a52-1e8c7a1f3d10")


def begin(page: FormPage, service: ServicePage, *, with_body: bool) -> None:
    """Fill a page that is not saved yet. `with_body` is False when the browser has sent the blocks.

    The ids of the blocks are the same every time, so that the page knows which key each block has from the first save on.
    """
    published = newest_of(service.code)
    document = published.document if published else starter(service.title, _english_title(service))
    ids = {key: str(uuid.uuid5(_SPACE, f"{service.code}:{key}")) for key in keys_of(document)}
    page.keys = {block: key for key, block in ids.items()}
    if not with_body:
        return
    page.title = document["title"].get("id", "")
    page.title_en = document["title"].get("en", "")
    page.slug = page.slug or "formulir"
    page.body = stream_from(document, page._meta.get_field("body"), ids)


def _english_title(service: ServicePage) -> str:
    twin = type(service).objects.filter(code=service.code).exclude(locale_id=service.locale_id).first()
    return twin.title if twin is not None else ""


def starter(title: str, title_en: str = "") -> Document:
    """Who applies, and the declaration: a form that could be published as it is."""
    applicant = [
        {
            "key": "nik",
            "type": "nik",
            "label": {"id": "NIK", "en": "NIK"},
            "hint": {"id": "16 angka, ada di KTP", "en": "16 digits, on your identity card (KTP)"},
            "required": True,
            "prefill": "account.nik",
        },
        {
            "key": "nama",
            "type": "text",
            "label": {"id": "Nama lengkap", "en": "Full name"},
            "name": {"id": "nama lengkap sesuai KTP", "en": "full name as on the identity card"},
            "required": True,
            "preset": "person_name",
            "prefill": "account.name",
        },
        {
            "key": "telepon",
            "type": "phone",
            "label": {"id": "Nomor HP", "en": "Mobile number"},
            "hint": {"id": "Kami pakai untuk memberi kabar", "en": "We use it to tell you news"},
            "required": True,
            "prefill": "account.phone",
        },
    ]
    declaration = {
        "key": "setuju_data",
        "type": "consent",
        "label": {"id": "Saya membaca keterangan di atas", "en": "I have read the notice above"},
        "required": True,
    }
    return {
        "profile": PROFILE,
        "title": {"id": title, "en": title_en} if title_en else {"id": title},
        "parts": [
            {"key": "pemohon", "title": {"id": "Pemohon", "en": "Applicant"}, "questions": [*applicant, declaration]},
        ],
    }
