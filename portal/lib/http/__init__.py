"""The only way out: one transport, guarded, bounded in time and size, that knows whether anything was sent."""

from portal.lib.http.causes import CallError, Cause, Sent
from portal.lib.http.guard import NetworkPolicy, judge_url
from portal.lib.http.hops import Hop, probe
from portal.lib.http.identity import Identity
from portal.lib.http.transport import Answer, Limits, Request, call

__all__ = [
    "Answer",
    "CallError",
    "Cause",
    "Hop",
    "Identity",
    "Limits",
    "NetworkPolicy",
    "Request",
    "Sent",
    "call",
    "judge_url",
    "probe",
]
