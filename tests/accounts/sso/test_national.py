"""Sign-in upstream: the pretend national provider in a thread of its own, real HTTP between it and the portal."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from accounts.factors import totp
from accounts.models import AccessEntry, User
from portal.settings.upstream import upstream
from tests.accounts.factors.conftest import SEED
from tests.backends import national_id

ADI_NIK = "3576011203880002"


@pytest.fixture
def provider(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[national_id.Provider]:
    from accounts.sso import national
    from portal.lib.signing_keys import elliptic_key_kept_here

    server = national_id.listen(0, "http://localhost:8000")
    found: national_id.Provider = server.RequestHandlerClass.provider  # type: ignore[attr-defined]
    settings.NATIONAL_ID_ISSUER, settings.NATIONAL_ID_CLIENT_ID = found.issuer, "layanan-kota"
    settings.NATIONAL_ID_KEY = elliptic_key_kept_here(tmp_path / "key.json")
    settings.NATIONAL_ID_ACR = [national_id.ACR]
    settings.SOCIALACCOUNT_PROVIDERS = upstream(found.issuer, "Uji", "layanan-kota", "", acr=[national_id.ACR])

    class Keys:
        """The portal's key address, which is not served in a test without a web server."""

        def __enter__(self) -> Keys:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing."""

        def read(self, *_: int) -> bytes:
            import json

            return json.dumps(national.public_keys()).encode()

    monkeypatch.setattr(national_id.urllib.request, "urlopen", lambda *_a, **_k: Keys())
    cache.clear()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


def there(provider: national_id.Provider, location: str, link: str) -> str:
    """What the person does at the provider: choose a name. Returns where they are sent back to."""
    import http.client

    def get(path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(urlsplit(provider.issuer).netloc, timeout=5)
        connection.request("GET", path)
        return connection.getresponse()

    page = get(location.removeprefix(provider.issuer)).read().decode()
    found = re.search(rf"id='{link}' href='([^']+)'", page)
    assert found, page[:500]
    return str(get(found[1].replace("&amp;", "&")).headers["Location"]).removeprefix("http://localhost:8000")


@pytest.fixture
def adi(db: None) -> User:
    return User.objects.create_user("adi@example.org", "mojokerto-demo", name="Adi Contoh")


def verify(client: Client, provider: national_id.Provider, link: str, back: str = "/akun/") -> Any:
    page = client.get(f"/akun/nasional/?{urlencode({'next': back})}").content.decode()
    onward = re.search(r'class="k-btn" href="([^"]+)"', page)
    assert onward, page
    start = client.get(onward[1].replace("&amp;", "&"))
    assert start.status_code == 302 and start["Location"].startswith(f"{provider.issuer}/masuk?"), start.content[:300]
    return client.get(there(provider, start["Location"], link))


def test_a_person_has_the_nik_verified_and_comes_back_to_where_they_were(
    provider: national_id.Provider, client: Client, adi: User
) -> None:
    client.force_login(adi)
    session = client.session.session_key
    answer = verify(client, provider, "n-adi", "/isian/abc/periksa/")
    assert (answer.status_code, answer["Location"]) == (302, "/isian/abc/periksa/")
    adi.refresh_from_db()
    assert (adi.nik, adi.assurance_level) == (ADI_NIK, 2) and client.session["_auth_user_id"] == str(adi.pk), (
        "still signed in"
    )
    assert client.session.session_key != session, "a proof is a new key"
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.extra_data) == (adi, "n-adi", {}), "nothing else is kept"
    assert AccessEntry.objects.get().action == "nik.verified"


def test_whoever_was_verified_signs_in_by_it_and_a_stranger_does_not(
    provider: national_id.Provider, client: Client, adi: User
) -> None:
    client.force_login(adi)
    verify(client, provider, "n-adi")
    stranger = Client()
    page = verify(stranger, provider, "n-lain")
    assert page.status_code == 400 and "belum terhubung" in page.content.decode()
    assert "_auth_user_id" not in stranger.session and User.objects.count() == 1
    answer = verify(stranger, provider, "n-adi")
    assert answer.status_code == 302
    assert stranger.session.get("_auth_user_id") == str(adi.pk) or "konfirmasi" in answer["Location"]


def test_the_national_sign_in_does_not_replace_the_second_factor(
    provider: national_id.Provider, client: Client, adi: User
) -> None:
    EmailAddress.objects.create(user=adi, email=adi.email, verified=True, primary=True)
    client.force_login(adi)
    verify(client, provider, "n-adi")
    Authenticator.objects.create(user=adi, type=Authenticator.Type.TOTP, data={"secret": encrypt(SEED)})
    elsewhere = Client()
    assert verify(elsewhere, provider, "n-adi")["Location"].startswith("/akun/masuk/kode/")
    assert "_auth_user_id" not in elsewhere.session
    elsewhere.post("/akun/masuk/kode/", {"code": totp.code_at(SEED, totp.counter_now())})
    assert elsewhere.session["_auth_user_id"] == str(adi.pk)


@pytest.mark.parametrize(
    ("trick", "sentence"),
    [
        ("nonce", "bisa dipercaya"),
        ("level", "belum cukup kuat"),
        ("age", "belum cukup kuat"),
        ("key", "bisa dipercaya"),
        ("issuer", "bisa dipercaya"),
        ("subject", "bisa dipercaya"),
        ("nik", "bisa dipercaya"),
        ("audience", "bisa dipercaya"),
        ("expired", "bisa dipercaya"),
        ("unsigned", "bisa dipercaya"),
        ("shared", "bisa dipercaya"),
    ],
)
def test_an_answer_that_is_not_quite_right_changes_nothing(
    provider: national_id.Provider, client: Client, adi: User, trick: str, sentence: str
) -> None:
    client.force_login(adi)
    page = verify(client, provider, f"n-adi-{trick}")
    assert page.status_code == 400 and sentence in page.content.decode()
    adi.refresh_from_db()
    assert adi.assurance_level == 1 and not adi.nik and not SocialAccount.objects.exists()


def test_a_description_of_another_issuer_is_not_followed(
    provider: national_id.Provider, client: Client, adi: User, settings: Any
) -> None:
    settings.NATIONAL_ID_ISSUER = f"{provider.issuer}/lain"  # its document, at the same address, names itself otherwise
    client.force_login(adi)
    answer = client.get("/akun/nasional/?lanjut=1")
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_cancelling_changes_nothing(provider: national_id.Provider, client: Client, adi: User) -> None:
    client.force_login(adi)
    page = verify(client, provider, "batal")
    assert page.status_code == 200 and "Anda membatalkannya" in page.content.decode()


def test_a_nik_belongs_to_one_account(provider: national_id.Provider, client: Client, adi: User) -> None:
    client.force_login(adi)
    verify(client, provider, "n-adi")
    other = User.objects.create_user("lain@example.org", "x", name="Lain")
    client.force_login(other)
    page = verify(client, provider, "n-adi")
    assert page.status_code == 409 and "akun lain" in page.content.decode()
    client.force_login(adi)
    page = verify(client, provider, "n-lain")
    assert page.status_code == 409 and "berbeda dengan NIK akun ini" in page.content.decode()
    other.refresh_from_db()
    assert other.assurance_level == 1


def test_somebody_else_s_proof_never_lifts_my_session(provider: national_id.Provider, client: Client, adi: User) -> None:
    client.force_login(adi)
    back = there(provider, client.get("/akun/nasional/?lanjut=1")["Location"], "n-adi")
    mine = Client()
    mine.force_login(User.objects.create_user("lain@example.org", "x", name="Lain"))
    assert mine.get(back).status_code == 400, "a state of another session"
    assert User.objects.get(email="lain@example.org").assurance_level == 1
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 400, "worth one use"


@pytest.mark.parametrize("named", ["https://evil.example", "", None])
def test_an_answer_that_names_another_issuer_is_refused(
    provider: national_id.Provider, client: Client, adi: User, named: str | None
) -> None:
    client.force_login(adi)
    start = client.get("/akun/nasional/?lanjut=1&next=/akun/")
    back, _mark, query = there(provider, start["Location"], "n-adi").partition("?")
    answered = {name: values[0] for name, values in parse_qs(query).items()}
    answered["iss"] = provider.issuer if named is None else named
    answer = client.get(f"{back}?{urlencode(answered)}")
    adi.refresh_from_db()
    assert (answer.status_code, adi.assurance_level) == ((302, 2) if named is None else (400, 1))


def test_a_visitor_cannot_steer_the_request(provider: national_id.Provider, client: Client, adi: User) -> None:
    client.force_login(adi)
    start = client.get("/akun/nasional/?lanjut=1&auth_params=acr_values%3Dlow&scope=all&next=https://evil.example/")
    location = start["Location"]
    asked = parse_qs(urlsplit(location).query)
    assert asked["acr_values"] == [national_id.ACR] and asked["prompt"] == ["login"] and len(asked["nonce"][0]) >= 32
    assert set(asked["scope"][0].split()) == {"openid", "profile", "nik"}
    assert client.get(there(provider, location, "n-adi"))["Location"] == "/akun/"


def test_a_provider_that_is_away_is_said_so(
    provider: national_id.Provider, client: Client, adi: User, settings: Any
) -> None:
    settings.NATIONAL_ID_ISSUER = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = upstream("http://127.0.0.1:9", "Uji", "layanan-kota", "")
    client.force_login(adi)
    page = client.get("/akun/nasional/?lanjut=1")
    assert page.status_code == 400 and "Coba lagi beberapa menit lagi" in page.content.decode()


def test_a_city_without_one_has_no_such_door(client: Client, settings: Any, db: None) -> None:
    settings.NATIONAL_ID_ISSUER = ""
    assert client.get("/akun/nasional/").status_code == 404
    assert client.get("/oidc/nasional/kembali").status_code == 404
