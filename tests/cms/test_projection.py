"""Whatever editors do, in whatever order, the catalogue equals one made anew from the pages."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from wagtail.actions.unpublish_page import UnpublishPageAction
from wagtail.admin.views.pages.bulk_actions import (
    DeleteBulkAction,
    MoveBulkAction,
    PublishBulkAction,
    UnpublishBulkAction,
)
from wagtail.models import Locale, Page, Revision

from accounts.models import User
from cms import publishing, review, schedule
from cms.models import DepartmentPage, HomePage, ServicePage
from services.catalogue.models import Category, Department, Service
from tests.cms.editor import time_comes

A_PAGE = {
    "summary": "Ringkas",
    "fee_free": True,
    "time_value": 3,
    "time_unit": "hari_kerja",
    "product": "Surat",
    "complaint_category": "umum",
    "requirements": [("item", "KTP")],
    "steps": [("step", {"title": "Datang", "text": ""})],
}


@pytest.fixture
def small_city(db: None) -> None:
    from cms.loading import ensure_home, ensure_translated_home

    Category.objects.create(slug="umum", name="Umum")
    home = ensure_home("Kota")
    ensure_translated_home(home, "en", "City")
    for code in ("dlh", "dishub"):
        Department.objects.create(code=code, name=code, short_name=code, kind="dinas")
        home.add_child(instance=DepartmentPage(title=code.upper(), slug=code, department=code))
    User.objects.create_superuser("admin@example.org", "x", name="Admin")
    review.keep()


def a_page(**more: object) -> ServicePage:
    return ServicePage(category=Category.objects.get(), **A_PAGE, **more)


class Editor:
    """Picks an act at random and does it the way the back office does."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def department(self, language: str = "id") -> DepartmentPage:
        return self.random.choice(list(DepartmentPage.objects.filter(locale__language_code=language).order_by("pk")))

    def translate(self) -> None:
        page, english = self.page(), Locale.objects.get(language_code="en")
        if page and not page.is_translation and not page.has_translation(english):
            made = page.copy_for_translation(english, copy_parents=True)
            if self.random.random() < 0.7:
                made.title = f"Service {self.random.random()}"
                made.save_revision().publish()

    def page(self) -> ServicePage | None:
        pages = list(ServicePage.objects.order_by("pk"))
        return self.random.choice(pages) if pages else None

    def create(self) -> None:
        self.number += 1
        page = a_page(title=f"Layanan {self.number}", slug=f"layanan-{self.number}", live=self.random.random() < 0.5)
        self.department().add_child(instance=page)

    def draft(self) -> None:
        if page := self.page():
            page.title = f"Draf {self.random.random()}"
            page.save_revision()

    def publish(self) -> None:
        if page := self.page():
            latest = page.get_latest_revision_as_object()
            latest.fee_note = f"catatan {self.random.random()}"
            latest.save_revision().publish()

    def save_live(self) -> None:
        if page := self.page():
            page.summary = f"Ringkas {self.random.random()}"
            page.save()

    def save_base_row(self) -> None:
        if page := self.page():
            base = Page.objects.get(pk=page.pk)
            base.title = f"Judul {self.random.random()}"
            base.save()

    def rename(self) -> None:
        if page := self.page():
            self.number += 1
            page.slug = f"nama-{self.number}"
            page.save()

    def unpublish(self) -> None:
        if page := self.page():
            page.unpublish()

    def move(self) -> None:
        if page := self.page():
            page.move(self.department(page.locale.language_code), pos="last-child")

    def copy(self) -> None:
        if page := self.page():
            self.number += 1
            page.copy(update_attrs={"slug": f"salinan-{self.number}"}, keep_live=self.random.random() < 0.5)

    def delete(self) -> None:
        if (page := self.page()) and self.random.random() < 0.5:
            page.delete()

    def revert(self) -> None:
        if page := self.page():
            revision = page.revisions.order_by("created_at").first()
            if revision:
                revision.publish()

    def later(self) -> None:
        """Approved for a time to come; the clock runs now and again, and not always for this page alone."""
        if page := self.page():
            latest = page.get_latest_revision_as_object()
            latest.fee_note = f"nanti {self.random.random()}"
            latest.go_live_at = timezone.now() + timedelta(hours=1)
            latest.save_revision(clean=False).publish()

    def until(self) -> None:
        if page := self.page():
            latest = page.get_latest_revision_as_object()
            latest.expire_at = timezone.now() + timedelta(hours=2)
            latest.save_revision(clean=False).publish()

    def clock(self) -> None:
        if self.random.random() < 0.7:
            time_comes()
        schedule.run()

    def incomplete_later(self) -> None:
        """What is due is refused: nothing of it is seen, and the others go on."""
        if page := self.page():
            page.summary = " "
            revision = page.save_revision(clean=False)
            Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=timezone.now())

    def approve(self) -> None:
        admin = User.objects.get(email="admin@example.org")
        if (page := self.page()) and not page.workflow_in_progress:
            page.title = f"Disetujui {self.random.random()}"
            page.save_revision(clean=False)
            workflow = page.get_workflow()
            assert workflow is not None
            workflow.start(page, admin)
            while (state := page.current_workflow_task_state) is not None:
                state.approve(user=admin)

    def alias(self) -> None:
        if page := self.page():
            self.number += 1
            with pytest.raises(ValidationError, match="alias"), transaction.atomic():
                page.create_alias(update_slug=f"alias-{self.number}")

    def many(self) -> None:
        pages = [page for page in (self.page(), self.page()) if page]
        unique = list({page.pk: page for page in pages}.values())
        action = self.random.choice([PublishBulkAction, UnpublishBulkAction, DeleteBulkAction, MoveBulkAction])
        more = {"destination": self.department()} if action is MoveBulkAction else {}
        if action is MoveBulkAction:
            unique = [page for page in unique if not page.is_translation]
        with transaction.atomic():  # as the view does
            action.execute_action(unique, user=User.objects.get(email="admin@example.org"), **more)

    def with_descendants(self) -> None:
        """A department taken offline with its pages; one copied with them (a copy is no department until somebody opens it)."""
        department = self.random.choice(list(DepartmentPage.objects.order_by("pk")))
        admin = User.objects.get(email="admin@example.org")
        if self.random.random() < 0.5:
            UnpublishPageAction(department, user=admin, include_descendants=True).execute(skip_permission_checks=True)
            department.refresh_from_db()
            department.save_revision().publish()
        else:
            self.number += 1
            made = department.copy(
                recursive=True, keep_live=True, user=admin, update_attrs={"slug": f"salinan-dinas-{self.number}"}
            )
            made.refresh_from_db()
            made.delete()

    def acts(self) -> list[Callable[[], None]]:
        return [
            self.create, self.create, self.translate, self.translate, self.draft, self.publish, self.save_live, self.save_base_row,
            self.rename, self.unpublish, self.move, self.copy, self.delete, self.revert, self.later, self.until, self.clock,
            self.clock, self.incomplete_later, self.approve, self.alias, self.many, self.with_descendants,
        ]  # fmt: skip


