"""The path alone decides the language; the same page is at the same path; people hear from us in their own language."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from accounts.models import User
from portal.lib.languages import language_of, path_in
from services.cases.models import CaseEvent
from services.cases.sentences import say
from services.notifications.actions import notify
from services.notifications.models import Message
from services.notifications.tasks import send_message

LANG = re.compile(r'<html lang="(\w+)"')


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("/", "id"),
        ("/en/", "en"),
        ("/en", "en"),
        ("/en/dinas/", "en"),
        ("/english/", "id"),
        ("/layanan/en/", "id"),
        ("/id/", "id"),
    ],
)
def test_the_first_step_of_the_path_is_the_language(path: str, language: str) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize("path", ["/", "/layanan/", "/layanan/?q=ktp", "/akun/masuk/"])
def test_there_and_back_is_the_same_page(path: str) -> None:
    assert path_in("id", path_in("en", path)) == path == path_in("id", path)
    assert path_in("en", path) == path_in("en", path_in("en", path)) == f"/en{path}"


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize("wanted", ["en", "id", "en-GB,en;q=0.9,id;q=0.1"])
def test_the_browsers_wish_changes_nothing(client: Client, wanted: str) -> None:
    for path, language in (("/", "id"), ("/en/", "en"), ("/dinas/", "id"), ("/en/dinas/", "en")):
        answer = client.get(path, headers={"Accept-Language": wanted})
        assert LANG.search(answer.content.decode()).group(1) == language  # type: ignore[union-attr]
        assert "accept-language" not in answer.get("Vary", "").lower()


@pytest.mark.usefixtures("demo_city")
def test_each_version_names_the_other_and_itself(client: Client) -> None:
    for path in ("/layanan/akta-kelahiran/", "/en/layanan/akta-kelahiran/"):
        page = client.get(path).content.decode()
        for code, version in (("id", ""), ("en", "/en"), ("x-default", "")):
            assert f'hreflang="{code}" href="http://localhost:8000{version}/layanan/akta-kelahiran/"' in page
        assert f'<link rel="canonical" href="http://localhost:8000{path}">' in page
    switch = '<a href="/en/layanan/?q=ktp" lang="en" hreflang="en">English</a>'
    assert switch in client.get("/layanan/?q=ktp").content.decode()


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize(
    "path", ["/en/", "/en/layanan/", "/en/layanan/akta-kelahiran/", "/en/dinas/dlh/", "/en/akun/masuk/"]
)
def test_an_english_page_leads_to_english_pages(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    links = set(re.findall(r'(?:href|action)="(/[^"]*)"', page))
    there = {link for link in links if not link.startswith(("/en/", "/static/", "/kelola/"))}
    assert there == {path_in("id", path)}  # the switch


def test_doors_of_machines_exist_once(client: Client, db: None) -> None:
    for path in (
        "/en/healthz",
        "/en/api/v1/services",
        "/en/webhooks/demo/",
        "/en/kelola/",
        "/en/robots.txt",
        "/en/sitemap.xml",
    ):
        assert client.get(path, follow=True).status_code == 404, path


def test_sign_in_keeps_to_the_language_it_was_asked_for_in(client: Client, alice: User) -> None:
    from allauth.account.models import EmailAddress

    EmailAddress.objects.get_or_create(user=alice, email=alice.email, defaults={"verified": True, "primary": True})
    answer = client.get("/en/akun/")
    assert answer["Location"] == "/en/akun/masuk/?next=/en/akun/"
    answer = client.post("/en/akun/masuk/", {"login": alice.email, "password": "mojokerto-demo"})
    assert answer["Location"] == "/en/akun/"
    alice.refresh_from_db()
    assert alice.language == "en"
    assert client.post("/en/akun/keluar/")["Location"] == "/en/"


def test_the_account_says_in_which_language_mails_come(client: Client, alice: User) -> None:
    client.force_login(alice)
    for prefix, language in (("/en", "en"), ("", "id")):
        assert client.post(f"{prefix}/akun/bahasa/")["Location"] == f"{prefix}/akun/"
        alice.refresh_from_db()
        assert alice.language == language
    client.get("/en/akun/")
    alice.refresh_from_db()
    assert alice.language == "id", "looking around changes nothing"


def test_a_line_of_the_portal_is_kept_as_template_and_facts() -> None:
    sentence = say("Kata status tidak dikenal: %(word)s", word="100% selesai")
    line = CaseEvent(text=sentence.template, facts=sentence.facts)
    assert line.words == "Kata status tidak dikenal: 100% selesai"
    own_words = CaseEvent(text="Diskon 50% (s) %(name)s", facts=None)
    assert own_words.words == "Diskon 50% (s) %(name)s"


def test_a_mail_is_written_in_its_recipients_language(alice: User) -> None:
    context = {
        "reference": "MJK-1",
        "title": "Akta kelahiran",
        "title_en": "Birth certificate",
        "department": "DLH",
        "text": "",
    }
    for language, title, path in (("id", "Akta kelahiran", ""), ("en", "Birth certificate", "/en")):
        User.objects.filter(pk=alice.pk).update(language=language)
        notify(alice.pk, template="case_received", key=language, context=context)
        with translation.override("id"):
            send_message(Message.objects.get(key=language).pk)
        assert title in str(mail.outbox[-1].body)
        assert f"http://localhost:8000{path}/permohonan/MJK-1/" in str(mail.outbox[-1].body)
