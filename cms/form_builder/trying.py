"""An editor fills in the form that is being written. What is typed stays in the session and goes nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.http import HttpRequest

from cms.form_builder.preview import trial_of
from services.cases.trial import Trial
from services.cases.typed import answers_typed, with_row, without_row
from services.forms.documents import Part

if TYPE_CHECKING:
    from cms.models import FormPage

_KEY = "form_try"
_MOST_BYTES = 32 * 1024


def trial_in(request: HttpRequest, page: FormPage) -> Trial:
    """The form as it was saved last, with what this person has typed so far."""
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict) or kept.get("page") != page.pk:
        kept = {}
    return trial_of(page, dict(kept.get("answers", {})), list(kept.get("seen", [])))


def keep(request: HttpRequest, page: FormPage, trial: Trial, part: Part) -> None:
    """Take what was typed on one part. More than there is room for is left out, the newest part first."""
    before = dict(trial.answers)
    trial.answers.update(answers_typed(part, request.POST, trial.answers))
    if len(orjson.dumps(trial.answers)) > _MOST_BYTES:
        trial.answers = before
    _store(request, page, trial)


def went_through(request: HttpRequest, page: FormPage, trial: Trial, part: Part) -> None:
    trial.seen = list(dict.fromkeys([*trial.seen, part.key]))
    _store(request, page, trial)


def change_rows(request: HttpRequest, page: FormPage, trial: Trial, part: Part, action: str) -> str:
    """Add or take away a row; the place on the page to go on from."""
    act, name, mark = [*action.split(":", 2), ""][:3]
    group = next((one for one in part.questions if one.key == name and one.type == "group"), None)
    if group is None:
        return ""
    made = ""
    if act == "tambah":
        trial.answers[name], made = with_row(group, trial.answers.get(name))
    else:
        trial.answers[name] = without_row(group, trial.answers.get(name), mark)
    _store(request, page, trial)
    return f"#baris-{made}" if made else f"#grup-{name}"


def _store(request: HttpRequest, page: FormPage, trial: Trial) -> None:
    kept: dict[str, Any] = {"page": page.pk, "answers": trial.answers, "seen": trial.seen}
    request.session[_KEY] = kept


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