@pytest.mark.usefixtures("small_city")
@pytest.mark.parametrize("seed", range(6))
def test_after_any_acts_the_catalogue_equals_a_rebuild(seed: int) -> None:
    editor = Editor(seed)
    for _ in range(30):
        act = editor.random.choice(editor.acts())
        try:
            with transaction.atomic():
                act()
        except ValidationError as refused:
            # A revision may bring back an address that is taken by now, or be the draft that was left incomplete.
            assert {"slug", "summary"} & refused.message_dict.keys(), refused
        assert publishing.drift() == [], act.__name__
    codes = list(ServicePage.objects.values_list("code", "locale"))
    assert len(codes) == len(set(codes))


@pytest.mark.usefixtures("small_city")
def test_the_code_outlives_rename_move_and_revert() -> None:
    dlh, dishub = DepartmentPage.objects.order_by("-department")
    page = a_page(title="Pohon", slug="pohon")
    dlh.add_child(instance=page)
    service = Service.objects.get(code="pohon")
    page.save_revision().publish()
    page.slug = "tebang-pohon"
    page.save()
    page.move(dishub, pos="last-child")
    again = Service.objects.get(code="pohon")
    assert again.pk == service.pk and again.is_public and again.department.code == "dishub"


@pytest.mark.usefixtures("small_city")
def test_a_failing_projection_takes_the_page_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(records: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(publishing.actions, "publish_services", fail)
    page = a_page(title="Pohon", slug="pohon")
    with pytest.raises(RuntimeError):
        DepartmentPage.objects.get(locale__language_code="id", department="dlh").add_child(instance=page)
    assert not ServicePage.objects.exists()


@pytest.mark.usefixtures("demo_city")
def test_the_command_checks_and_repairs() -> None:
    Service.objects.filter(code="uji-kir").update(fee_amount=1)
    with pytest.raises(CommandError, match="uji-kir"):
        call_command("rebuild_catalogue", check=True)
    call_command("rebuild_catalogue")
    call_command("rebuild_catalogue", check=True)


@pytest.mark.usefixtures("demo_city")
def test_deleting_a_departments_page_withdraws_its_services() -> None:
    DepartmentPage.objects.get(locale__language_code="id", department="dlh").delete()
    assert not Service.objects.filter(department__code="dlh", is_public=True).exists()
    assert Service.objects.filter(department__code="dlh").count() == 5
    assert HomePage.objects.exists()
