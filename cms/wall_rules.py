"""What each address of the back office may show to whom. The table is an allow list: an address without a row is closed to
everybody but superusers, and fails a test (`tests/cms/test_wall.py`), so that a new release of Wagtail opens nothing unseen.

A rule gets the request and the arguments of the address and raises Http404 for what this person may not see. It is the second
line: the permissions of pages and folders stay the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page, TaskState, UploadedFile, WorkflowState

from cms import review, scope

Rule = Callable[[HttpRequest, dict[str, Any]], None]


def _number(value: Any) -> int:
    if not str(value).isdigit() or len(str(value)) > 18:
        raise Http404
    return int(value)


def _need(allowed: object) -> None:
    if not allowed:
        raise Http404


def everybody(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Nothing of a department is shown here, or the view itself asks for the person's own rows only."""


def superusers(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    raise Http404


# In which fields Wagtail's own forms name the page that something is to go below, and the folder that it is to go into.
_GOES_BELOW = ("new_parent_page", "parent_page", "chooser")


def goes_to_own(request: HttpRequest) -> None:
    """Whatever the address: nothing goes below a page of another department. A form that was refused would show its title."""
    for target in (value for name in _GOES_BELOW for value in request.POST.getlist(name) if value):
        _need(scope.own_pages(request.user).filter(pk=_number(target)).exists())


def _page(*arguments: str) -> Rule:
    """The page in each of these arguments is of one's own department, or waits for one's decision."""

    def rule(request: HttpRequest, kwargs: dict[str, Any]) -> None:
        for argument in arguments:
            _need(review.may_see(request.user, _number(kwargs[argument])))

    return rule


def _explored(argument: str) -> Rule:
    """One's own pages, and the ancestors that lead to them."""

    def rule(request: HttpRequest, kwargs: dict[str, Any]) -> None:
        wanted = _number(kwargs[argument])
        corners = Page.objects.filter(pk__in=scope.own_corners(request.user))
        leading = Page.objects.filter(pk=wanted).first()
        _need(leading and (corners.filter(path__startswith=leading.path).exists() or review.may_see(request.user, wanted)))

    return rule


def _linkable(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """A link may go to one's own pages, to what everybody can read, and to nothing else."""
    for page in [*request.GET.getlist("id"), *request.GET.getlist("target_pages[]")]:
        public = Page.objects.filter(Q(live=True) | Q(depth=1), pk=_number(page)).exists()
        _need(public or scope.own_pages(request.user).filter(pk=page).exists())


def _task_of_page(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """The page, and a step or a state that is that page's."""
    _page("page_id")(request, kwargs)
    page = str(kwargs["page_id"])
    if "task_state_id" in kwargs:
        _need(TaskState.objects.filter(pk=kwargs["task_state_id"], workflow_state__object_id=page).exists())
    if "workflow_state_id" in kwargs:
        _need(WorkflowState.objects.filter(pk=kwargs["workflow_state_id"], object_id=page).exists())


def _files(model: Callable[[], Any], argument: str = "") -> Rule:
    """The image or document in this argument, or all that are named by ?id=, lies in one's own folder."""

    def rule(request: HttpRequest, kwargs: dict[str, Any]) -> None:
        wanted = [kwargs[argument]] if argument else request.GET.getlist("id")
        _need(may_use_files(request.user, model(), wanted))
        if folder := request.GET.get("collection_id"):
            _need(scope.own_folders(request.user).filter(pk=_number(folder)).exists())

    return rule


def may_use_files(user: Any, model: Any, wanted: list[Any]) -> bool:
    ids = {_number(value) for value in wanted}
    own = model.objects.filter(pk__in=ids, collection__in=scope.own_folders(user))
    return bool(own.count() == len(ids))


def _own_upload(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    _need(UploadedFile.objects.filter(pk=kwargs["uploaded_file_id"], uploaded_by_user=request.user.pk).exists())


def _edited(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Who else edits: of pages only."""
    _need((kwargs["app_label"], kwargs["model_name"]) in {("wagtailcore", "page"), ("cms", "servicepage")})
    _need(review.may_see(request.user, _number(kwargs["object_id"])))


_BULK = {
    ("wagtailcore", "page"): {"delete", "move", "publish", "unpublish"},
    ("wagtailimages", "image"): {"delete", "add_to_collection"},
    ("wagtaildocs", "document"): {"delete", "add_to_collection"},
}


def _bulk(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Many at once: each named one by one ("all" and "childOf" choose by themselves and cannot be judged)."""
    what = (kwargs["app_label"], kwargs["model_name"])
    _need(kwargs["action"] in _BULK.get(what, set()) and "childOf" not in request.GET)
    ids = request.GET.getlist("id")
    if what == ("wagtailcore", "page"):
        for page in ids:
            _need(scope.own_pages(request.user).filter(pk=_number(page)).exists())
    else:
        _need(may_use_files(request.user, get_image_model() if what[0] == "wagtailimages" else get_document_model(), ids))


def _found_by_api(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    if page := request.GET.get("id"):
        _explored("id")(request, {"id": page})


def _pages(prefix: str, **rules: Rule) -> dict[str, Rule]:
    return {f"{prefix}:{name}": rule for name, rule in rules.items()}


def _all(rule: Rule, prefix: str, names: str) -> dict[str, Rule]:
    return {f"{prefix}{name}": rule for name in names.split()}


_page_rules = _all(
    _page("page_id"),
    "wagtailadmin_pages:",
    "usage edit preview_on_edit view_draft delete unpublish convert_alias copy confirm_workflow_cancellation lock unlock "
    "workflow_preview revisions_index revisions_view revisions_revert revisions_unschedule workflow_history history "
    "history_results",
)
_page_rules |= _all(
    _task_of_page, "wagtailadmin_pages:", "workflow_action collect_workflow_action_data workflow_history_detail"
)
_page_rules |= _all(_page("parent_page_id"), "wagtailadmin_pages:", "add preview_on_add add_subpage")
_page_rules |= _pages(
    "wagtailadmin_pages",
    move=_page("page_to_move_id"),
    set_page_position=_page("page_to_move_id"),
    move_confirm=_page("page_to_move_id", "destination_id"),
    revisions_compare=_page("pk"),
    choose_parent=everybody,  # lists where one may add
    search=everybody,  # WAGTAILADMIN_PAGE_SEARCH_FILTER_BY_PERMISSIONS
    search_results=everybody,
    type_use=superusers,
    type_use_results=superusers,
    set_privacy=superusers,  # a page here is public or not: nothing projects a third state
)
_image, _images = _files(get_image_model, "image_id"), _files(get_image_model)
_document, _documents = _files(get_document_model, "document_id"), _files(get_document_model)
_file_rules: dict[str, Rule] = {
    **_all(_images, "wagtailimages:", "index index_results add add_multiple"),
    **_all(
        _image,
        "wagtailimages:",
        "edit delete preview image_usage url_generator url_generator_output edit_multiple delete_multiple",
    ),
    **_all(_own_upload, "wagtailimages:", "create_multiple_from_uploaded_image delete_upload_multiple"),
    **_all(_images, "wagtailimages_chooser:", "choose choose_results chosen_multiple create"),
    "wagtailimages_chooser:chosen": _files(get_image_model, "pk"),
    "wagtailimages_chooser:select_format": _image,
    **_all(_documents, "wagtaildocs:", "index index_results add add_multiple"),
    **_all(_document, "wagtaildocs:", "edit delete document_usage"),
    **_all(_files(get_document_model, "doc_id"), "wagtaildocs:", "edit_multiple delete_multiple"),
    **_all(_own_upload, "wagtaildocs:", "create_multiple_from_uploaded_document delete_upload_multiple"),
    **_all(_documents, "wagtaildocs_chooser:", "choose choose_results chosen_multiple create"),
    "wagtaildocs_chooser:chosen": _files(get_document_model, "pk"),
}

RULES: dict[str, Rule] = {
    **_page_rules,
    **_file_rules,
    # --- the frame ---
    **_all(
        everybody,
        "wagtailadmin_",
        "home sprite javascript_catalog dismissibles account logout block_preview error_test login password_reset "
        "password_reset_done password_reset_confirm password_reset_complete choose_page_external_link "
        "choose_page_email_link choose_page_phone_link choose_page_anchor_link",
    ),
    **_all(everybody, "kelola/", "test404/ .*/$"),  # Wagtail's own answers for addresses that are none
    **_all(everybody, "kelola-", "login logout account pages"),
    # --- the form builder ---
    **_all(_page("page_id"), "form-", "try try-part try-check try-again try-connection export import"),
    "service-destination": _page("page_id"),
    "wagtailadmin_explore_root": everybody,
    "wagtailadmin_editing_sessions:release": everybody,
    "wagtailadmin_editing_sessions:ping": _edited,
    # --- pages in lists and choosers ---
    "wagtailadmin_explore": _explored("parent_page_id"),
    "wagtailadmin_explore_results": _explored("parent_page_id"),
    "wagtailadmin_choose_page": _linkable,
    "wagtailadmin_choose_page_child": _explored("parent_page_id"),  # another department's public pages are found by search
    **_all(_linkable, "wagtailadmin_choose_page", "_search _chosen_multiple"),
    "wagtail_bulk_action": _bulk,
    "wagtailadmin_api:pages:listing": everybody,  # asks the permission policy
    "wagtailadmin_api:pages:detail": _explored("pk"),
    "wagtailadmin_api:pages:find": _found_by_api,
    "wagtailadmin_api:pages:action": _page("pk"),
    **_all(everybody, "wagtailadmin_api:documents:", "listing find"),  # cms.admin_api asks the permission policy
    **_all(everybody, "wagtailadmin_api:images:", "listing find"),
    "wagtailadmin_api:documents:detail": _files(get_document_model, "pk"),
    "wagtailadmin_api:images:detail": _files(get_image_model, "pk"),
    "simple_translation:submit_page_translation": _page("page_id"),
    # --- what stands above departments ---
    **_all(superusers, "wagtailadmin_tag_", "autocomplete model_autocomplete"),  # tags have no department
    **_all(superusers, "wagtailadmin_collections:", "index add edit delete set_privacy"),
    **_all(
        superusers,
        "wagtailadmin_workflows:",
        "index index_results add enable disable edit usage usage_results remove add_task select_task_type task_index "
        "task_index_results edit_task disable_task enable_task task_chooser task_chooser_results task_chooser_create "
        "task_chosen",
    ),
    **_all(
        superusers,
        "wagtailadmin_reports:",
        "locked_pages locked_pages_results workflow workflow_results workflow_tasks workflow_tasks_results site_history "
        "site_history_results aging_pages aging_pages_results page_types_usage page_types_usage_results",
    ),
    **_all(superusers, "wagtailredirects:", "index index_results add edit delete start_import process_import"),
    **_all(superusers, "wagtailsettings:", "edit preview_on_edit"),
    "simple_translation:submit_snippet_translation": superusers,
    "wagtailsnippets:index": superusers,
    **_all(superusers, "wagtailsites:", "index index_results add edit delete history history_results usage copy"),
    **_all(superusers, "wagtailusers_users:", "index index_results add edit delete history history_results usage copy"),
    **_all(superusers, "wagtailusers_groups:", "index index_results add edit delete history history_results usage"),
}
