"""A small counter against guessing: fixed windows in the cache."""

import time

from django.core.cache import cache


def too_many(key: str, *, limit: int, seconds: int) -> bool:
    """Count one attempt; True when `limit` was passed in this window of `seconds`, or when nothing can be counted."""
    bucket = f"throttle:{key}:{int(time.time() // seconds)}"
    if cache.add(bucket, 1, seconds + 5):
        return False
    try:
        return cache.incr(bucket) > limit
    except ValueError:  # neither new nor there: the cache keeps nothing
        return True
