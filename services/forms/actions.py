"""Publishing a form: the only writer of versions."""

from __future__ import annotations

from django.db import transaction

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


def publish_form(code: str, document: Document, *, by: User | None = None, note: str = "") -> FormVersion:
    """Freeze a document as the next version of a form, or give back the newest when nothing changed.

    Running drafts stay on their version. Raises FormNotPublishableError.
    """
    findings = errors_of(document)
    if findings:
        raise FormNotPublishableError(code, findings)
    frozen = canonical(document)
    digest = digest_of(frozen)
    with transaction.atomic():
        definition, _made = FormDefinition.objects.get_or_create(code=code)
        FormDefinition.objects.select_for_update().get(pk=definition.pk)
        newest = definition.versions.order_by("-number").first()
        if newest is not None and newest.digest == digest:
            return newest
        schema, ui = derive(frozen)
        return FormVersion.objects.create(
            definition=definition,
            number=newest.number + 1 if newest else 1,
            document=frozen,
            schema=schema,
            ui=ui,
            digest=digest,
            published_by=by,
            note=note,
        )
