"""Every address of the back office, tried by people of Bob's department against everything of Dewi's: nothing is seen, nothing
changes. The addresses come from the resolver, so a new one is tried, too, and is closed until the table knows it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone
from PIL import Image as Picture
from wagtail.admin.models import EditingSession
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import (
    Collection,
    Comment,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Revision,
    TaskState,
    Workflow,
    WorkflowState,
)

from accounts.models import User
from cms import reviewers, scope
from cms.models import DepartmentFolder, DepartmentPage, FirstPublicationTask, ServicePage
from cms.wall_rules import RULES
from services.catalogue import members
from services.catalogue.departments import merge_departments
from services.catalogue.models import Department
from tests.cms.editor import desk_of, page_of, submit

pytestmark = [pytest.mark.usefixtures("demo_city"), pytest.mark.timeout(1200)]
SECRET = "zrahasiadlh"  # in every title, name and text of the other department that is not public
WORD = "zcaridlh"  # stands beside it, and is what is searched for: an echo of the search shows nothing
TITLE = f"{SECRET} {WORD}"
NAME = "Dewi Contoh"


def patterns() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name in the table, address, arguments: of everything below /kelola/."""

    def walk(rows: Any, prefix: str, spaces: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for row in rows:
            here = prefix + str(row.pattern)
            if isinstance(row, URLResolver):
                yield from walk(row.url_patterns, here, (*spaces, row.namespace) if row.namespace else spaces)
            elif isinstance(row, URLPattern) and here.startswith("kelola/"):
                name = ":".join((*spaces, row.name)) if row.name else here.replace("^", "")
                yield name, here, tuple(re.findall(r"<(?:\w+:)?(\w+)>", here))

    yield from walk(get_resolver().url_patterns, "", ())


ADDRESSES = sorted(set(patterns()))


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    names = {name for name, _path, _arguments in ADDRESSES}
    assert names - RULES.keys() == set(), "write into cms/wall_rules.py who may see what there"
    assert RULES.keys() - names == set(), "rows of addresses that are no more"


def test_an_address_without_a_row_is_closed_to_all_but_superusers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, "wagtailadmin_home")
    assert desk_of("bob").get("/kelola/").status_code == 403
    assert desk_of("admin").get("/kelola/").status_code == 200
    assert desk_of("bob").get("/kelola/tidak-ada/").status_code == 404, "what is no address is none, not a closed one"


def picture(name: str) -> ImageFile:
    file = io.BytesIO()
    Picture.new("RGB", (4, 4)).save(file, "PNG")
    return ImageFile(io.BytesIO(file.getvalue()), name=name)


@dataclass
class Theirs:
    """Ids of everything that the other department has."""

    pages: list[int]
    image: int
    document: int
    folder: int
    revision: int
    state: int
    task_state: int
    task: int
    workflow: int
    session: int
    person: int
    group: int

    def snapshot(self) -> list[Any]:
        rows = Page.objects.filter(pk__in=self.pages).order_by("pk")
        paths = list(rows.values_list("path", flat=True))
        below = Page.objects.filter(path__startswith=paths[0]).count()
        return [
            list(
                rows.values_list(
                    "pk", "path", "title", "draft_title", "slug", "live", "locked", "latest_revision", "numchild"
                )
            ),
            below,
            Revision.objects.filter(object_id__in=[str(pk) for pk in self.pages]).count(),
            list(Revision.objects.filter(pk=self.revision).values_list("approved_go_live_at", flat=True)),
            list(Image.objects.filter(pk=self.image).values_list("title", "collection", "file")),
            list(Document.objects.filter(pk=self.document).values_list("title", "collection", "file")),
            list(Collection.objects.order_by("pk").values_list("pk", "name", "path")),
            list(TaskState.objects.order_by("pk").values_list("pk", "status", "comment")),
            list(WorkflowState.objects.filter(object_id__in=[str(p) for p in self.pages]).values_list("pk", "status")),
            list(Comment.objects.filter(page__in=self.pages).values_list("pk", "text", "resolved_at")),
            list(EditingSession.objects.filter(pk=self.session).values_list("pk", "user")),
            GroupPagePermission.objects.count(),
            GroupCollectionPermission.objects.count(),
            list(Workflow.objects.values_list("pk", "active")),
            list(User.objects.filter(pk=self.person).values_list("name", "is_active")),
            Image.objects.filter(collection=self.folder).count(),
            Document.objects.filter(collection=self.folder).count(),
        ]


