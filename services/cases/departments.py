"""What happens to cases when one department takes over from another."""

from __future__ import annotations

from django.utils.translation import gettext as _

from services.cases import timeline
from services.cases.constants import Phase
from services.cases.models import Case
from services.cases.sentences import say
from services.catalogue.models import Department


def counted(department: Department) -> list[tuple[str, int]]:
    cases = Case.objects.filter(department=department)
    return [(_("permohonan berjalan"), cases.exclude(phase=Phase.CLOSED).count()), (_("permohonan semuanya"), cases.count())]


def merge(gone: Department, into: Department) -> None:
    """All cases change hands; whoever has one running reads who handles it now."""
    running = list(Case.objects.filter(department=gone).exclude(phase=Phase.CLOSED))
    Case.objects.filter(department=gone).update(department=into)
    for case in running:
        sentence = say(
            "%(gone)s digabung ke %(into)s, yang sekarang menangani permohonan ini.", gone=gone.name, into=into.name
        )
        timeline.note(case, sentence, key=f"merged:{gone.code}:{case.reference}", public=True, status="HANDED_OVER")
