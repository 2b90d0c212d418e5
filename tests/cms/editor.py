"""What the browser of an editor or a reviewer sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from wagtail.models import Page, Revision, TaskState
from wagtail.test.utils.form_data import nested_form_data, streamfield

from accounts.models import User
from cms.models import ServicePage

PUBLISH: dict[str, Any] = {"action__publish": "1"}
SUBMIT: dict[str, Any] = {"action__submit": "1"}
TEXTS = (
    "title slug summary fee_amount fee_note time_value time_unit fill_minutes channel min_level app app_url hotline hours place "
    "product late other_ways complaint_category complaint_channels decree_number pledge kind synonyms sources"
).split()
STREAMS = "who requirements exceptions fees steps ways places contacts legal".split()


def page_of(code: str, language: str = "id") -> ServicePage:
    return ServicePage.objects.get(locale__language_code=language, code=code)


def desk_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=f"{name}@example.org"))
    return client


def rows(*values: dict[str, Any] | str, kind: str = "item") -> Any:
    """A stream of these rows, as the editor sends it."""
    return streamfield([(kind, _as_sent(value)) for value in values])


def form_of(page: ServicePage, **changes: object) -> dict[str, object]:
    """What the browser sends back from the edit view; `action__publish` is the button `action-publish`, None takes a field out."""
    values: dict[str, object] = {name: "" if (value := getattr(page, name)) is None else value for name in TEXTS}
    values |= {"life_events": page.life_events, "category": page.category_id or "", "dimension": page.dimension_id or ""}
    for name in ("fee_free", "illustrative", "confidential", "queue"):
        if getattr(page, name):
            values[name] = "on"
    for name in STREAMS:
        values[name] = streamfield([(b.block_type, _as_sent(b.block.get_prep_value(b.value))) for b in getattr(page, name)])
    for name in ("decree_date", "reviewed", "next_review", "go_live_at", "expire_at", "seo_title", "search_description"):
        values[name] = ""
    values["comments-TOTAL_FORMS"] = values["comments-INITIAL_FORMS"] = 0
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name.replace("__", "-")] = value
    return nested_form_data(values)


def _as_sent(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_sent(child) for name, child in value.items()}
    if isinstance(value, list):  # a list block's rows
        values = [row["value"] if row.keys() >= {"type", "value"} else row for row in value]
        rows_sent: dict[Any, Any] = {n: {"deleted": "", "order": n, "value": _as_sent(row)} for n, row in enumerate(values)}
        return {"count": len(values), **rows_sent}
    return "" if value is None else value


def edit(client: Client, page: Page, **changes: object) -> Any:
    return client.post(f"/kelola/pages/{page.pk}/edit/", form_of(page.specific, **changes))


def submit(client: Client, page: Page, **changes: object) -> Any:
    response = edit(client, page, **changes, **SUBMIT)
    assert response.status_code == 302, response.context["form"].errors if response.context else response
    return response


def decide(client: Client, page: Page, action: str = "approve", comment: str = "") -> Any:
    """Press the button of the review that the page waits in."""
    state = TaskState.objects.filter(workflow_state__object_id=str(page.pk), status=TaskState.STATUS_IN_PROGRESS).get()
    return client.post(f"/kelola/pages/workflow/action/{page.pk}/{action}/{state.pk}/", {"comment": comment})


def time_comes() -> None:
    """Everything that is set for later was set for a minute ago."""
    past = timezone.now() - timedelta(minutes=1)
    for revision in Revision.objects.filter(approved_go_live_at__isnull=False):
        revision.content["go_live_at"] = past.isoformat()
        revision.approved_go_live_at = past
        revision.save(update_fields=["content", "approved_go_live_at"])
    Page.objects.filter(expire_at__isnull=False).update(expire_at=past)


def publish(page: Page, **changes: object) -> Any:
    """By the one account that may publish past the review."""
    return edit(desk_of("admin"), page, **changes, **PUBLISH)
