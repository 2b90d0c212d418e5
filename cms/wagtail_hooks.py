"""The back office's look, and the first line of the department scope in lists and choosers."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.models import TaskState, WorkflowState
from wagtail.signals import task_submitted, workflow_approved, workflow_rejected, workflow_submitted

from cms import checks, destination, journeys, page_views, scope
from cms.colleagues import offer_colleagues_only
from cms.files import OwnDocuments, OwnImages
from cms.form_builder import hooks as form_builder
from cms.models import ContentPage, JourneyPage, ServicePage
from cms.page_rights import rights_at_home
from services.cases.queries import running_cases

form_builder.register()
destination.register()
offer_colleagues_only()
_MENU = {
    "explorer",
    "permohonan-masuk",
    "yang-perlu-dibenahi",
    "terjemahan",
    "lembar-kerja",
    "documents",
    "images",
    "help",
}


@hooks.register("insert_global_admin_css")
def city_colours() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("portal/wagtail-admin.css"))


@hooks.register("insert_global_admin_js")
def without_inline_scripts() -> SafeString:
    return format_html('<script src="{}"></script>', static("portal/kelola.js"))


@hooks.register("construct_page_chooser_queryset")
def choose_own_or_public(pages: Any, request: HttpRequest) -> Any:
    """A link may go to one's own pages, and to what everybody can read anyway."""
    if request.user.is_superuser:
        return pages
    own = scope.own_pages(request.user).values("pk")
    return pages.filter(pk__in=own) | pages.filter(live=True)


@hooks.register("construct_explorer_page_queryset")
def explore_own(parent: Any, pages: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """The root shows one's own corner of each tree, to the city's desk the home pages and the portal's own too; below another
    department nothing is listed, not even its header."""
    if request.user.is_superuser:
        return pages
    if parent.is_root():
        corners = Q(pk__in=scope.own_corners(request.user))
        if rights_at_home(request.user):
            corners |= Q(depth=2) | Q(pk__in=ContentPage.objects.values("pk"))
        return pages.model.objects.filter(corners)
    own = scope.own_pages(request.user)
    if parent.depth > 1 and not own.filter(path__startswith=parent.path).exists():
        raise Http404
    return pages


@hooks.register("construct_homepage_summary_items", order=1000)  # after the entries that it takes away
def count_nothing_of_others(request: HttpRequest, items: list[Any]) -> None:
    """Rights in both trees make the tree's root the place to begin: it would be counted whole."""
    if not request.user.is_superuser:
        items.clear()


@hooks.register("construct_admin_api", order=1000)
def only_own_files(router: Any) -> None:
    router.register_endpoint("images", OwnImages)
    router.register_endpoint("documents", OwnDocuments)


@hooks.register("before_copy_page")
def copy_to_a_free_address(request: HttpRequest, page: Any) -> HttpResponse | None:
    """Addresses are one set for the whole city; Wagtail's own form looks only below the parent."""
    slug = request.POST.get("new_slug", "")
    if (
        request.method == "POST"
        and isinstance(page.specific, ServicePage)
        and ServicePage.objects.filter(slug=slug).exists()
    ):
        messages.error(request, _("Alamat itu sudah dipakai layanan lain di kota ini. Pilih alamat lain."))
        return redirect("wagtailadmin_pages:copy", page.pk)
    return None


@hooks.register("before_bulk_action")
def publish_only_complete_pages(request: HttpRequest, action_type: str, objects: Any, action: Any) -> HttpResponse | None:
    """The gate in words instead of an error page."""
    if action_type != "publish":
        return None
    pages = [p.specific.get_latest_revision_as_object() for p in objects]
    incomplete = [p.title for p in pages if isinstance(p, ServicePage) and checks.problems(p)]
    incomplete += [p.title for p in pages if isinstance(p, JourneyPage) and journeys.problems(p)]
    if not incomplete:
        return _only_free_addresses(request, pages)
    messages.error(request, _("Belum lengkap, jadi tidak ada yang diterbitkan: %s") % ", ".join(incomplete))
    return redirect("wagtailadmin_explore_root")


def _only_free_addresses(request: HttpRequest, pages: list[Any]) -> HttpResponse | None:
    """Another page may have taken a draft's address since it was written."""
    for page in pages:
        try:
            page.full_clean()
        except ValidationError as refused:
            messages.error(
                request, _("%(title)s tidak bisa terbit: %(why)s") % {"title": page.title, "why": " ".join(refused.messages)}
            )
            return redirect("wagtailadmin_explore_root")
    return None


@hooks.register("after_publish_page")
def say_what_is_asked_twice(request: HttpRequest, page: Any) -> None:
    """Not a reason to hold a journey back, but its author should see it."""
    if isinstance(page, JourneyPage) and not page.is_translation:
        for text in journeys.warnings(page):
            messages.warning(request, text)


@hooks.register("register_admin_menu_item")
def work_list() -> MenuItem:
    return MenuItem(_("Permohonan masuk"), "/petugas/", icon_name="tasks", order=50)


@hooks.register("register_admin_menu_item")
def what_to_mend() -> MenuItem:
    return MenuItem(_("Yang perlu dibenahi"), "/petugas/halaman/", name="yang-perlu-dibenahi", icon_name="warning", order=60)


@hooks.register("register_admin_menu_item")
def to_be_translated() -> MenuItem:
    return MenuItem(_("Terjemahan"), "/petugas/terjemahan/", icon_name="globe", order=65)


@hooks.register("register_admin_menu_item")
def spreadsheet() -> MenuItem:
    return MenuItem(_("Lembar kerja"), "/petugas/layanan/impor/", icon_name="table", order=70)


@hooks.register("construct_main_menu", order=1000)
def only_what_editors_use(request: HttpRequest, items: list[MenuItem]) -> None:
    """Reports list more than one department's pages; they are for the operator."""
    if not request.user.is_superuser:
        items[:] = [item for item in items if item.name in _MENU]


@hooks.register("register_admin_viewset")
def our_pages() -> list[Any]:
    return [viewset() for viewset in page_views.VIEWSETS]


@hooks.register("after_bulk_action")
def cases_go_on(request: HttpRequest, action_type: str, objects: Any, action: Any) -> None:
    """Many pages taken offline at once: the applications for them go on."""
    if action_type == "unpublish":
        pages = [page.specific for page in objects]
        running = sum(running_cases(p.code) for p in pages if isinstance(p, ServicePage) and not p.is_translation)
        if running:
            messages.warning(request, _("%d permohonan untuk layanan itu tetap berjalan.") % running)


# Our own messages go through the outbox, in each reader's language (`cms.review`).
for _signal, _name in (
    (workflow_approved, "workflow_state_approved_email_notification"),
    (workflow_rejected, "workflow_state_rejected_email_notification"),
    (workflow_submitted, "workflow_state_submitted_email_notification"),
):
    _signal.disconnect(sender=WorkflowState, dispatch_uid=_name)
task_submitted.disconnect(sender=TaskState, dispatch_uid="group_approval_task_submitted_email_notification")
