"""A service that asks to know more surely who sends: only at the end, and with every answer kept."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY
from django.test import Client

from accounts.models import User
from services.cases.models import Case, Draft
from services.catalogue.models import Service
from tests.portal.api_calls import TREE, problem_of, send
from tests.tokens import access_token_for

pytestmark = pytest.mark.usefixtures("demo_city")
ANSWERS = {f"f.{name}": value for name, value in TREE["answers"].items() if name != "setuju_data"}


@pytest.fixture
def careful(db: None) -> Service:
    Service.objects.filter(code="perantingan-pohon").update(min_level=2)
    return Service.objects.get(code="perantingan-pohon")


def filled(client: Client) -> str:
    """The address of a draft whose every part is filled in."""
    root = str(client.get("/layanan/perantingan-pohon/ajukan/")["Location"])
    for part in ("pemohon", "rincian", "dokumen"):
        answer = client.post(f"{root}{part}/", {**ANSWERS, "aksi": "lanjut"})
        assert answer.status_code == 303, part
    return root


def press_send(client: Client, root: str) -> Any:
    page = client.get(f"{root}periksa/").content.decode()
    digest = page.split('name="sidik" value="')[1].split('"')[0]
    return client.post(f"{root}kirim/", {"sidik": digest, "setuju": "1"})


def test_a_person_whose_nik_was_never_verified_is_told_and_keeps_every_answer(
    careful: Service, client: Client, adi: User
) -> None:
    client.force_login(adi)
    root = filled(client)
    page = press_send(client, root)
    html = page.content.decode()
    assert page.status_code == 200 and "NIK-nya sudah diverifikasi" in html and "Isian Anda tersimpan" in html
    assert not Case.objects.exists() and Draft.objects.get().answers["alamat"] == TREE["answers"]["alamat"]
    User.objects.filter(pk=adi.pk).update(assurance_level=2)
    assert press_send(client, root).status_code == 303 and Case.objects.count() == 1


def test_a_verified_person_sends_as_ever(careful: Service, client: Client, alice: User) -> None:
    client.force_login(alice)
    assert press_send(client, filled(client)).status_code == 303
    assert Case.objects.get().resident == alice


def test_level_three_asks_for_the_second_factor_and_comes_back_to_the_check_page(
    careful: Service, client: Client, alice: User
) -> None:
    from allauth.mfa.models import Authenticator

    Service.objects.update(min_level=3)
    client.force_login(alice)
    root = filled(client)
    assert "langkah kedua" in press_send(client, root).content.decode(), "she has none"
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = press_send(client, root)
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [f"{root}periksa/"] and not Case.objects.exists()
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(alice.pk)
    session.save()
    assert press_send(client, root).status_code == 303 and Case.objects.count() == 1


def test_where_there_is_a_national_provider_the_way_leads_there_and_back_to_the_check_page(
    careful: Service, client: Client, adi: User, settings: Any
) -> None:
    settings.NATIONAL_ID_ISSUER = "https://nasional.example"
    client.force_login(adi)
    root = filled(client)
    answer = press_send(client, root)
    assert answer["Location"].startswith("/akun/nasional/?")
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [f"{root}periksa/"] and Draft.objects.count() == 1


def test_a_token_of_too_low_a_level_is_told_what_to_ask_for(careful: Service, adi: User, alice: User) -> None:
    api = Client(raise_request_exception=False)
    answer = send(api, access_token_for(adi), TREE)
    problem_of(answer, 401, "insufficient_user_authentication")
    assert 'error="insufficient_user_authentication"' in answer["WWW-Authenticate"]
    assert 'acr_values="urn:layanan-kota:level:2"' in answer["WWW-Authenticate"] and not Case.objects.exists()
    assert send(api, access_token_for(alice), TREE).status_code == 201


def test_what_a_token_proves_was_frozen_when_it_was_made(careful: Service, adi: User) -> None:
    api = Client(raise_request_exception=False)
    token = access_token_for(adi)
    User.objects.filter(pk=adi.pk).update(assurance_level=2)
    problem_of(send(api, token, TREE), 401, "insufficient_user_authentication")
    assert send(api, access_token_for(User.objects.get(pk=adi.pk)), TREE).status_code == 201


def test_the_page_of_a_service_publishes_its_level(demo_city: None) -> None:
    from cms.models import ServicePage

    page = ServicePage.objects.get(code="perantingan-pohon", locale__language_code="id")
    page.min_level = 2
    page.save_revision().publish()
    assert Service.objects.get(code="perantingan-pohon").min_level == 2