@pytest.fixture
def theirs(settings: Any, tmp_path: Any) -> Theirs:
    settings.MEDIA_ROOT = tmp_path
    dewi = User.objects.get(email="dewi@example.org")
    corner = DepartmentPage.objects.get(locale__language_code="id", department="dlh")
    live, english = page_of("pengangkutan-sampah"), page_of("pengangkutan-sampah", "en")
    for page in (live, english):  # public pages with drafts that are not
        page.title = f"{TITLE} judul"
        page.save_revision(user=dewi)
        ServicePage.objects.filter(pk=page.pk).update(draft_title=page.title)
    values = {name: getattr(live, name) for name in ("category", "summary", "product", "requirements", "steps")}
    draft = ServicePage(title=f"{TITLE} draf", slug=SECRET, live=False, fee_free=True, time_unit="langsung", **values)
    draft.complaint_category = "umum"
    draft.owner = dewi
    corner.add_child(instance=draft)
    draft.save_revision(user=dewi)
    submit(desk_of("dewi"), ServicePage.objects.get(pk=draft.pk), title=f"{TITLE} draf")
    Comment.objects.create(page=draft, user=dewi, text=f"{TITLE} komentar", contentpath="product")
    scheduled = live.save_revision(user=dewi, approved_go_live_at=timezone.now() + timedelta(days=3))
    folder = DepartmentFolder.objects.get(department="dlh").collection
    Collection.objects.filter(pk=folder.pk).update(name=f"{TITLE} map")
    image = Image.objects.create(title=f"{TITLE} gambar", file=picture(f"{SECRET}.png"), collection=folder)
    document = Document.objects.create(
        title=f"{TITLE} berkas", file=ContentFile(b"%PDF", name=f"{SECRET}.pdf"), collection=folder
    )
    state = WorkflowState.objects.get(object_id=str(draft.pk))
    assert state.current_task_state is not None
    session = EditingSession.objects.create(
        user=dewi, content_object=Page.objects.get(pk=draft.pk), last_seen_at=timezone.now()
    )
    department_en = DepartmentPage.objects.get(locale__language_code="en", department="dlh")
    return Theirs(
        pages=[corner.pk, live.pk, english.pk, draft.pk, department_en.pk],
        image=image.pk,
        document=document.pk,
        folder=folder.pk,
        revision=scheduled.pk,
        state=state.pk,
        task_state=state.current_task_state.pk,
        task=FirstPublicationTask.objects.get().pk,
        workflow=state.workflow_id,
        session=session.pk,
        person=dewi.pk,
        group=dewi.groups.get().pk,
    )


def candidates(name: str, argument: str, theirs: Theirs) -> list[Any]:
    """What of the other department may stand in this argument of this address."""
    pages = [theirs.pages[1], theirs.pages[3], theirs.pages[0]]
    if argument in ("page_id", "page_to_move_id", "page_pk", "parent_page_id", "destination_id"):
        return [*pages, theirs.pages[2]] if argument == "page_id" else pages
    fixed: dict[str, list[Any]] = {
        "image_id": [theirs.image],
        "document_id": [theirs.document],
        "doc_id": [theirs.document],
        "collection_id": [theirs.folder],
        "revision_id": [theirs.revision],
        "revision_id_a": ["earliest", theirs.revision],
        "revision_id_b": ["latest"],
        "workflow_state_id": [theirs.state],
        "task_state_id": [theirs.task_state],
        "task_id": [theirs.task],
        "session_id": [theirs.session],
        "workflow_pk": [theirs.workflow],
        "uploaded_file_id": [1],
        "redirect_id": [1],
        "object_id": [theirs.pages[3]],
        "filter_spec": ["original"],
        "uidb64": ["x"],
        "token": ["x"],
        "action_name": ["approve", "publish"] if "api" in name else ["approve"],
    }
    if argument in fixed:
        return fixed[argument]
    if argument == "pk":
        if "images" in name:
            return [theirs.image]
        if "documents" in name or "docs" in name:
            return [theirs.document]
        if "users_users" in name:
            return [theirs.person]
        if "users_groups" in name:
            return [theirs.group]
        if "collections" in name:
            return [theirs.folder]
        if "workflows" in name:
            return [theirs.task, theirs.workflow]
        return pages
    return []


_TYPES = [("wagtailcore", "page"), ("cms", "servicepage"), ("wagtailimages", "image"), ("wagtaildocs", "document")]
_ACTIONS = ["delete", "move", "unpublish", "publish", "add_to_collection", "add_tags"]


