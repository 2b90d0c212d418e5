"""`make full`: the demo city behind nginx with TLS, on PostgreSQL and Redis, on this machine."""

from portal.settings.dev import *  # noqa: F403
from portal.settings.https import *  # noqa: F403
