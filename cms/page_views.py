"""Wagtail's views of our pages with what the city adds: the gate beside the editor, warnings before something is lost,
and refusals in words instead of an error page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.views.pages.preview import ViewDraftView
from wagtail.admin.views.pages.unpublish import UnpublishView
from wagtail.admin.views.pages.workflow import WorkflowActionView
from wagtail.admin.viewsets.pages import PageViewSet
from wagtail.models import Comment, CommentReply, Page, PageSubscription, Revision

from cms import review
from cms.beginning import BeginView
from cms.gate_panel import GatePanel
from cms.models import ContentPage, DepartmentPage, FormPage, HomePage, JourneyPage, ServicePage
from services.cases.queries import running_cases


def refused_in_words(request: HttpRequest, refused: ValidationError) -> None:
    """The gate's sentences for somebody who approves what is not complete any more."""
    messages.error(request, _("Belum bisa terbit: %s") % " ".join(refused.messages))


class OurEditView(EditView):
    def get_side_panels(self) -> Any:
        panels = super().get_side_panels()
        if isinstance(self.page, ServicePage) and not self.page.alias_of_id:
            panels.insert(0, GatePanel(self.page, self.request))
        return panels

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Somebody saved while this page was open here: say so before their text is replaced, keep both, and let the next
        press decide. (The script of Wagtail asks too; this holds without it.)"""
        if not self.expects_json_response and not self.page.alias_of_id and (newer := self._newer_of_others()):
            return self._overtaken(newer)
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        return response

    def _newer_of_others(self) -> Revision | None:
        """What somebody else saved since this page was opened here. (One's own newer ones are drafts that saved themselves.)"""
        try:
            opened = datetime.fromisoformat(self.request.POST.get("loaded_revision_created_at", ""))
        except ValueError:
            return None
        if opened.tzinfo is None:
            return None
        newer = self.real_page_record.revisions.filter(created_at__gt=opened).exclude(user=self.request.user)
        found: Revision | None = newer.select_related("user").order_by("-created_at", "-pk").first()
        return found

    def _overtaken(self, newer: Revision) -> HttpResponseBase:
        self.form = self.form_class(
            self.request.POST,
            self.request.FILES,
            instance=self.page,
            subscription=self.subscription,
            parent_page=self.parent,
            for_user=self.request.user,
        )
        self.form.is_valid()
        who = newer.user.get_full_name() if newer.user_id else _("Orang lain")
        messages.warning(
            self.request,
            _(
                "%(who)s menyimpan versi yang lebih baru saat Anda mengubah halaman ini. Belum ada yang disimpan; tulisan Anda "
                "masih di bawah. Simpan sekali lagi bila tulisan Anda yang dipakai. Versi itu tetap ada di riwayat."
            )
            % {"who": who},
        )
        self.errors_debug = None
        self.has_unsaved_changes = True
        response: HttpResponseBase = self.render_to_response(self.get_context_data())
        return response

    def redirect_away(self) -> HttpResponseBase:
        """To the list that the page is in; the city desk, which may not see another department's, to what waits for it."""
        if not self.next_url and not review.may_see(self.request.user, self.page.get_parent().pk):
            return redirect("wagtailadmin_home")
        response: HttpResponseBase = super().redirect_away()
        return response

    def perform_workflow_action(self) -> HttpResponseBase:
        try:
            response: HttpResponseBase = super().perform_workflow_action()
        except ValidationError as refused:
            refused_in_words(self.request, refused)
            return redirect(self.get_edit_url())
        return response

    def send_commenting_notifications(self, changes: dict[str, Any]) -> None:
        """Through our outbox, in each reader's language, and only to whom the page is still open."""
        if not (changes["new_comments"] or changes["resolved_comments"] or changes["new_replies"]):
            return
        touched = [c.pk for c in changes["resolved_comments"]] + [c.pk for c, _replies in changes["new_replies"]]
        subscribed = PageSubscription.objects.filter(page=self.page, comment_notifications=True).values("user")
        answered = CommentReply.objects.filter(comment__in=touched).values("user")
        asked = Comment.objects.filter(pk__in=touched).values("user")
        people = get_user_model().objects.filter(is_active=True).exclude(pk=self.request.user.pk)
        people = people.filter(pk__in=subscribed) | people.filter(pk__in=answered) | people.filter(pk__in=asked)
        lines = [c.text for c in changes["new_comments"]]
        lines += [reply.text for _comment, replies in changes["new_replies"] for reply in replies]
        review.tell_of_comments(
            [person for person in people.distinct() if review.may_see(person, self.page.pk)],
            self.page,
            by=self.request.user.get_full_name(),
            lines=lines,
            resolved=len(changes["resolved_comments"]),
        )


class OurUnpublishView(UnpublishView):
    template_name = "cms/admin/confirm_unpublish.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pages = [self.object, *self.object.get_descendants().live().specific()]
        codes = {page.code for page in pages if isinstance(page, ServicePage) and not page.is_translation}
        running = sum(running_cases(code) for code in codes)
        return {**super().get_context_data(**kwargs), "running": running}


class OurWorkflowActionView(WorkflowActionView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = super().post(request, *args, **kwargs)
        except ValidationError as refused:
            refused_in_words(request, refused)
            if request.headers.get("x-requested-with") == "XMLHttpRequest":
                done: HttpResponseBase = self.render_modal_json(request, {"step": "success", "redirect": self.redirect_url})
                return done
            return redirect(self.redirect_url)
        return response


class OurViewDraftView(ViewDraftView):
    """Heads of departments hold pages back, so they read them; the editor stays closed to them."""

    def dispatch(self, request: HttpRequest, page_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        page = get_object_or_404(Page, pk=page_id).get_latest_revision_as_object()
        if not page.permissions_for_user(request.user).can_read() or not page.is_previewable():
            raise PermissionDenied
        modes = {name for name, _label in page.preview_modes}
        wanted = request.GET.get("mode", "")
        response: HttpResponseBase = page.make_preview_request(
            request, wanted if wanted in modes else page.default_preview_mode
        )
        return response


class _OurPages(PageViewSet):
    edit_view_class = OurEditView
    view_draft_view_class = OurViewDraftView
    unpublish_view_class = OurUnpublishView
    workflow_action_view_class = OurWorkflowActionView
    parent_models: Any = ()  # lists stay Wagtail's


class ServicePages(_OurPages):
    model = ServicePage
    add_view_class = BeginView


class DepartmentPages(_OurPages):
    model = DepartmentPage


class ContentPages(_OurPages):
    model = ContentPage


class HomePages(_OurPages):
    model = HomePage


class FormPages(_OurPages):
    model = FormPage


class JourneyPages(_OurPages):
    model = JourneyPage


VIEWSETS = [ServicePages, FormPages, JourneyPages, DepartmentPages, ContentPages, HomePages]
