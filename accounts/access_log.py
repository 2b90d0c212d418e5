"""The record of who saw or received a resident's data. Write it *before* the data leaves: no entry, no exchange."""

from accounts.models import AccessEntry, User
from portal.lib import group_commit
from portal.lib.logs import correlation_id


def record_access(
    subject: User | None,
    *,
    actor: str,
    action: str,
    data: str,
    purpose: str,
    case_reference: str = "",
    actor_department: str = "",
    legal_basis: str = "",
) -> AccessEntry:
    """Add one entry (source of the duty: UU 27/2022, articles 5 to 7 and 31)."""
    entry = AccessEntry(
        subject=subject,
        actor=actor[:120],
        action=action,
        data=data[:200],
        purpose=purpose[:200],
        case_reference=case_reference,
        actor_department=actor_department,
        legal_basis=legal_basis[:200],
        correlation_id=correlation_id(),
    )
    group_commit.put(entry)
    return entry
