"""Redis as a cache that may be gone: a lost cache costs speed, never a page."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

SILENCE_SECONDS = 2.0
_log = logging.getLogger(__name__)
_silent_until = 0.0


def _tolerant(name: str, missing: Callable[..., Any]) -> Callable[..., Any]:
    """The method of RedisCache, or `missing(*arguments)` while Redis does not answer (asked again every two seconds)."""
    ask = getattr(RedisCache, name)

    def method(self: RedisCache, *arguments: Any, **named: Any) -> Any:
        global _silent_until
        if time.monotonic() >= _silent_until:
            try:
                return ask(self, *arguments, **named)
            except (RedisError, OSError) as error:
                _silent_until = time.monotonic() + SILENCE_SECONDS
                _log.warning("cache not reachable", extra={"error": type(error).__name__})
        return missing(*arguments, **named)

    return method


def _no_such_key(key: str, *_: Any, **__: Any) -> int:
    raise ValueError(f"Key {key!r} not found")


class TolerantRedisCache(RedisCache):
    """While Redis is away every key is missing and nothing is kept. Who must not go on without it asks `is_reachable`."""

    get = _tolerant("get", lambda key, default=None, version=None: default)
    get_many = _tolerant("get_many", lambda keys, version=None: {})
    has_key = _tolerant("has_key", lambda key, version=None: False)
    set = _tolerant("set", lambda *_, **__: None)
    set_many = _tolerant("set_many", lambda data, *_, **__: list(data))
    add = _tolerant("add", lambda *_, **__: False)
    touch = _tolerant("touch", lambda *_, **__: False)
    incr = _tolerant("incr", _no_such_key)
    delete = _tolerant("delete", lambda *_, **__: False)
    delete_many = _tolerant("delete_many", lambda *_, **__: None)
    clear = _tolerant("clear", lambda *_, **__: None)


def is_reachable() -> bool:
    """Does the cache keep what it is given? For limits on guessing that must not fail open."""
    cache.set("reachable", 1, 10)
    return bool(cache.get("reachable") == 1)