def paths(theirs: Theirs, own: int) -> Iterator[str]:
    """Every address with something of theirs in its arguments, and those without arguments with it in the query."""
    query = (
        f"?q={WORD}",
        f"?collection_id={theirs.folder}",
        f"?id={theirs.pages[3]}&id={theirs.pages[1]}",
        f"?tag={WORD}",
    )
    for name, pattern, arguments in ADDRESSES:
        if name == "wagtail_bulk_action":
            for (app, model), action in product(_TYPES, _ACTIONS):
                ids = {"image": [theirs.image], "document": [theirs.document]}.get(model, theirs.pages)
                rows = "&".join(f"id={pk}" for pk in ids)
                for end in (f"?{rows}", "?id=all", f"?id=all&childOf={theirs.pages[0]}"):
                    yield f"/kelola/bulk/{app}/{model}/{action}/{end}"
            continue
        types = any(argument in ("app_label", "app_name", "content_type_app_name") for argument in arguments)
        values: list[list[Any]] = []
        for argument in arguments:
            if argument in ("app_label", "app_name", "content_type_app_name"):
                values.append(["wagtailcore" if "ping" in name else "cms"])
            elif argument in ("model_name", "content_type_model_name"):
                values.append(["page" if "ping" in name else "servicepage"])
            else:
                values.append(candidates(name, argument, theirs))
        for chosen in product(*values):
            yield filled(pattern, dict(zip(arguments, chosen, strict=True)))
        if "move_confirm" in name:
            yield f"/kelola/pages/{own}/move/{theirs.pages[0]}/confirm/"
            parent = Page.objects.get(pk=own).get_parent().pk
            yield f"/kelola/pages/{theirs.pages[3]}/move/{parent}/confirm/"
        if name in ("wagtailadmin_pages:workflow_action", "wagtailadmin_pages:collect_workflow_action_data"):
            yield filled(pattern, {"page_id": own, "action_name": "approve", "task_state_id": theirs.task_state})
        if "workflow_history_detail" in name:
            yield filled(pattern, {"page_id": own, "workflow_state_id": theirs.state})
        if "revisions_view" in name or "revisions_revert" in name or "unschedule" in name:
            yield filled(pattern, {"page_id": own, "revision_id": theirs.revision})
        if not arguments or types:
            yield from (filled(pattern, dict(zip(arguments, c, strict=True))) + q for c in product(*values) for q in query)
    for more in (
        f"pages/?child_of={theirs.pages[0]}",
        f"pages/?descendant_of={theirs.pages[0]}&for_explorer=1",
        f"pages/?translation_of={theirs.pages[3]}",
        f"pages/?search={WORD}",
        f"pages/find/?id={theirs.pages[3]}",
        f"images/find/?id={theirs.image}",
        f"documents/find/?id={theirs.document}",
        f"images/?search={WORD}",
        "images/?fields=*",
        "documents/?fields=*",
    ):
        yield f"/kelola/api/main/{more}"
    yield f"/kelola/images/chooser/chosen-multiple/?id={theirs.image}"
    yield f"/kelola/documents/chooser/chosen-multiple/?id={theirs.document}"
    yield f"/kelola/choose-page/?target_pages[]={theirs.pages[3]}&user_perms=move_to"
    yield f"/kelola/choose-page/search/?q={WORD}&page_type=cms.servicepage"


def filled(pattern: str, values: dict[str, Any]) -> str:
    text = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda m: str(values[m[1]]), pattern)
    text = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(values[m[1]]), text)
    return "/" + text.replace("^.*/", "tidak-ada/").replace("^", "").replace("$", "").replace("\\", "")


def shown(answer: HttpResponseBase) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return body.decode("utf-8", "replace") + str(answer.headers)


def forged(theirs: Theirs) -> dict[str, Any]:
    """What somebody may send along: the other department in every field that names something."""
    return {
        "title": "x", "slug": "x", "new_title": "x", "new_slug": "x-baru", "new_parent_page": theirs.pages[0],
        "chooser": theirs.pages[0], "collection": theirs.folder, "parent": theirs.folder, "tags": "x", "comment": "x",
        "action-publish": "1", "include_descendants": "1", "is_editing": "1", "revision_id": theirs.revision, "position": 0,
        "destination_page_id": theirs.pages[0], "recursive": True, "keep_published": True, "id": theirs.pages[3],
        "locales": [2], "groups": [theirs.group], "email": "x@example.org", "name": "x", "next": "/kelola/",
    }  # fmt: skip


@pytest.fixture
def rini() -> None:
    made = User.objects.create_user("rini@example.org", "x", name="Rini Contoh")
    members.set_roles(made, department=Department.objects.get(code="dispendukcapil"), roles=list(scope.RIGHTS), by=None)


def knock(browser: Client, path: str, theirs: Theirs, before: list[Any], found: list[str]) -> None:
    with transaction.atomic():
        answer = browser.get(path)
        if SECRET in shown(answer):
            found.append(f"GET {path} shows something")
        elif NAME in shown(answer):
            found.append(f"GET {path} shows who works there")
        transaction.set_rollback(True)
    for headers in ({}, {"X-Requested-With": "XMLHttpRequest"}):
        with transaction.atomic():
            answer = browser.post(path, forged(theirs), headers=headers)
            if SECRET in shown(answer):
                found.append(f"POST {path} shows something")
            if theirs.snapshot() != before:
                found.append(f"POST {path} changes something")
            transaction.set_rollback(True)
        if answer.status_code in (403, 404, 405):
            break


