"""Counting in fixed windows in the cache: against guessing, and for what a consumer may ask."""

import time

from django.core.cache import cache


def counted(key: str, *, seconds: int) -> int | None:
    """Count once more in this window of `seconds`: how many there are now, or None when nothing can be counted."""
    bucket = f"throttle:{key}:{int(time.time() // seconds)}"
    if cache.add(bucket, 1, seconds + 5):
        return 1
    try:
        return int(cache.incr(bucket))
    except ValueError:  # neither new nor there: the cache keeps nothing
        return None


def too_many(key: str, *, limit: int, seconds: int) -> bool:
    """Count one attempt; True when `limit` was passed in this window of `seconds`, or when nothing can be counted."""
    count = counted(key, seconds=seconds)
    return count is None or count > limit
