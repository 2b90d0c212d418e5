"""The city's one review: its two steps (`cms.models.review`) stand above every page, and tell people what waits for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext_noop
from wagtail.models import TaskState, Workflow, WorkflowPage, WorkflowState, WorkflowTask
from wagtail.signals import task_rejected, task_submitted, workflow_approved

from accounts.models import User
from cms import reviewers, scope
from cms.models import DepartmentReviewTask, FirstPublicationTask, HomePage
from portal.lib.languages import DEFAULT
from services.catalogue.models import Department
from services.notifications.actions import notify

NAME = gettext_noop("Tinjauan")
_STEPS = (
    (DepartmentReviewTask, gettext_noop("Tinjauan dinas")),
    (FirstPublicationTask, gettext_noop("Tinjauan kota sebelum terbit pertama")),
)


@transaction.atomic
def keep(*, check: bool = False) -> list[str]:
    """Make the review, and put it on the home page of each language; safe to run again. Returns what differed."""
    found: list[str] = []
    tasks = [model.objects.filter(active=True).order_by("pk").first() for model, _name in _STEPS]
    if None in tasks:
        found.append("a step of the review is missing")
        if check:
            return found
        tasks = [task or model.objects.create(name=name) for task, (model, name) in zip(tasks, _STEPS, strict=True)]
    rows = WorkflowTask.objects.filter(task=tasks[0], workflow__active=True).select_related("workflow")
    workflow = rows[0].workflow if rows else None
    if workflow is None:
        found.append("the review is missing")
        if check:
            return found
        workflow = Workflow.objects.create(name=NAME)
    wanted = [task.pk for task in tasks if task is not None]
    have = list(workflow.workflow_tasks.order_by("sort_order").values_list("task", flat=True))
    if have != wanted:
        found.append("the steps of the review are not the two")
        if not check:
            workflow.workflow_tasks.all().delete()
            WorkflowTask.objects.bulk_create(
                [WorkflowTask(workflow=workflow, task_id=task, sort_order=order) for order, task in enumerate(wanted)]
            )
    homes = set(HomePage.objects.values_list("pk", flat=True))
    rights = WorkflowPage.objects.filter(workflow=workflow, page__in=homes).values_list("page", flat=True)
    others = WorkflowPage.objects.exclude(workflow=workflow, page__in=homes)
    found += [f"page {page} is not under review" for page in sorted(homes - set(rights))]
    found += [f"page {row.page_id} has another review" for row in others]
    if not check:
        others.delete()
        for page in homes - set(rights):
            WorkflowPage.objects.create(workflow=workflow, page_id=page)
    return found


def waiting_for(user: Any) -> set[int]:
    """Ids of the pages that wait for a decision of this person."""
    states = TaskState.objects.reviewable_by(user).values_list("workflow_state__object_id", flat=True)
    return {int(page) for page in states}


def may_see(user: Any, page_id: int) -> bool:
    """Whether the back office may show this page's drafts to this person: it is of their department, or it waits for them."""
    if scope.own_pages(user).filter(pk=page_id).exists():
        return True
    state = WorkflowState.objects.filter(object_id=str(page_id), status=WorkflowState.STATUS_IN_PROGRESS)
    return state.exists() and page_id in waiting_for(user)


def _tell(people: Iterable[User], template: str, key: str, page: Any, **more: Any) -> None:
    code = reviewers.department_of(page)
    department = Department.objects.filter(code=code).first()
    context = {
        "title": page.get_admin_display_title(),
        "page": page.pk,
        "department": department.name if department else "",
        "department_en": (department.name_en or department.name) if department else "",
        **more,
    }
    for person in people:
        notify(person.pk, template=template, key=f"{template}:{key}:{person.pk}", context=context)


def tell_of_comments(people: Iterable[User], page: Any, *, by: str, lines: list[str], resolved: int) -> None:
    """One message a person for all that was written at one save."""
    key = f"{page.pk}:{page.latest_revision_id}:{now().timestamp():.3f}"
    _tell(people, "review_comments", key, page, by=by, lines=lines, resolved=resolved)


def tell_of_refusal(people: Iterable[User], page: Any, revision: int, problems: dict[str, list[str]]) -> None:
    """`problems`: sentences by language."""
    in_english = {f"problems_{language}": words for language, words in problems.items()}
    _tell(people, "schedule_refused", str(revision), page, problems=problems[DEFAULT], **in_english)


def _on_submitted(sender: Any, instance: TaskState, user: Any = None, **_: Any) -> None:
    task = instance.task.specific
    page = instance.workflow_state.content_object
    submitter = instance.workflow_state.requested_by
    if page is None or not isinstance(task, DepartmentReviewTask | FirstPublicationTask):
        return
    deciding = task.reviewers_for(reviewers.department_of(page), submitter.pk if submitter else None)
    if not deciding.exists():
        deciding = User.objects.filter(is_superuser=True, is_active=True)
    _tell(deciding, "review_wanted", str(instance.pk), page.specific, by=submitter.get_full_name() if submitter else "")


def _on_rejected(sender: Any, instance: TaskState, user: Any = None, **_: Any) -> None:
    state = instance.workflow_state
    _tell_submitter(state, "review_changes", str(instance.pk), user, comment=instance.comment)


def _on_approved(sender: Any, instance: WorkflowState, user: Any = None, **_: Any) -> None:
    page = instance.content_object
    when = page.go_live_at if page and not page.live else None
    last = instance.current_task_state
    _tell_submitter(
        instance,
        "review_approved",
        str(instance.pk),
        user,
        comment=last.comment if last else "",
        scheduled=when.isoformat() if when else "",
    )


def _tell_submitter(state: WorkflowState, template: str, key: str, by: Any, **more: Any) -> None:
    person, page = state.requested_by, state.content_object
    if person is None or person == by or page is None:
        return
    if scope.own_pages(person).filter(pk=page.pk).exists():  # who has left the department hears nothing of it any more
        _tell([person], template, key, page.specific, by=by.get_full_name() if by else "", **more)


def listen() -> None:
    """Called once, when the app is ready."""
    task_submitted.connect(_on_submitted, dispatch_uid="cms.review.submitted")
    task_rejected.connect(_on_rejected, dispatch_uid="cms.review.rejected")
    workflow_approved.connect(_on_approved, dispatch_uid="cms.review.approved")
