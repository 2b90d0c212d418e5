"""A service's answers -> what an operation of a backend takes, and a backend's answer -> what we show: rows as data.

docs/reference/mapping.md describes every word of a row.
"""

from services.adapters.mapping.paths import MappingError, put_at, split_path, value_at
from services.adapters.mapping.reads import reads
from services.adapters.mapping.rows import MOST_ROWS, check_rows, preview, run, sources_of

__all__ = [
    "MOST_ROWS",
    "MappingError",
    "check_rows",
    "preview",
    "put_at",
    "reads",
    "run",
    "sources_of",
    "split_path",
    "value_at",
]
