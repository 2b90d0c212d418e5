"""WSDLs read once for each process: reading one costs tens of milliseconds, and a document never changes under its digest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from services.adapters.documents.reading import DocumentError
from services.adapters.documents.wsdl import Description, describe, object_schema
from services.adapters.documents.xsd import Element, Writer
from services.adapters.values import Misconfigured

MOST_KEPT = 32
_kept: OrderedDict[tuple[int, str, str], Description] = OrderedDict()
_lock = threading.Lock()


def schema_of(element: Element | None) -> dict[str, Any] | None:
    """JSON Schema of what stands inside an element; None for no element."""
    if element is None:
        return None
    writer = Writer()
    made = object_schema(writer, element)
    return {**made, "$defs": writer.defs}


def description_of(
    connection_id: int, digest: str, port: str, files: Callable[[str], Mapping[str, bytes | str]]
) -> Description:
    """The description by the digest of its document. Raises Misconfigured for a document that is gone or not a WSDL."""
    key = (connection_id, digest, port)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    try:
        found = describe(files(digest), port)
    except DocumentError as error:
        raise Misconfigured("document", detail=str(error)[:300]) from error
    with _lock:
        _kept[key] = found
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found
