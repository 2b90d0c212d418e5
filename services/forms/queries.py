"""Reading forms."""

from __future__ import annotations

from services.forms.models import FormDefinition, FormVersion


def current_version(definition: FormDefinition) -> FormVersion:
    """The newest published version. Raises FormVersion.DoesNotExist when there is none."""
    return definition.versions.latest()
