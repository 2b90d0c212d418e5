"""The back office and people: one sign-in and one sign-out for everybody, one name for each, residents stay outside."""

import pytest
from django.test import Client

from accounts.models import User
from cms.scope import group_name

pytestmark = pytest.mark.usefixtures("demo_city")


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.get(email="admin@example.org"))
    return client


@pytest.fixture
def desk(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def test_a_resident_is_told_that_the_back_office_is_not_for_them(client: Client, alice: User) -> None:
    client.force_login(alice)
    for address in ("/kelola/", "/kelola/pages/", "/kelola/users/", "/kelola/account/"):
        response = client.get(address)
        assert response.status_code == 403, address
        assert "Alice Contoh" in response.content.decode()


def test_signing_out_of_the_back_office_is_our_sign_out(bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.get("/kelola/logout/")["Location"] == "/akun/keluar/"
    assert "sessionid" in client.cookies
    client.get("/akun/keluar/")
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    response = client.post("/kelola/logout/", token)
    assert (response.status_code, response["Location"]) == (307, "/akun/keluar/")
    assert client.post(response["Location"], token)["Location"] == "/"
    assert client.get("/kelola/")["Location"].startswith("/akun/masuk/")


def test_signing_out_needs_the_token(bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.post("/kelola/logout/").status_code == 403
    assert client.get("/kelola/").status_code == 200


def test_the_operator_finds_people_by_name(operator: Client) -> None:
    assert "bob@example.org" in operator.get("/kelola/users/").content.decode()
    found = operator.get("/kelola/users/results/?q=dewi+con").content.decode()
    assert "dewi@example.org" in found and "bob@example.org" not in found


def test_a_superuser_makes_an_account_with_one_name_and_no_roles(operator: Client) -> None:
    from django.contrib.auth.models import Group

    values = {
        "email": "Siti@Example.org",
        "name": "Siti",
        "password1": "kata-sandi-panjang-1",
        "password2": "kata-sandi-panjang-1",
        "groups": [Group.objects.get(name=group_name("dlh")).pk],
    }
    assert operator.get("/kelola/users/new/").status_code == 200
    assert operator.post("/kelola/users/new/", values).status_code == 302
    made = User.objects.get(email="siti@example.org")
    assert made.name == "Siti" and not made.has_usable_password() and not made.is_superuser
    assert not made.groups.exists(), "roles are given at /petugas/, where it is written down"
    again = operator.post("/kelola/users/new/", values)
    assert again.status_code == 200 and "email" in again.context["form"].errors

    assert 'value="Siti"' in operator.get(f"/kelola/users/edit/{made.pk}/").content.decode()
    changed = {"email": made.email, "name": "Siti Aminah"}
    assert operator.post(f"/kelola/users/edit/{made.pk}/", changed).status_code == 302
    made.refresh_from_db()
    assert made.name == "Siti Aminah" and not made.has_usable_password()
    assert made.is_active, "an account is closed at /petugas/, with a reason"


def test_nobody_deletes_people_or_changes_many_at_once(operator: Client, bob: User) -> None:
    for address in (f"/kelola/users/delete/{bob.pk}/", f"/kelola/bulk/accounts/user/set_active_state/?id={bob.pk}"):
        assert operator.get(address).status_code == 404
        assert operator.post(address, {"mark_as_active": ""}).status_code == 404
    bob.refresh_from_db()
    assert bob.is_active


def test_nobody_in_the_back_office_has_no_name(operator: Client, bob: User) -> None:
    response = operator.post(f"/kelola/users/edit/{bob.pk}/", {"email": bob.email, "name": "", "is_active": "on"})
    assert response.status_code == 200 and "name" in response.context["form"].errors


def test_bob_changes_his_name_and_does_not_manage_people(desk: Client, bob: User) -> None:
    page = desk.get("/kelola/account/").content.decode()
    assert 'name="name_email-name"' in page and "first_name" not in page
    values = {"name_email-name": "Bob", "theme-theme": "system", "theme-contrast": "system", "theme-density": "default"}
    values |= {"locale-preferred_language": "", "locale-current_time_zone": "", "theme-keyboard_shortcuts": "on"}
    response = desk.post("/kelola/account/", values)
    assert response.status_code == 302, response.context["panels_by_tab"]
    bob.refresh_from_db()
    assert bob.name == "Bob"
    assert desk.get("/kelola/users/").status_code == 404
