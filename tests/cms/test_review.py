"""Bob submits, somebody else approves; a service that was never public is looked at by the city, too; nobody publishes alone."""

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation
from wagtail.models import GroupPagePermission, TaskState, WorkflowState

from accounts.models import User
from cms import review, scope
from cms.models import DepartmentPage, FirstPublicationTask, ServicePage
from services.catalogue import members
from services.catalogue.models import Department, Service
from services.catalogue.models import DepartmentRole as Role
from services.notifications.models import Message
from services.notifications.tasks import send_message
from tests.cms.editor import SUBMIT, decide, desk_of, edit, form_of, page_of, submit

pytestmark = pytest.mark.usefixtures("demo_city")


def somebody(name: str, role: Role, department: str = "dispendukcapil") -> Client:
    made = User.objects.create_user(f"{name}@example.org", "x", name=f"{name.title()} Contoh")
    members.set_roles(made, department=Department.objects.get(code=department), roles=[role], by=None)
    return desk_of(name)


def new_page(desk: Client, **changes: object) -> ServicePage:
    """Bob copies a page and so begins a service that was never public."""
    page = page_of("akta-kelahiran")
    form = {"new_title": "Akta baru", "new_slug": "akta-baru", "new_parent_page": page.get_parent().pk, "publish_copies": ""}
    assert desk.post(f"/kelola/pages/{page.pk}/copy/", form).status_code == 302
    made = ServicePage.objects.get(slug="akta-baru", locale__language_code="id")
    return made


def steps(page: ServicePage) -> list[tuple[str, str]]:
    states = TaskState.objects.filter(workflow_state__object_id=str(page.pk)).order_by("pk")
    return [(type(state.task.specific).__name__, state.status) for state in states]


def told(name: str) -> list[str]:
    return list(
        Message.objects.filter(recipient__email=f"{name}@example.org").order_by("pk").values_list("template", flat=True)
    )


def test_nobody_of_any_department_may_publish() -> None:
    ours = GroupPagePermission.objects.all()
    assert ours.exists() and not ours.filter(permission__codename__in=["publish_page", "bulk_delete_page"]).exists()


def test_without_a_reviewer_of_its_own_the_city_desk_stands_in(client: Client) -> None:
    bob, rina, page = desk_of("bob"), desk_of("rina"), page_of("akta-kelahiran")
    submit(bob, page, product="Kutipan yang baru")
    assert told("rina") == ["review_wanted"] and told("bob") == []
    assert decide(rina, page, "reject", "Sebutkan nomor SK-nya").status_code == 302
    assert told("bob") == ["review_changes"]
    assert Message.objects.get(template="review_changes").context["comment"] == "Sebutkan nomor SK-nya"
    assert "Kutipan yang baru" not in client.get("/layanan/akta-kelahiran/").content.decode()
    submit(bob, page, product="Kutipan yang baru", decree_number="SK 12")
    decide(rina, page)
    assert "Kutipan yang baru" in client.get("/layanan/akta-kelahiran/").content.decode()
    assert told("bob") == ["review_changes", "review_approved"]
    assert WorkflowState.objects.get(object_id=str(page.pk)).status == WorkflowState.STATUS_APPROVED


def test_a_reviewer_of_the_department_is_enough_for_a_service_that_was_public(client: Client) -> None:
    rini, page = somebody("rini", Role.REVIEWER), page_of("akta-kelahiran")
    submit(desk_of("bob"), page, product="Dari Rini")
    assert told("rini") == ["review_wanted"] and told("rina") == [], "the desk stands in only where nobody else can"
    with pytest.raises(AssertionError):
        assert decide(desk_of("rina"), page).status_code == 302
    decide(rini, page)
    assert "Dari Rini" in client.get("/layanan/akta-kelahiran/").content.decode()
    assert told("rina") == []


def test_a_service_that_was_never_public_is_looked_at_by_the_city_too(client: Client) -> None:
    bob, rini, rina = desk_of("bob"), somebody("rini", Role.REVIEWER), desk_of("rina")
    page = new_page(bob)
    Service.objects.filter(code=page.code).update(form=Service.objects.get(code="akta-kelahiran").form)
    assert page.channel == "FORM" and "channel" in edit(bob, page, **SUBMIT).context["form"].errors, "no binding yet"
    submit(bob, page, channel="OFFICE")
    assert rina.get(f"/kelola/pages/{page.pk}/edit/").status_code == 404, "it is not before her yet"
    decide(rini, page)
    assert not ServicePage.objects.get(pk=page.pk).live
    assert rini.get(f"/kelola/pages/{page.pk}/edit/").status_code == 200
    assert "Akta baru" in rina.get("/kelola/").content.decode(), "it is in the list of what waits for her"
    assert rina.get(f"/kelola/pages/{page.pk}/edit/").status_code == 200
    assert decide(rini, page).status_code in (302, 403) and not ServicePage.objects.get(pk=page.pk).live
    decide(rina, page)
    assert client.get("/layanan/akta-baru/").status_code == 200
    assert rina.get(f"/kelola/pages/{page.pk}/edit/").status_code == 404, "decided: no business of hers any more"
    assert [name for name, _status in steps(page)] == ["DepartmentReviewTask", "FirstPublicationTask"]


