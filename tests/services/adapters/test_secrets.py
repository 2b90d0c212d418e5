"""Secrets of a connection: replaced with an overlap, judged, and told of before they end."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from accounts.models import User
from portal.lib.channels import send_mail_message
from services.adapters import expiry, gateway, hops, manifest
from services.adapters.connecting import registering
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.timetable import warn_of_expiring_secrets
from services.adapters.values import Misconfigured, Unavailable
from services.catalogue import members
from services.catalogue.models import DepartmentRole
from services.notifications.models import Message
from tests.backends import chaos as c
from tests.backends.authority import Authority
from tests.services.adapters.conftest import OAUTH, outgoing_of, send

GOOD = c.raw(200, b'{"nomor": "A"}', "Content-Type: application/json")
BEARER = {"type": "bearer"}


def knows(*tokens):
    """A backend that knows these tokens."""

    def script(talk):
        head = talk.read()
        known = any(f"Bearer {token}\r\n".encode() in head + b"\r\n" for token in tokens)
        talk.send(GOOD if known else c.raw(401, b"{}", "Content-Type: application/json"))

    return script


def give(connection, value, name="token", **more):
    registering.set_secret(connection, name, value, by="uji", **more)


# --- overlap ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theirs", ["lama", "baru"])
def test_while_both_are_kept_either_key_of_the_department_delivers(connect, service, theirs):
    with c.chaos(knows(theirs)) as server:
        connection = connect(base_url=server.url, auth=BEARER)
        give(connection, "lama")
        give(connection, "baru", keep_old=True)
        assert send(outgoing_of(service)).backend_reference == "A"
    assert len(server.requests) == (1 if theirs == "baru" else 2), "the newest first"
    assert [one["count"] for one in registering.secrets_shown(connection)] == [2]


@pytest.mark.parametrize("act", ["replaced", "removed"])
def test_an_old_key_that_is_replaced_or_removed_is_used_no_more(connect, service, act):
    with c.chaos(knows("lama")) as server:
        connection = connect(base_url=server.url, auth=BEARER)
        give(connection, "lama")
        give(connection, "baru", keep_old=act == "removed")
        registering.remove_secret(connection, "token", by="uji", only_old=True)
        with pytest.raises(Unavailable):
            send(outgoing_of(service))
    assert len(server.requests) == 1


def test_the_secret_of_oauth_overlaps_too(connect, service, office):
    connection = connect(base_url=office.url, auth=OAUTH, secrets={})
    give(connection, office.registry.client_secret, "client_secret")
    give(connection, "belum-dikenal", "client_secret", keep_old=True)
    assert send(outgoing_of(service)).backend_reference
    assert len(office.store.ledger()["requests"]) == 1


def test_only_two_are_kept_and_a_certificate_is_replaced_at_once(connect, tmp_path):
    connection = connect(base_url="http://127.0.0.1:1")
    for value in ("satu", "dua", "tiga"):
        give(connection, value, keep_old=True)
    authority = Authority(tmp_path)
    for label in ("lama", "baru"):
        give(connection, authority.issue(label)[0].decode(), "certificate", keep_old=True)
    assert connection.secrets["token"] == ["tiga", "dua"]
    assert isinstance(connection.secrets["certificate"], str)


# --- what is given ------------------------------------------------------------------------------------------------------


def test_a_certificate_says_itself_when_it_ends(connect, tmp_path):
    connection = connect(base_url="http://127.0.0.1:1")
    certificate, key = Authority(tmp_path).issue("kota", days=20)
    give(connection, certificate.decode(), "certificate", expires_on=date(2099, 1, 1))
    give(connection, key.decode(), "certificate_key")
    ends = timezone.localdate(datetime.now(UTC) + timedelta(days=20))
    assert abs((date.fromisoformat(connection.secret_info["certificate"]["expires_on"]) - ends).days) <= 1
    assert connection.secret_info["certificate_key"]["expires_on"] == ""


@pytest.mark.parametrize("name", ["certificate", "certificate_key"])
@pytest.mark.parametrize("value", ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "locked"])
def test_what_is_no_pem_or_has_a_password_is_refused(connect, tmp_path, name, value):
    connection = connect(base_url="http://127.0.0.1:1")
    if value == "locked":
        value = Authority(tmp_path).issue("kota", password=b"sandi")[1].decode()
    with pytest.raises(ConnectionProblem) as caught:
        give(connection, value, name)
    assert set(caught.value.errors) == {"value"}
    assert connection.secrets == {}


# --- warnings -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ivan(department):
    user = User.objects.create_user(email="ivan@example.org", name="Ivan Contoh")
    members.set_roles(user, department=department, roles=[DepartmentRole.INTEGRATOR], by=None)
    return user


@pytest.mark.parametrize(
    ("left", "steps"),
    [(31, []), (30, [30]), (29, [30]), (8, [30]), (7, [7]), (2, [7]), (1, [1]), (0, [1]), (-1, [])],
)
def test_integrators_are_told_thirty_seven_and_one_day_before(connect, ivan, left, steps):
    connection = connect(base_url="http://127.0.0.1:1")
    give(connection, "k1", expires_on=timezone.localdate() + timedelta(days=left))
    for _ in range(3):
        warn_of_expiring_secrets()
    assert [int(message.key.split(":")[4]) for message in Message.objects.filter(recipient=ivan)] == steps


def test_each_step_is_told_once_and_a_new_secret_begins_anew(connect, ivan, monkeypatch):
    connection = connect(base_url="http://127.0.0.1:1")
    today = timezone.localdate()
    give(connection, "k1", expires_on=today + timedelta(days=30))
    for day in range(32):
        monkeypatch.setattr(expiry.timezone, "localdate", lambda *_, day=day: today + timedelta(days=day))
        expiry.warn()
    assert Message.objects.filter(recipient=ivan).count() == 3
    give(connection, "k2", expires_on=today + timedelta(days=31 + 30))
    expiry.warn()
    assert Message.objects.filter(recipient=ivan).count() == 4
    registering.remove_secret(connection, "token", by="uji")
    assert expiry.warn() == 0


def test_only_active_integrators_of_the_department_hear_of_it(connect, ivan, department):
    boss = User.objects.create_user(email="budi@example.org", name="Budi Contoh")
    gone = User.objects.create_user(email="pergi@example.org", name="Pergi Contoh", is_active=False)
    members.set_roles(boss, department=department, roles=[DepartmentRole.MANAGER], by=None)
    members.set_roles(gone, department=department, roles=[DepartmentRole.INTEGRATOR], by=None)
    connection = connect(base_url="http://127.0.0.1:1")
    give(connection, "k1", testing=True, expires_on=timezone.localdate() + timedelta(days=3))
    expiry.warn()
    message = Message.objects.get()
    assert (message.recipient, message.context["secret"]) == (ivan, "test:token")


@pytest.mark.parametrize(("language", "word"), [("id", "berakhir"), ("en", "expires")])
def test_the_mail_names_the_secret_and_where_to_renew_it_and_never_its_value(connect, ivan, mailoutbox, language, word):
    connection = connect(base_url="http://127.0.0.1:1")
    give(connection, "isi-rahasia", expires_on=timezone.localdate() + timedelta(days=3))
    expiry.warn()
    message = Message.objects.get(recipient=ivan)
    with translation.override(language):
        send_mail_message(ivan.email, template=message.template, context=message.words(language), key=message.key)
    mail = mailoutbox[-1]
    text = mail.subject + mail.body + str(mail.alternatives)
    assert word in mail.subject and "token" in mail.body and "/integrasi/uji/kunci/" in mail.body
    assert "isi-rahasia" not in text


def test_an_unreadable_day_warns_nobody(connect, ivan):
    connection = connect(base_url="http://127.0.0.1:1")
    connection.secret_info = {"token": {"expires_on": "besok"}}
    connection.save()
    assert expiry.warn() == 0


def test_a_health_question_falls_back_to_the_old_key_too(connect, office):
    with c.chaos(knows("lama")) as server:
        connection = connect(base_url=server.url, auth=BEARER)
        give(connection, "lama")
        give(connection, "baru", keep_old=True)
        assert gateway.check_health(connection).authorised


# --- names in the environment -------------------------------------------------------------------------------------------

OWN = "ADAPTER_SECRET__UJI__TOKEN"  # the connection is called `uji`
NOT_ITS_OWN = [
    "ADAPTER_SECRET__PAJAK__PASSWORD",
    "ADAPTER_SECRET__UJI_KIR__TOKEN",
    "ADAPTER_SECRET_PAJAK",
    "ADAPTER_SECRET__UJI__",
    "ADAPTER_SECRET__UJI",
    "ADAPTER_SECRET__UJI__A__B",
    "ADAPTER_SECRET__UJI__TOKEN_FILE",
    "ADAPTER_SECRET__UJI__TOKEN\n",
    "ADAPTER_SECRET__uji__TOKEN",
    "SECRET_KEY",
    "",
]


def test_a_connection_names_a_secret_that_was_made_for_it(connect, service, monkeypatch):
    monkeypatch.setenv(OWN, "dari-luar")
    with c.chaos(knows("dari-luar")) as server:
        give(connect(base_url=server.url, auth=BEARER), f"env:{OWN}")
        assert send(outgoing_of(service)).backend_reference == "A"


@pytest.mark.parametrize("name", NOT_ITS_OWN)
def test_no_department_can_send_the_secret_of_another_to_a_server_of_its_own(connect, service, monkeypatch, name):
    if name.isprintable() and name:
        monkeypatch.setenv(name, "rahasia-orang-lain")
    with c.chaos(c.answer(200, b'{"nomor": "A"}')) as server:
        connection = connect(base_url=server.url, auth=BEARER)
        if name.isprintable():
            with pytest.raises(ConnectionProblem, match="env:ADAPTER_SECRET__UJI__"):
                give(connection, f"env:{name}")
        connection.secrets = {"token": f"env:{name}"}  # written there by whatever door
        connection.save()
        with pytest.raises(Misconfigured):
            send(outgoing_of(service))
        assert not [hop for hop in hops.walk(connection) if hop.name == "answer" and hop.ok]
    assert b"rahasia-orang-lain" not in b"".join(server.requests)


@pytest.mark.parametrize("name", [name for name in NOT_ITS_OWN if name.isprintable()])
def test_no_manifest_names_the_secret_of_another(connect, name):
    connection = connect(base_url="https://uji.example", auth=BEARER)
    document = manifest.export([connection.code])
    document["connections"][0]["secrets"] = {"token": f"env:{name}"}
    assert any("env:ADAPTER_SECRET__UJI__" in text for text in manifest.problems_of(document))
    document["connections"][0]["secrets"] = {"token": f"env:{OWN}"}
    assert manifest.problems_of(document) == []


@pytest.mark.parametrize("code", ["kir_uji", "kir--uji", "KIR-UJI", "-kir", "kir-"])
def test_no_code_is_taken_whose_names_would_be_those_of_another(connect, code):
    document = manifest.export([connect(base_url="https://uji.example").code])
    document["connections"][0]["code"] = code
    assert any("small letters" in text for text in manifest.problems_of(document))
