"""XML that strangers wrote: strict, bounded, total, and nothing outside it is ever read.

Refused: any DOCTYPE (so no entities), more than 100,000 tags, depth over 256, text over 10 MB, NUL, encodings other than UTF-8,
UTF-16, ISO-8859-1 and Windows-1252. A refusal is `InvalidXML` with a sentence; nothing here raises anything else.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

MAX_TAGS = 100_000
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,200}\?>")
_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,150}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BEFORE_ROOT = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "latin1"), "latin-1"),
    "windows-1252": "cp1252",
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be"), "utf-16"),
}


class InvalidXML(ValueError):
    """The bytes are not XML that we accept; the message says why, without quoting the content. `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def parse(raw: bytes | str) -> Any:
    """The root element (lxml). Comments and processing instructions are gone. Raises InvalidXML."""
    text = raw if isinstance(raw, str) else _decoded(raw)
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise InvalidXML("there is a NUL", _line(text, text.index("\0")))
    if text.count("<") > MAX_TAGS:
        raise InvalidXML(f"more than {MAX_TAGS} tags")
    declaration = _DECLARATION.match(text)
    if declaration:  # the text is decoded already; the lines stay where they are
        text = "\n" * declaration[0].count("\n") + text[declaration.end() :]
    _refuse_doctype(text)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "strict"), parser)
    except etree.XMLSyntaxError as error:
        raise InvalidXML(f"not well-formed: {_reason(error)}", error.lineno or None) from None
    except UnicodeEncodeError:
        raise InvalidXML("there is a character that cannot be written as UTF-8") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidXML("a DOCTYPE is not accepted", 1)
    return root


def _reason(error: Any) -> str:
    """The parser's words without what it quotes."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"", "…", str(error.msg or "").split(", line")[0])
    return words[:120]


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise InvalidXML("UTF-32 is not accepted")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    else:
        named = _ENCODING.match(raw.removeprefix(b"\xef\xbb\xbf")[:300])
        name = named[1].decode().lower() if named else "utf-8"
        codec = _CODECS.get(name, "")
        if not codec or codec == "utf-16":  # no byte order mark, so it is not what it says
            raise InvalidXML(f"the encoding {name[:20]} is not accepted", 1)
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise InvalidXML(f"not {codec}", raw[: error.start].count(b"\n") + 1) from None


def _refuse_doctype(text: str) -> None:
    """Before any parser sees it: what stands in front of the root."""
    at = 0
    while (found := _BEFORE_ROOT.match(text, at)) is not None:
        at = found.end()
    if text.startswith("<!", at):
        raise InvalidXML("a DOCTYPE is not accepted", _line(text, at))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