def test_one_look_of_the_city_desk_is_enough_where_it_stands_in(client: Client) -> None:
    bob = desk_of("bob")
    page = new_page(bob)
    submit(bob, page, channel="OFFICE")
    decide(desk_of("rina"), page)
    assert client.get("/layanan/akta-baru/").status_code == 200
    assert steps(page) == [("DepartmentReviewTask", "approved"), ("FirstPublicationTask", "approved")]


def test_nobody_decides_on_their_own_work() -> None:
    members.set_roles(
        User.objects.get(email="bob@example.org"),
        department=Department.objects.get(code="dispendukcapil"),
        roles=[Role.REVIEWER],
        by=None,
        added=True,
    )
    bob, page = desk_of("bob"), page_of("akta-kelahiran")
    submit(bob, page, product="Dari Bob sendiri")
    assert told("rina") == ["review_wanted"] and told("bob") == []
    decide(bob, page)
    assert page_of("akta-kelahiran").product != "Dari Bob sendiri"
    submitted = edit(bob, page, product="Masih Bob")
    assert page_of("akta-kelahiran").get_latest_revision_as_object().product == "Dari Bob sendiri", "it waits: no change"
    assert submitted.status_code == 200


@pytest.mark.parametrize(("name", "role", "department"), [
    ("rere", Role.REVIEWER, "dlh"), ("edo", Role.EDITOR, "dispendukcapil"), ("kepala", Role.MANAGER, "dispendukcapil"),
])  # fmt: skip
def test_nobody_else_approves(name: str, role: Role, department: str) -> None:
    other, page = somebody(name, role, department), page_of("akta-kelahiran")
    submit(desk_of("bob"), page, product="Belum disetujui")
    assert decide(other, page).status_code in (302, 403, 404)
    assert page_of("akta-kelahiran").product != "Belum disetujui"
    assert steps(page) == [("DepartmentReviewTask", "in_progress")]


def test_a_step_that_waits_goes_to_whoever_becomes_the_reviewer() -> None:
    page = page_of("akta-kelahiran")
    submit(desk_of("bob"), page, product="Menunggu")
    rini = somebody("rini", Role.REVIEWER)
    assert page.pk in review.waiting_for(User.objects.get(email="rini@example.org"))
    assert page.pk not in review.waiting_for(User.objects.get(email="rina@example.org"))
    decide(rini, page)
    assert page_of("akta-kelahiran").product == "Menunggu"


def test_an_approval_of_what_is_not_complete_any_more_is_refused_in_words() -> None:
    page = page_of("akta-kelahiran")
    submit(desk_of("bob"), page, product="Menunggu")
    Service.objects.filter(code="akta-kelahiran").update(form=None)
    rina = desk_of("rina")
    answer = decide(rina, page)
    assert answer.status_code == 302
    assert "Belum bisa terbit" in rina.get(answer["Location"]).content.decode()
    assert steps(page) == [("DepartmentReviewTask", "in_progress")], "the step still waits"
    in_editor = edit(rina, page, **{"action__workflow__action": "1", "workflow__action__name": "approve"})
    assert in_editor.status_code == 200 and "channel" in in_editor.context["form"].errors
    assert page_of("akta-kelahiran").product != "Menunggu"


