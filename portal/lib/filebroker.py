"""The file-system broker of the embedded default, with messages that appear whole.

Kombu writes a message into the folder that readers look at; a reader that comes in between finds half a message and the
worker ends. Here a message is written beside it and renamed. It only wakes a worker, so nothing is synced to disk.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """`_put` of kombu, but atomic."""

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4().hex}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_bytes(str(dumps(message)).encode())  # type: ignore[no-untyped-call]
        unfinished.replace(folder / name)


class Transport(filesystem.Transport):
    Channel = Channel
