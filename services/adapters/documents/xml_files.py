"""Uploaded XML files that name each other. Nothing is fetched and nothing on a disk is read: what was not uploaded is not there."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from django.utils.translation import gettext as _

from portal.lib import strict_xml
from services.adapters.documents.reading import MAX_BYTES, DocumentError

MAX_FILES = 100


class Files:
    """The roots by name, each parsed once. Raises DocumentError, with file and line, for what is not taken."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        if not files or len(files) > MAX_FILES:
            raise DocumentError(_("Kirim satu WSDL dengan paling banyak 99 berkas yang diimpornya"))
        sizes = sum(len(raw.encode("utf-8", "replace")) if isinstance(raw, str) else len(raw) for raw in files.values())
        if sizes > MAX_BYTES:
            raise DocumentError(_("Dokumen lebih besar dari 2 MiB. Kirim hanya bagian API yang dipakai"))
        self.roots: dict[str, Any] = {name: self._read(name, raw) for name, raw in files.items()}
        self._names = {id(root): name for name, root in self.roots.items()}

    def _read(self, name: str, raw: bytes | str) -> Any:
        if not raw.strip():
            raise DocumentError(_("Berkas %(name)s kosong") % {"name": name[:80]})
        start = (raw[:2000].encode("utf-8", "replace") if isinstance(raw, str) else raw[:2000]).lstrip(
            b"\xef\xbb\xbf \r\n\t"
        )
        if start.lower().startswith((b"<!doctype html", b"<html")):
            raise DocumentError(_("Ini halaman web, bukan WSDL. Alamat WSDL biasanya berakhir dengan ?wsdl"))
        if not start.startswith(b"<") and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise DocumentError(_("Berkas %(name)s bukan XML") % {"name": name[:80]})
        try:
            return strict_xml.parse(raw)
        except strict_xml.InvalidXML as error:
            raise DocumentError(_sentence(name, error), error.line) from None

    def at(self, node: Any, message: str) -> DocumentError:
        """The error for a place in one of the files."""
        name = self.name_of(node)
        words = message if len(self.roots) == 1 or not name else f"{name[:80]}: {message}"
        return DocumentError(words, node.sourceline)

    def name_of(self, node: Any) -> str:
        return self._names.get(id(node.getroottree().getroot()), "")

    def find(self, location: str, node: Any) -> str | None:
        """The name of the uploaded file that a location in `node` means: itself, beside it, or the one of that file name."""
        here = self.name_of(node)
        wanted = [
            location,
            unquote(location),
            urljoin(here, location),
            posixpath.normpath(posixpath.join(posixpath.dirname(here), location)),
        ]
        for name in wanted:
            if name in self.roots:
                return name
        last = _last(location)
        same = [name for name in self.roots if _last(name) == last]
        return same[0] if last and len(same) == 1 else None


def _last(location: str) -> str:
    """The file name in an address; with the query, which is all that tells `?xsd=1` from `?xsd=2`."""
    parts = urlsplit(location.replace("\\", "/"))
    return unquote(parts.path.rsplit("/", 1)[-1] + (f"?{parts.query}" if parts.query else ""))


def _sentence(name: str, error: strict_xml.InvalidXML) -> str:
    words = str(error)
    if "DOCTYPE" in words:
        words = _("DOCTYPE tidak diterima. Hapus DOCTYPE dan entitasnya")
    return _("Berkas %(name)s tidak dapat dibaca: %(problem)s") % {"name": name[:80], "problem": words}