def test_the_reviewer_sees_what_changed_and_comments(desk_pages: None = None) -> None:
    bob, rina, page = desk_of("bob"), desk_of("rina"), page_of("akta-kelahiran")
    submit(bob, page, product="Kutipan lama diganti")
    compare = rina.get(f"/kelola/pages/{page.pk}/revisions/compare/live...latest/").content.decode()
    assert '<span class="addition">Kutipan lama diganti</span>' in compare or "lama diganti" in compare
    User.objects.filter(email="bob@example.org").update(language="en")
    bobs = User.objects.get(email="bob@example.org")
    page.subscribers.update_or_create(user=bobs, defaults={"comment_notifications": True})
    comment = {
        "comments-TOTAL_FORMS": 1, "comments-INITIAL_FORMS": 0, "comments-MIN_NUM_FORMS": 0, "comments-MAX_NUM_FORMS": "",
        "comments-0-contentpath": "product", "comments-0-text": "Tulis lengkap", "comments-0-position": "", "comments-0-id": "",
        "comments-0-replies-TOTAL_FORMS": 0, "comments-0-replies-INITIAL_FORMS": 0,
    }  # fmt: skip
    latest = page.get_latest_revision_as_object()
    values = {**form_of(latest), **comment}
    mail.outbox.clear()
    assert rina.post(f"/kelola/pages/{page.pk}/edit/", values).status_code == 302
    assert latest.wagtail_admin_comments.get().text == "Tulis lengkap"
    assert told("bob") == ["review_comments"] and mail.outbox == [], "through the outbox, not from the request"
    send_message(Message.objects.get(template="review_comments").pk)
    assert "Tulis lengkap" in str(mail.outbox[0].body) and "New comment" in mail.outbox[0].subject, (
        "in the reader's language"
    )


def test_who_left_the_department_hears_nothing_of_its_pages() -> None:
    page, bob = page_of("akta-kelahiran"), User.objects.get(email="bob@example.org")
    page.subscribers.update_or_create(user=bob, defaults={"comment_notifications": True})
    submit(desk_of("bob"), page, product="Sebelum pergi")
    members.set_roles(bob, department=Department.objects.get(code="dispendukcapil"), roles=[], by=None)
    assert not page.subscribers.filter(user=bob).exists()
    decide(desk_of("rina"), page, "reject", "Rahasia dinas")
    assert told("bob") == []


def test_messages_are_written_in_the_readers_language() -> None:
    User.objects.filter(email="rina@example.org").update(language="en")
    submit(desk_of("bob"), page_of("akta-kelahiran"), product="x")
    mail.outbox.clear()
    with translation.override("id"):
        send_message(Message.objects.get(template="review_wanted").pk)
    text = str(mail.outbox[0].body)
    assert "Waiting for your review" in mail.outbox[0].subject
    assert "Population and Civil Registration Office" in text and "/kelola/pages/" in text and "Bob" in text


def test_a_superuser_still_publishes_at_once(client: Client) -> None:
    admin, page = desk_of("admin"), page_of("akta-kelahiran")
    assert edit(admin, page, product="Langsung", **{"action__publish": "1"}).status_code == 302
    assert "Langsung" in client.get("/layanan/akta-kelahiran/").content.decode()


def test_what_was_made_by_code_is_kept_by_code() -> None:
    assert scope.keep(check=True) == [] and review.keep(check=True) == []
    editors = scope.group_name("dlh")
    row = GroupPagePermission.objects.filter(group__name=editors).first()
    assert row is not None
    publish = Permission.objects.get(content_type__app_label="wagtailcore", codename="publish_page")
    GroupPagePermission.objects.create(group=row.group, page=row.page, permission=publish)
    User.objects.get(email="adi@example.org").groups.add(row.group)
    row.delete()
    FirstPublicationTask.objects.update(active=False)
    differences = [*scope.keep(check=True), *review.keep(check=True)]
    assert len(differences) >= 4, differences
    scope.keep()
    review.keep()
    assert scope.keep(check=True) == [] and review.keep(check=True) == []
    assert not User.objects.get(email="adi@example.org").groups.exists()


def test_a_new_page_of_a_department_is_its_editors_at_once() -> None:
    made = Department.objects.create(code="baru", name="Dinas Baru", short_name="Baru", kind="dinas")
    home = DepartmentPage.objects.get(locale__language_code="id", department="dlh").get_parent()
    home.add_child(instance=DepartmentPage(title="Dinas Baru", slug="baru", department="baru"))
    edo = User.objects.create_user("edo@example.org", "x", name="Edo")
    members.set_roles(edo, department=made, roles=[Role.EDITOR], by=None)
    assert [page.title for page in scope.own_pages(edo)] == ["Dinas Baru"]
    assert [folder.name for folder in scope.own_folders(edo)] == ["Baru"]


def test_the_gate_holds_when_somebody_approves_by_another_door() -> None:
    page = page_of("akta-kelahiran")
    submit(desk_of("bob"), page, product="Menunggu")
    Service.objects.filter(code="akta-kelahiran").update(form=None)
    state = TaskState.objects.get(workflow_state__object_id=str(page.pk), status="in_progress")
    with pytest.raises(ValidationError):
        state.approve(user=User.objects.get(email="rina@example.org"))
    assert steps(page) == [("DepartmentReviewTask", "in_progress")]
