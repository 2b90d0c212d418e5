"""Publishing a form: the only writer of versions."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from services.forms.documents import Document, canonical, digest_of
from services.forms.lint import Finding, errors_of
from services.forms.models import FormDefinition, FormVersion
from services.forms.schemas import derive


class FormNotPublishableError(ValueError):
    """The document has errors; `findings` says which."""

    def __init__(self, code: str, findings: list[Finding]) -> None:
        super().__init__(f"{code}: " + "; ".join(f"{finding.path} {finding.text}" for finding in findings))
        self.findings = findings


def publish_form(
    code: str,
    document: Document,
    *,
    by: User | None = None,
    note: str = "",
    replaces_drafts: bool = False,
    old_until: datetime | None = None,
) -> FormVersion:
    """Freeze a document as the next version of a form, or give back the newest when nothing changed.

    Running drafts stay on their version, unless `replaces_drafts`: then they go over to the newest when they are opened next.
    old_until: until when drafts of all earlier versions may be sent. Raises FormNotPublishableError.
    """
    findings = errors_of(document)
    if findings:
        raise FormNotPublishableError(code, findings)
    frozen = canonical(document)
    digest = digest_of(frozen)
    with transaction.atomic():
        definition, _made = FormDefinition.objects.get_or_create(code=code)
        FormDefinition.objects.select_for_update().get(pk=definition.pk)
        version = definition.versions.order_by("-number").first()
        if version is None or version.digest != digest:
            schema, ui = derive(frozen)
            version = FormVersion.objects.create(
                definition=definition,
                number=version.number + 1 if version else 1,
                document=frozen,
                schema=schema,
                ui=ui,
                digest=digest,
                published_by=by,
                note=note,
                replaces_drafts=replaces_drafts,
            )
        elif replaces_drafts and not version.replaces_drafts:
            version.replaces_drafts = True
            version.save(update_fields=["replaces_drafts"])
        if old_until is not None:
            earlier = definition.versions.filter(number__lt=version.number)
            earlier.filter(Q(accept_until=None) | Q(accept_until__gt=old_until)).update(accept_until=old_until)
    return version
