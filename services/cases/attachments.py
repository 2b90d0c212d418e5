"""Residents' files: judged by content and name, kept encrypted outside the web root under random names."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import puremagic
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.models import User
from portal.lib.crypto import decrypt, encrypt, is_newest
from portal.lib.faults import reach
from services.adapters.values import SubmittedFile
from services.cases.models import Attachment, Case, Delivery, Draft
from services.forms.documents import MB

# extension -> content type; the content must say the same.
ALLOWED: dict[str, str] = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_PIL_FORMAT = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
MAX_PIXELS = 50_000_000  # of a JPEG, which can be read at a fraction of its size
MAX_PIXELS_AT_ONCE = 20_000_000  # of a format that is only read whole
LONGEST_SIDE = 3_000  # enough to read a photographed paper
_FORBIDDEN_IN_NAME = re.compile(r'[\\/:*?"<>|]+')
_PROGRAM_IN_NAME = re.compile(  # "surat.php.jpg": an honest paper is not called like that
    r"\.(php[0-9]?|phtml|html?|xhtml|svg|js|mjs|exe|com|scr|bat|cmd|ps1|vbs|sh|py|pl|jsp|aspx?|jar|apk|msi|lnk|hta|"
    r"docm|xlsm|pptm)(\.|$)",
    re.IGNORECASE,
)
_MARKUP = re.compile(rb"<\s*(script|html|svg|!doctype\s+html|iframe)", re.IGNORECASE)


class RefusedFileError(ValueError):
    """The file is not taken; the message is the sentence for the resident."""


class NoRoomError(RefusedFileError):
    """No file can be taken now, whatever it is: the disk is full or cannot be written."""


@dataclass(frozen=True)
class JudgedFile:
    name: str
    content_type: str
    data: bytes


def clean_name(name: str) -> str:
    """A harmless, readable file name of at most 120 signs: no path, no controls, no direction marks."""
    name = unicodedata.normalize("NFC", name or "").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(sign for sign in name if sign.isprintable() and unicodedata.category(sign) not in {"Cf", "Cs", "Co"})
    name = _FORBIDDEN_IN_NAME.sub("-", name).strip(" .")
    stem, extension = os.path.splitext(name)
    return f"{stem[: 120 - len(extension)] or 'berkas'}{extension}" if len(extension) <= 8 else (name[:120] or "berkas")


def judge(upload: UploadedFile[bytes], *, max_mb: int | None = None) -> JudgedFile:
    """Size, name and content of one upload. Photos lose their metadata. Raises RefusedFileError.

    max_mb: what the question allows; never more than the portal does.
    """
    name = clean_name(upload.name or "")
    size = upload.size or 0
    limit = min(settings.ATTACHMENT_MAX_BYTES, max_mb * MB) if max_mb else settings.ATTACHMENT_MAX_BYTES
    if size == 0:
        raise RefusedFileError(_("Berkas %(name)s kosong. Pilih berkas lain") % {"name": name})
    if size > limit:
        raise RefusedFileError(
            _("Berkas %(name)s lebih dari %(mb)d MB. Pilih berkas yang lebih kecil") % {"name": name, "mb": limit // MB}
        )
    stem, extension = os.path.splitext(name)
    expected = ALLOWED.get(extension.lower())
    if expected is None or _PROGRAM_IN_NAME.search(stem):
        raise RefusedFileError(
            _("Jenis berkas %(name)s tidak bisa dipakai. Pilih foto (JPG, PNG, WebP) atau PDF") % {"name": name}
        )
    data = upload.read()
    if len(data) != size or content_type_of(data) != expected:
        raise RefusedFileError(
            _("Isi berkas %(name)s tidak cocok dengan jenisnya. Simpan ulang sebagai foto atau PDF lalu pilih lagi")
            % {"name": name}
        )
    if expected in _PIL_FORMAT:
        data = _without_metadata(data, expected, name)
    return JudgedFile(name, expected, data)


def content_type_of(data: bytes) -> str:
    """The type that the content itself shows, or "" for anything not allowed or mixed with markup."""
    if _MARKUP.search(data[:1024]) or (data[:5] != b"%PDF-" and _MARKUP.search(data[-1024:])):
        return ""
    if b"PK\x05\x06" in data[-65_557:]:  # also a zip archive, whose directory stands at the end
        return ""
    try:
        found = {match.mime_type for match in puremagic.magic_string(data[:8192])}
    except (puremagic.PureError, ValueError):
        return ""
    starts = {
        "application/pdf": data.startswith(b"%PDF-"),
        "image/jpeg": data.startswith(b"\xff\xd8\xff"),
        "image/png": data.startswith(b"\x89PNG\r\n\x1a\n"),
        "image/webp": data[:4] == b"RIFF" and data[8:12] == b"WEBP",
    }
    return next((kind for kind, begins in starts.items() if begins and kind in found), "")


def _without_metadata(data: bytes, content_type: str, name: str) -> bytes:
    broken = RefusedFileError(_("Foto %(name)s rusak atau terlalu besar ukurannya. Pilih foto lain") % {"name": name})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=[_PIL_FORMAT[content_type]]) as image:
                limit = MAX_PIXELS if content_type == "image/jpeg" else MAX_PIXELS_AT_ONCE
                if image.width * image.height > limit or getattr(image, "n_frames", 1) > 1:
                    raise broken
                image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
                turned = ImageOps.exif_transpose(image)
                turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                output = io.BytesIO()
                options = {"quality": 88} if content_type != "image/png" else {"optimize": False}
                turned.save(output, _PIL_FORMAT[content_type], **options)
                return output.getvalue()
    except (
        OSError,
        ValueError,
        SyntaxError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise broken from None


@contextmanager
def nothing_left_behind() -> Iterator[list[str]]:
    """A list for the ids of stored files: when the block fails, its rows are rolled back and these files go too."""
    stored: list[str] = []
    try:
        yield stored
    except BaseException:
        for ref in stored:
            _path(ref).unlink(missing_ok=True)
        raise


def attach(draft: Draft, question: str, judged: JudgedFile) -> Attachment:
    """Store one judged file of a locked draft. Raises RefusedFileError; nothing half-stored stays behind."""
    used = draft.attachments.aggregate(total=Sum("size"))["total"] or 0
    if used + len(judged.data) > settings.CASE_ATTACHMENTS_MAX_BYTES:
        raise RefusedFileError(
            _("Semua berkas bersama lebih dari %(mb)d MB. Hapus atau kecilkan salah satu")
            % {"mb": settings.CASE_ATTACHMENTS_MAX_BYTES // 1024 // 1024}
        )
    return _store(judged, draft=draft, owner_id=draft.owner_id, question=question)


def hold(owner: User, question: str, judged: JudgedFile) -> Attachment:
    """Store one judged file for a submission that is still to come by the API. Raises RefusedFileError."""
    waiting = held_by(owner).aggregate(total=Sum("size"))["total"] or 0
    if waiting + len(judged.data) > 2 * settings.CASE_ATTACHMENTS_MAX_BYTES:
        raise RefusedFileError(_("Terlalu banyak berkas yang belum dikirim. Kirim permohonannya dulu"))
    return _store(judged, owner=owner, question=question)


def add_to_case(case: Case, owner: User, question: str, judged: JudgedFile) -> Attachment:
    """Store one judged file that a resident adds to a locked case. Raises RefusedFileError."""
    used = case.attachments.aggregate(total=Sum("size"))["total"] or 0
    if used + len(judged.data) > 2 * settings.CASE_ATTACHMENTS_MAX_BYTES:
        raise RefusedFileError(_("Berkas permohonan ini sudah terlalu besar. Serahkan berkas ini langsung ke dinas"))
    return _store(judged, owner=owner, case=case, question=question)


def held_by(owner: User) -> QuerySet[Attachment]:
    """Files that came by the API and belong to no case yet."""
    return Attachment.objects.filter(owner=owner, draft=None, case=None)


def _store(judged: JudgedFile, **values: Any) -> Attachment:
    ref = secrets.token_hex(16)
    _write(ref, judged.data)
    try:
        return Attachment.objects.create(
            ref=ref,
            name=judged.name,
            content_type=judged.content_type,
            size=len(judged.data),
            sha256=hashlib.sha256(judged.data).hexdigest(),
            **values,
        )
    except BaseException:
        _path(ref).unlink(missing_ok=True)
        raise


def _path(ref: str) -> Path:
    return Path(settings.UPLOADS_ROOT) / ref[:2] / ref


def _write(ref: str, data: bytes) -> None:
    path = _path(ref)
    temporary = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(encrypt(data).encode())
            reach("upload_write")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise NoRoomError(_("Portal sedang tidak bisa menerima berkas. Isian lain tersimpan; coba lagi nanti")) from error


def open_attachment(attachment: Attachment) -> bytes:
    """The decrypted bytes. Raises OSError when the file is gone and DecryptionError when it is damaged."""
    return decrypt(_path(attachment.ref).read_text(encoding="ascii"))


def is_newest_key(attachment: Attachment) -> bool:
    """Is the file under the newest key? One that is gone is under none."""
    try:
        with _path(attachment.ref).open(encoding="ascii") as file:
            return is_newest(file.read(40))
    except OSError:
        return True


def renew_key(attachment: Attachment) -> bool:
    """Put the file under the newest key; False when it is already. Raises OSError and DecryptionError."""
    if is_newest_key(attachment):
        return False
    _write(attachment.ref, open_attachment(attachment))
    return True


def is_stored(attachment: Attachment) -> bool:
    return _path(attachment.ref).is_file()


def remove(attachment: Attachment) -> None:
    """Delete row and file; the file goes after commit."""
    ref = attachment.ref
    attachment.delete()
    transaction.on_commit(lambda: _path(ref).unlink(missing_ok=True))


def as_submitted(attachment: Attachment) -> SubmittedFile:
    """The value that goes down to an adapter."""
    return SubmittedFile(
        ref=attachment.ref,
        question=attachment.question,
        name=attachment.name,
        content_type=attachment.content_type,
        size=attachment.size,
        sha256=attachment.sha256,
        read=lambda: open_attachment(attachment),
    )


def submitted_files(delivery: Delivery) -> tuple[SubmittedFile, ...]:
    """The files that an act carries: those of the application, or those that a later act brought."""
    brought = Attachment.objects.filter(case_id=delivery.case_id, delivery=delivery if delivery.number else None)
    return tuple(as_submitted(attachment) for attachment in brought.order_by("id"))


def delete_files_of_drafts(drafts: Iterable[Draft] | QuerySet[Draft]) -> None:
    """Files that never became part of a case."""
    for attachment in Attachment.objects.filter(draft__in=drafts, case=None):
        remove(attachment)


def delete_held_before(moment: datetime) -> int:
    """Files of the API that no case ever named."""
    found = Attachment.objects.filter(draft=None, case=None, created_at__lt=moment)
    count = found.count()
    for attachment in found:
        remove(attachment)
    return count
