"""What is due goes live or offline on time; a page that is refused stops no other, and its owner is told."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from wagtail.models import Revision

from accounts.models import User
from cms import publishing, schedule
from cms.models import ServicePage
from portal.lib.clocks import today
from services.cases import actions
from services.cases.models import Case
from services.cases.queries import running_cases
from services.catalogue import members
from services.catalogue.models import Department, Service
from services.catalogue.models import DepartmentRole as Role
from services.forms.queries import current_version
from services.notifications.models import Message
from services.notifications.tasks import send_message
from tests.cms.editor import decide, desk_of, page_of, submit, time_comes
from tests.portal.api_calls import ANSWERS

pytestmark = pytest.mark.usefixtures("demo_city")


def approved_for(code: str, **changes: object) -> ServicePage:
    """Bob writes, sets a time, Rina approves."""
    page = page_of(code)
    when = timezone.localtime(timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    submit(desk_of("bob"), page, go_live_at=when, **changes)
    decide(desk_of("rina"), page)
    assert page_of(code).live and page_of(code).product != changes.get("product"), "not before its time"
    return page


def test_a_refused_page_stops_no_other_and_bob_is_told() -> None:
    first = approved_for("akta-kelahiran", product="Kutipan satu")
    second = approved_for("akta-kematian", product="Kutipan dua")
    Service.objects.filter(code="akta-kelahiran").update(form=None)  # its form is gone meanwhile
    User.objects.filter(email="bob@example.org").update(language="en")
    time_comes()
    outcome = schedule.run()
    assert outcome.refused == [first.title] and outcome.published == [second.title] and outcome.failed == []
    assert page_of("akta-kematian").product == "Kutipan dua" and page_of("akta-kelahiran").product != "Kutipan satu"
    assert page_of("akta-kelahiran").get_latest_revision_as_object().product == "Kutipan satu", "nothing is lost"
    message = Message.objects.get(template="schedule_refused")
    assert message.recipient.email == "bob@example.org"
    mail.outbox.clear()
    send_message(message.pk)
    assert "Not published" in mail.outbox[0].subject
    assert "published form" in str(mail.outbox[0].body), "what is missing, in the reader's language"
    assert not Revision.objects.filter(approved_go_live_at__isnull=False).exists()
    assert schedule.run() == schedule.Outcome()
    assert publishing.drift() == []


def test_something_that_breaks_stops_no_other_either(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = approved_for("akta-kelahiran", product="Satu"), approved_for("akta-kematian", product="Dua")
    publish = Revision.publish

    def break_once(revision: Revision, **more: object) -> None:
        if revision.object_id == str(first.pk):
            raise RuntimeError("disk full")
        publish(revision, **more)

    monkeypatch.setattr(Revision, "publish", break_once)
    time_comes()
    outcome = schedule.run()
    assert outcome.published == [second.title] and len(outcome.failed) == 1
    monkeypatch.undo()
    assert schedule.run().published == [first.title], "it is tried again"


def test_a_page_expires_on_time() -> None:
    page = page_of("akta-kelahiran")
    latest = page.get_latest_revision_as_object()
    latest.expire_at = timezone.now() + timedelta(hours=1)
    latest.save_revision().publish()
    assert schedule.run().expired == []
    time_comes()
    assert schedule.run().expired == [page.title]
    assert not Service.objects.get(code="akta-kelahiran").is_public
    assert publishing.drift() == []


def test_the_command_says_what_it_did_and_dryrun_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    page = approved_for("akta-kelahiran", product="Nanti")
    Revision.objects.filter(approved_go_live_at__isnull=False).update(
        approved_go_live_at=timezone.now() - timedelta(minutes=1)
    )
    call_command("publish_scheduled", dryrun=True)
    assert f"goes live: {page.title}" in capsys.readouterr().out
    call_command("publish_scheduled")
    assert f"published: {page.title}" in capsys.readouterr().out


def test_the_manager_can_stop_what_was_approved_for_later() -> None:
    page = approved_for("akta-kelahiran", product="Jangan")
    made = User.objects.create_user("kepala@example.org", "x", name="Kepala Contoh")
    members.set_roles(made, department=Department.objects.get(code="dispendukcapil"), roles=[Role.MANAGER], by=None)
    revision = Revision.objects.get(approved_go_live_at__isnull=False)
    path = f"/kelola/pages/{page.pk}/revisions/{revision.pk}/unschedule/"
    desk_of("bob").post(path)
    assert Revision.objects.filter(approved_go_live_at__isnull=False).exists()
    assert desk_of("kepala").post(path).status_code == 302
    assert not Revision.objects.filter(approved_go_live_at__isnull=False).exists()


def test_taking_a_service_offline_warns_of_running_cases_and_they_stay(
    alice: User, django_capture_on_commit_callbacks: object
) -> None:
    made = User.objects.create_user("kepala@example.org", "x", name="Kepala Contoh")
    members.set_roles(made, department=Department.objects.get(code="dispendukcapil"), roles=[Role.MANAGER], by=None)
    page, chief = page_of("akta-kelahiran"), desk_of("kepala")
    assert "permohonan yang berjalan" not in chief.get(f"/kelola/pages/{page.pk}/unpublish/").content.decode()
    service = Service.objects.get(code="akta-kelahiran")
    assert service.form is not None
    case = actions.submit_case(
        service,
        resident=alice,
        version=current_version(service.form),
        answers=ANSWERS,
        attachments=[],
        submission_key="uji",
        body_digest="",
        today=today(),
    )
    assert isinstance(case, Case)
    assert running_cases("akta-kelahiran") == 1
    assert "Masih ada 1 permohonan yang berjalan" in chief.get(f"/kelola/pages/{page.pk}/unpublish/").content.decode()
    chief.post(f"/kelola/pages/{page.pk}/unpublish/")
    resident = desk_of("alice")
    assert resident.get("/layanan/akta-kelahiran/").status_code == 404
    assert resident.get(f"/permohonan/{case.reference}/").status_code == 200
    assert desk_of("bob").get(f"/petugas/permohonan/{case.reference}/").status_code == 200
