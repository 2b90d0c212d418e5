"""The two steps of review. Who may decide is not written on the step: it is found from the page's department each time."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.models import Task, TaskState

from accounts.models import User
from cms import reviewers


class ReviewStep(Task):
    """A step that somebody other than the submitter decides; it locks the page for everybody else."""

    class Meta:
        abstract = True

    def reviewers_for(self, department: str, submitter: int | None) -> QuerySet[User]:
        raise NotImplementedError

    def start(self, workflow_state: Any, user: Any = None) -> TaskState:
        """A lock of somebody who does not decide would keep the reviewers out: it ends here."""
        page = workflow_state.content_object
        if page.locked and page.locked_by_id and not self.may_decide(page, page.locked_by):
            page.locked, page.locked_by, page.locked_at = False, None, None
            page.save(update_fields=["locked", "locked_by", "locked_at"])
        return super().start(workflow_state, user=user)

    def may_decide(self, page: Any, user: Any) -> bool:
        if user.is_superuser:
            return True
        state = page.current_workflow_state
        submitter = state.requested_by_id if state else None
        return self.reviewers_for(reviewers.department_of(page), submitter).filter(pk=user.pk).exists()

    def user_can_access_editor(self, obj: Any, user: Any) -> bool:
        return self.may_decide(obj, user)

    def locked_for_user(self, obj: Any, user: Any) -> bool:
        return not self.may_decide(obj, user)

    def user_can_lock(self, obj: Any, user: Any) -> bool:
        return self.may_decide(obj, user)

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, Any, bool]]:
        if not self.may_decide(obj, user):
            return []
        return [
            ("reject", _("Minta perubahan"), True),
            ("approve", _("Setujui"), False),
            ("approve", _("Setujui dengan catatan"), True),
        ]

    def get_task_states_user_can_moderate(self, user: Any, **kwargs: Any) -> QuerySet[TaskState]:
        waiting = TaskState.objects.filter(task=self, status=TaskState.STATUS_IN_PROGRESS)
        if user.is_superuser:
            return waiting
        mine = []
        for state in waiting.select_related("workflow_state"):
            page = state.workflow_state.content_object
            submitter = state.workflow_state.requested_by_id
            if page and self.reviewers_for(reviewers.department_of(page), submitter).filter(pk=user.pk).exists():
                mine.append(state.pk)
        return TaskState.objects.filter(pk__in=mine)


class DepartmentReviewTask(ReviewStep):
    """The department's own reviewers; without one (or none but the submitter) the city desk stands in."""

    class Meta:
        verbose_name = _("tinjauan dinas")
        verbose_name_plural = _("tinjauan dinas")

    def reviewers_for(self, department: str, submitter: int | None) -> QuerySet[User]:
        return reviewers.of_department(department, besides=submitter)


class FirstPublicationTask(ReviewStep):
    """The city desk, before a service is public for the first time. Passed over when it was, or when the desk has looked."""

    class Meta:
        verbose_name = _("tinjauan terbit pertama")
        verbose_name_plural = _("tinjauan terbit pertama")

    def reviewers_for(self, department: str, submitter: int | None) -> QuerySet[User]:
        return reviewers.of_city(besides=submitter)

    def start(self, workflow_state: Any, user: Any = None) -> TaskState:
        page = workflow_state.content_object
        looked = workflow_state.task_states.filter(status=TaskState.STATUS_APPROVED).values("finished_by")
        if not reviewers.was_public(page) and not reviewers.of_city(besides=None).filter(pk__in=looked).exists():
            return super().start(workflow_state, user=user)
        state = TaskState(
            workflow_state=workflow_state,
            revision=page.get_latest_revision(),
            task=self,
            status=TaskState.STATUS_IN_PROGRESS,
        )
        state.save()
        # Approving updates the workflow, which must find this step as the present one.
        workflow_state.current_task_state = state
        workflow_state.save()
        state.approve(user=user, update=False)
        return state
