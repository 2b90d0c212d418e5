"""`settings.SENDFILE_BACKEND` behind nginx: the portal decides, nginx carries the file (X-Accel-Redirect)."""

import os
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse

INTERNAL = "/_dokumen/"  # the same in docker/nginx.conf.template


def sendfile(request: HttpRequest, filename: str, mimetype: str | None = None, **_: Any) -> HttpResponse:
    """An empty answer that names a file below MEDIA_ROOT for nginx. Raises ValueError for any other place."""
    path = os.path.relpath(os.path.realpath(filename), os.path.realpath(settings.MEDIA_ROOT))
    if path.startswith(".."):
        raise ValueError("not a file of MEDIA_ROOT")
    response = HttpResponse(content_type=mimetype)
    response["X-Accel-Redirect"] = INTERNAL + quote(path)
    return response
