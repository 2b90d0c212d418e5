"""What an approval does. Wagtail imports this while its own models load, so nothing is imported here."""

from typing import Any


def publish(workflow_state: Any, user: Any = None) -> None:
    """Publish (or schedule) what was approved. Nobody in the chain holds the right to publish: the chain itself is the right.

    Raises ValidationError when the page does not pass the publication gate any more; the approval is taken back with it.
    """
    workflow_state.content_object.get_latest_revision().publish(user=user, skip_permission_checks=True)
