"""An operator registers, changes, approves and closes apps; a secret is shown once and stored as a digest."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from allauth.idp.oidc.models import Client as App
from django.test import Client
from django.utils import timezone

from accounts.models import ClientProfile, User
from accounts.sso import clients, grants
from services.catalogue.models import Department
from tests.portal.staff.conftest import Desk
from tests.tokens import access_token_for

ROOM = "/petugas/aplikasi/"
WEB = {
    "client_id": "antrean-rsud",
    "name": "Antrean RSUD",
    "department": "dlh",
    "kind": "web",
    "purpose": "Menampilkan antrean Anda",
    "purpose_en": "",
    "scopes": ["openid", "profile"],
    "redirect_uris": "https://antrean.example.org/cb\r\n\r\nhttps://antrean.example.org/cb2",
    "post_logout_redirect_uris": "https://antrean.example.org/",
    "backchannel_logout_uri": "https://antrean.example.org/keluar",
    "min_level": "1",
    "service": "",
    "address": "",
    "link_uri": "",
    "jwks": "",
}
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


@pytest.fixture
def room(desk: Desk, oper: User, dlh: Department) -> Client:
    return desk(oper)


def wrong(room: Client, **change: Any) -> str:
    """The page after a form that is not taken: nothing is registered and what was typed is there."""
    page = room.post(f"{ROOM}baru/", WEB | change)
    text = page.content.decode()
    assert page.status_code == 200 and not App.objects.exists() and "antrean.example.org" in text
    return text


def test_an_app_is_registered_and_its_secret_shown_once(room: Client) -> None:
    page = room.post(f"{ROOM}baru/", WEB).content.decode()
    secret = re.search(r'id="rahasia">([^<]+)<', page)
    assert secret and "http://localhost:8000" in page
    made = App.objects.get()
    assert made.secret == clients.stored_secret(secret[1]) and made.profile.is_approved and made.profile.department == "dlh"
    assert made.get_redirect_uris() == ["https://antrean.example.org/cb", "https://antrean.example.org/cb2"]
    shown = room.get(f"{ROOM}antrean-rsud/").content.decode()
    assert "Antrean RSUD" in shown and secret[1] not in shown and "Antrean RSUD" in room.get(ROOM).content.decode()


def test_changing_keeps_secret_and_state(room: Client) -> None:
    room.post(f"{ROOM}baru/", WEB)
    before = App.objects.get().secret
    room.post(f"{ROOM}antrean-rsud/tindakan/", {"tindakan": "cabut"})
    page = room.get(f"{ROOM}antrean-rsud/ubah/").content.decode()
    assert 'value="Antrean RSUD"' in page and "antrean.example.org/cb2" in page and 'name="client_id"' not in page
    answer = room.post(f"{ROOM}antrean-rsud/ubah/", WEB | {"name": "Antrean Baru", "min_level": "2"})
    assert answer["Location"] == f"{ROOM}antrean-rsud/"
    made = App.objects.get()
    assert (made.name, made.secret, made.profile.min_level, made.profile.is_approved) == ("Antrean Baru", before, 2, False)


def test_taking_the_approval_back_ends_everything_at_once(room: Client, warga: User) -> None:
    room.post(f"{ROOM}baru/", WEB)
    token = access_token_for(warga, app="antrean-rsud", scopes=("openid",))
    bot = App.objects.get()
    grants.add_client_token(bot, access="b" * 43, scopes=["events:read"])
    assert grants.access_token(token) and grants.access_token("b" * 43)
    room.post(f"{ROOM}antrean-rsud/tindakan/", {"tindakan": "cabut"})
    room.post(f"{ROOM}antrean-rsud/tindakan/", {"tindakan": "setujui"})
    assert clients.client_of("antrean-rsud") and not grants.access_token(token) and not grants.access_token("b" * 43)


def test_a_new_secret_replaces_the_old_one(room: Client) -> None:
    room.post(f"{ROOM}baru/", WEB)
    before = App.objects.get().secret
    page = room.post(f"{ROOM}antrean-rsud/tindakan/", {"tindakan": "rahasia"})
    secret = re.search(r'id="rahasia">([^<]+)<', page.content.decode())
    assert secret and App.objects.get().secret == clients.stored_secret(secret[1]) != before
    assert "no-store" in page["Cache-Control"]


def test_an_app_with_keys_and_one_on_a_phone_have_no_secret(room: Client) -> None:
    room.post(f"{ROOM}baru/", WEB | {"jwks": json.dumps({"keys": [KEY]})})
    room.post(f"{ROOM}baru/", WEB | {"client_id": "hp", "kind": "hp", "redirect_uris": "id.example.hp:/cb"})
    assert [app.secret for app in App.objects.order_by("pk")] == ["", ""]
    for name in ("antrean-rsud", "hp"):
        answer = room.post(f"{ROOM}{name}/tindakan/", {"tindakan": "rahasia"}, follow=True)
        assert "Pilih satu tindakan" in answer.content.decode() and not App.objects.exclude(secret="").exists()


def test_a_program_works_for_its_department(room: Client) -> None:
    machine = {"kind": "program", "scopes": ["connections:read"], "redirect_uris": ""}
    assert "Pilih dinasnya" in wrong(room, **machine, department="")
    room.post(f"{ROOM}baru/", WEB | machine)
    made = App.objects.get()
    assert made.get_grant_types() == ["client_credentials"] and made.profile.department == "dlh"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": ""}, "Isian ini wajib"),
        ({"client_id": "Antrean RSUD"}, "Hanya huruf kecil"),
        ({"name": ""}, "Isian ini wajib"),
        ({"purpose": " "}, "Isian ini wajib"),
        ({"department": "tidak-ada"}, "Dinas itu tidak ada"),
        ({"scopes": []}, "Pilih paling sedikit satu"),
        ({"scopes": ["profile"]}, "tanpa itu orang tidak bisa masuk"),
        ({"scopes": ["openid", "admin"]}, "Pilih dari daftar"),
        ({"scopes": ["openid", "events:read"]}, "hanya untuk program tanpa orang"),
        ({"kind": "program"}, "tidak mengetahui data orang"),
        ({"kind": "lain"}, "Pilih dari daftar"),
        ({"redirect_uris": ""}, "paling sedikit satu alamat kembali"),
        ({"redirect_uris": "http://antrean.example.org/cb"}, "bukan alamat yang aman"),
        ({"redirect_uris": "https://*.example.org/cb"}, "bukan alamat yang aman"),
        ({"redirect_uris": "javascript:alert(1)"}, "bukan alamat yang aman"),
        ({"backchannel_logout_uri": "http://10.0.0.1/"}, "bukan alamat yang aman"),
        ({"link_uri": "//evil.example"}, "bukan alamat yang aman"),
        ({"min_level": "9"}, "Pilih dari daftar"),
        ({"service": "tidak-ada"}, "Tidak ada layanan"),
        ({"jwks": "{"}, "Bukan JWKS"),
        ({"jwks": '{"keys": []}'}, "Bukan JWKS"),
        ({"jwks": '{"keys": [{"kty": "oct", "k": "x"}]}'}, "Bukan JWKS"),
        ({"jwks": json.dumps({"keys": [KEY | {"d": "x"}]})}, "Ini kunci rahasia"),
        ({"jwks": "[" * 100_000}, "Bukan JWKS"),
        ({"jwks": '{"keys": [{"kty": "RSA"}]}'}, "Bukan JWKS"),
        ({"jwks": '{"keys": [{"kty": "EC", "crv": {}, "x": 5}]}'}, "Bukan JWKS"),
        ({"name": "Antrean \u202eDRUS"}, "tanda yang tidak terlihat"),
        ({"jwks": json.dumps({"keys": [KEY]}), "kind": "hp"}, "tidak bisa menyimpan kunci"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(room: Client, change: dict[str, Any], said: str) -> None:
    assert said in wrong(room, **change)


def test_a_code_is_given_once(room: Client) -> None:
    room.post(f"{ROOM}baru/", WEB)
    assert "Kode itu sudah dipakai" in room.post(f"{ROOM}baru/", WEB).content.decode() and App.objects.count() == 1


def test_the_list_is_searched(room: Client) -> None:
    room.post(f"{ROOM}baru/", WEB)
    for words in ("RSUD", "antrean-", "dlh"):
        assert "Antrean RSUD" in room.get(ROOM, {"cari": words}).content.decode(), words
    assert "Tidak ada aplikasi yang cocok" in room.get(ROOM, {"cari": "lain\0"}).content.decode()


@pytest.mark.parametrize("path", ["tidak-ada/", "tidak-ada/ubah/"])
def test_an_app_that_is_not_there_is_a_404(room: Client, path: str) -> None:
    assert room.get(f"{ROOM}{path}").status_code == 404
    assert room.post(f"{ROOM}tidak-ada/tindakan/", {"tindakan": "cabut"}).status_code == 404


def test_only_operators_come_in(desk: Desk, kepala: User, warga: User) -> None:
    for who in (kepala, warga):
        for path in ("", "baru/"):
            assert desk(who).get(ROOM + path).status_code == 403
        assert desk(who).post(f"{ROOM}baru/", WEB).status_code == 403 and not App.objects.exists()


def test_a_browser_left_open_registers_nothing(room: Client) -> None:
    session = room.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": timezone.now().timestamp() - 4000}]
    session.save()
    answer = room.post(f"{ROOM}baru/", WEB)
    assert answer.status_code == 302 and "/masuk/ulang/" in answer["Location"] and not ClientProfile.objects.exists()


def test_the_menu_names_each_room_once(room: Client) -> None:
    menu = room.get(ROOM).content.decode().split('aria-label="Menu petugas"')[1].split("</nav>")[0]
    words = re.findall(r">([^<>]+)</a>", menu)
    assert "Aplikasi" in words and len(words) == len(set(words))