@pytest.mark.parametrize("name", ["bob", "rini"])
def test_nothing_of_another_department_is_seen_or_changed(name: str, rini: None, theirs: Theirs) -> None:
    browser = desk_of(name)
    browser.raise_request_exception = False
    own = page_of("akta-kelahiran").pk
    before = theirs.snapshot()
    found: list[str] = []
    tried = 0
    for path in dict.fromkeys(paths(theirs, own)):
        if "failwhale" in path or "/logout/" in path:
            continue
        tried += 1
        knock(browser, path, theirs, before, found)
    assert not found, "\n".join(found)
    assert tried > 400, "the list of addresses is not what it was"
    assert theirs.snapshot() == before


def test_the_people_of_the_department_itself_see_all_of_it(theirs: Theirs) -> None:
    """The other half: what is closed to Bob is there for Dewi, so the marker would be found."""
    dewi = desk_of("dewi")
    for path in (
        f"/kelola/pages/{theirs.pages[3]}/edit/",
        f"/kelola/pages/{theirs.pages[3]}/history/",
        f"/kelola/pages/{theirs.pages[0]}/",
        f"/kelola/pages/{theirs.pages[1]}/edit/",
        "/kelola/images/",
        f"/kelola/images/{theirs.image}/",
        "/kelola/documents/",
        "/kelola/images/chooser/",
        "/kelola/documents/chooser/",
        "/kelola/api/main/images/",
        f"/kelola/api/main/documents/{theirs.document}/",
        f"/kelola/bulk/wagtailimages/image/delete/?id={theirs.image}",
        f"/kelola/pages/search/?q={WORD}",
        "/kelola/",
    ):
        answer = dewi.get(path, follow=True)
        assert answer.status_code == 200 and SECRET in answer.content.decode(), path


def test_bob_uploads_into_his_own_folder_only_and_without_tags(theirs: Theirs) -> None:
    bob = desk_of("bob")
    form = bob.get("/kelola/images/add/").content.decode()
    assert 'name="title"' in form and 'name="tags"' not in form and SECRET not in form
    for folder in (theirs.folder, DepartmentFolder.objects.get(department="dispendukcapil").collection_id):
        bob.post("/kelola/images/add/", {"title": "Loket", "file": picture("loket.png"), "collection": folder, "tags": "x"})
    own = DepartmentFolder.objects.get(department="dispendukcapil").collection
    made = Image.objects.filter(title="Loket")
    assert made.exists() and not made.exclude(collection=own).exists(), "whatever was sent along"
    assert not any(image.tags.exists() for image in made)
    assert "Loket" in bob.get("/kelola/images/").content.decode()
    assert {row["title"] for row in bob.get("/kelola/api/main/images/").json()["items"]} == {"Loket"}


def test_the_city_desk_sees_of_another_department_only_what_waits_for_it(theirs: Theirs) -> None:
    """Dewi's department has no reviewer: her draft waits for Rina, and is all that Rina sees."""
    rina = desk_of("rina")
    assert SECRET in rina.get(f"/kelola/pages/{theirs.pages[3]}/edit/").content.decode()
    for page in (theirs.pages[0], theirs.pages[1], theirs.pages[2]):
        for path in (f"/kelola/pages/{page}/edit/", f"/kelola/pages/{page}/history/"):
            assert rina.get(path).status_code == 404, path
    assert SECRET not in rina.get("/kelola/images/").content.decode()
    listed = rina.get(f"/kelola/pages/{theirs.pages[0]}/")
    assert listed.status_code == 404


def test_when_departments_merge_files_and_reviews_go_to_the_heir(theirs: Theirs) -> None:
    """Diskominfo itself may be merged: its desk goes on where its people are."""
    oper = User.objects.get(email="oper@example.org")
    gone, into = Department.objects.get(code="dlh"), Department.objects.get(code="dispendukcapil")
    merge_departments(gone, into, by=oper, reason="uji")
    bob = desk_of("bob")
    assert SECRET in bob.get(f"/kelola/pages/{theirs.pages[3]}/edit/").content.decode()
    assert SECRET in bob.get("/kelola/images/").content.decode()
    assert not DepartmentFolder.objects.filter(department="dlh").exists()
    assert not Group.objects.filter(name__endswith=":dlh").exists()
    merge_departments(Department.objects.get(code="diskominfo"), into, by=oper, reason="uji")
    assert reviewers.of_city(besides=None).get().email == "rina@example.org"
    assert scope.keep(check=True) == []
