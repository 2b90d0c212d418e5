"""Who has no account is invited: the roles wait seven days for the owner of the address."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Act, RoleChange, User
from services.catalogue import invitations, members
from services.catalogue.models import Department, Invitation
from services.catalogue.models import DepartmentRole as Role
from services.catalogue.tasks import send_invitation
from services.catalogue.timetable import send_due_invitations
from tests.conftest import PASSWORD
from tests.portal.staff.conftest import Desk, person

PAGE = "/petugas/anggota/dlh/"
NEW = "baru@example.org"


@pytest.fixture
def invited(desk: Desk, kepala: User) -> Invitation:
    answer = desk(kepala).post(PAGE, {"email": NEW, "peran": ["CLERK", "EDITOR"], "alasan": "Pegawai baru"})
    assert answer.status_code == 302
    return Invitation.objects.get()


def link_of(invitation: Invitation) -> str:
    send_invitation(invitation.pk)
    sent = mail.outbox[-1]
    found = re.search(r"(/akun/undangan/\w+/)", sent.body)
    assert found and sent.to == [NEW]
    return found[1]


def confirm(user: User) -> None:
    """As the link in the mail of the sign-up does."""
    from allauth.account.signals import email_confirmed

    EmailAddress.objects.filter(user=user).update(verified=True)
    email_confirmed.send(sender=EmailAddress, request=None, email_address=EmailAddress.objects.get(user=user))


def roles_of(user: User, department: Department) -> set[str]:
    return {role.value for role in members.roles_of(user, department)}


def test_the_answer_is_the_same_with_and_without_an_account(desk: Desk, kepala: User, warga: User) -> None:
    client = desk(kepala)
    seen = []
    for email in (NEW, warga.email):
        answer = client.post(PAGE, {"email": email, "peran": ["CLERK"]})
        page = client.get(answer["Location"]).content.decode()
        seen.append(re.findall(r'<div class="k-notice k-notice--ok".*?</div></div>', page))
    assert seen[0] == seen[1] and seen[0]


def test_the_mail_has_a_link_and_the_manager_sees_that_it_waits(
    desk: Desk, kepala: User, invited: Invitation, client: Client
) -> None:
    page = desk(kepala).get(PAGE).content.decode()
    assert NEW in page and "Belum diterima" in page
    link = link_of(invited)
    assert "Petugas, Penyunting" in mail.outbox[-1].body and "Dinas Lingkungan Hidup" in mail.outbox[-1].subject
    shown = client.get(link).content.decode()
    assert "Kepala Contoh" in shown and "Buat akun" in shown and NEW not in shown
    send_invitation(invited.pk)
    assert len(mail.outbox) == 1, "sent once"


def test_a_mail_server_that_is_away_is_tried_again(invited: Invitation, settings: object, monkeypatch: object) -> None:
    settings.EMAIL_BACKEND = "nowhere.Backend"  # type: ignore[attr-defined]
    send_invitation(invited.pk)
    invited.refresh_from_db()
    assert invited.sent_at is None and invited.next_try is not None
    Invitation.objects.update(next_try=timezone.now())
    assert send_due_invitations() == 1


def test_signing_up_and_confirming_the_address_gives_the_roles(client: Client, invited: Invitation, dlh: Department) -> None:
    values = {"name": "Baru Contoh", "email": NEW, "password1": "sawah-hijau-di-tepi-brantas"}
    assert client.post("/akun/daftar/", values).status_code == 302
    made = User.objects.get(email=NEW)
    assert roles_of(made, dlh) == set(), "not before the address is confirmed"
    found = re.search(r"(/akun/email/konfirmasi/[^/\s]+/)", mail.outbox[-1].body)
    assert found
    client.post(found[1])
    assert roles_of(made, dlh) == {"CLERK", "EDITOR"}
    given = RoleChange.objects.filter(person=made, act=Act.GIVEN)
    assert {row.by.email for row in given} == {"kepala@example.org"}
    assert client.get(link_dead(invited)).status_code == 404, "worth one use"


def link_dead(invitation: Invitation) -> str:
    return f"/akun/undangan/{invitation.token}/"


def test_signing_in_with_the_confirmed_address_gives_the_roles(invited: Invitation, dlh: Department) -> None:
    made = person("baru")
    answer = Client().post("/akun/masuk/", {"login": NEW, "password": PASSWORD})
    assert answer.status_code == 302
    assert roles_of(made, dlh) == {"CLERK", "EDITOR"}


def test_an_unconfirmed_account_gets_nothing_and_is_not_told_apart(desk: Desk, kepala: User, dlh: Department) -> None:
    claimed = person("baru")
    EmailAddress.objects.filter(user=claimed).update(verified=False)
    desk(kepala).post(PAGE, {"email": NEW, "peran": ["CLERK"]})
    assert roles_of(claimed, dlh) == set() and Invitation.objects.count() == 1
    assert invitations.accept_waiting(claimed) == 0
    confirm(claimed)
    assert roles_of(claimed, dlh) == {"CLERK"}


def test_after_seven_days_it_is_worth_nothing_and_may_be_sent_anew(
    desk: Desk, kepala: User, invited: Invitation, dlh: Department, client: Client
) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link_dead(invited)).status_code == 404
    assert invitations.accept_waiting(person("baru")) == 0
    assert "Tidak berlaku lagi" in desk(kepala).get(PAGE).content.decode()
    EmailAddress.objects.filter(email=NEW).delete()
    assert desk(kepala).post(PAGE, {"email": NEW, "peran": ["CLERK"]}).status_code == 302
    renewed = Invitation.objects.get(taken_back_at=None)
    assert renewed.token != invited.token and renewed.expires_at > timezone.now() + timedelta(days=6)


def test_it_is_not_sent_twice_to_one_address(desk: Desk, kepala: User, invited: Invitation) -> None:
    answer = desk(kepala).post(PAGE, {"email": NEW.upper(), "peran": ["REVIEWER"]})
    assert "sudah diundang" in answer.content.decode() and Invitation.objects.count() == 1


def test_the_manager_takes_it_back(
    desk: Desk, kepala: User, lain: User, invited: Invitation, dlh: Department, client: Client
) -> None:
    door = f"{PAGE}undangan/{invited.pk}/tarik/"
    assert desk(lain).post(door).status_code == 404
    assert desk(lain).post(f"/petugas/anggota/dishub/undangan/{invited.pk}/tarik/").status_code == 404
    assert desk(kepala).post(f"{PAGE}undangan/{10**30}/tarik/").status_code == 404
    assert desk(kepala).get(door).status_code == 302 and invitations.is_worth_something(invited)
    assert desk(kepala).post(door)["Location"] == PAGE
    assert client.get(link_dead(invited)).status_code == 404
    made = person("baru")
    assert invitations.accept_waiting(made) == 0 and roles_of(made, dlh) == set()
    again = desk(kepala)
    assert again.post(door).status_code == 302
    assert "sudah diterima atau ditarik" in again.get(PAGE).content.decode()
    assert RoleChange.objects.filter(act=Act.UNINVITED, by=kepala).count() == 2


def test_an_invitation_of_somebody_who_manages_no_more_is_worth_nothing(
    kepala: User, oper: User, invited: Invitation, dlh: Department, client: Client
) -> None:
    members.set_roles(kepala, department=dlh, roles=[], by=oper, reason="Mutasi")
    assert client.get(link_dead(invited)).status_code == 404
    made = person("baru")
    assert invitations.accept_waiting(made) == 0
    assert roles_of(made, dlh) == set() and Invitation.objects.get().accepted_at is None


def test_nobody_invites_themself_by_another_address(kepala: User, invited: Invitation, dlh: Department) -> None:
    EmailAddress.objects.create(user=kepala, email=NEW, verified=True)
    assert invitations.accept_waiting(kepala) == 0
    assert roles_of(kepala, dlh) == {"MANAGER"}


def test_somebody_signed_in_with_another_address_is_told_what_to_do(desk: Desk, warga: User, invited: Invitation) -> None:
    page = desk(warga).get(link_dead(invited)).content.decode()
    assert "untuk alamat email lain" in page
    assert not warga.memberships.exists()


def test_one_person_does_not_mail_the_world(kepala: User, dlh: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MAX_A_DAY", 2)
    for number in range(2):
        invitations.add(dlh, email=f"orang{number}@example.org", roles=[Role.CLERK], by=kepala)
    with pytest.raises(members.RefusedError, match="Terlalu banyak undangan"):
        invitations.add(dlh, email="orang3@example.org", roles=[Role.CLERK], by=kepala)


def test_an_address_is_not_readable_in_the_database(invited: Invitation) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT email, email_index FROM catalogue_invitation")
        assert NEW not in " ".join(map(str, cursor.fetchone()))
