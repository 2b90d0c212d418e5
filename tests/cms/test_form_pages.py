"""Bob changes the form of his service in the back office; what he publishes is frozen, and nothing broken gets through."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.test.utils.form_data import nested_form_data, streamfield

from accounts.models import User
from cms.form_builder import starting
from cms.form_builder.documents import document_of, raw_stream, stream_from
from cms.models import FormPage, ServicePage
from services.catalogue.models import Service
from services.forms.documents import tidy
from services.forms.models import FormVersion
from services.forms.queries import newest_of

pytestmark = pytest.mark.usefixtures("demo_city")
CODE = "akta-kelahiran"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.get(email="admin@example.org"))
    return client


def service_page(code: str = CODE) -> ServicePage:
    return ServicePage.objects.get(locale__language_code="id", code=code)


def new_page(code: str = CODE) -> FormPage:
    """The page that the editor gets for a service, saved as a draft."""
    page = FormPage(live=False)
    parent = service_page(code)
    starting.begin(page, parent, with_body=True)
    parent.add_child(instance=page)
    page.save_revision()
    return FormPage.objects.get(pk=page.pk)


def sent(raw: Any) -> Any:
    """A raw stream as the browser sends it."""
    if isinstance(raw, list):
        blocks = [(block["type"], {"value": sent(block["value"]), "id": block.get("id", "")}) for block in raw]
        made = streamfield([(kind, both["value"]) for kind, both in blocks])
        for number, (_kind, both) in enumerate(blocks):
            made[str(number)]["id"] = both["id"]
        return made
    if isinstance(raw, dict):
        return {name: sent(value) for name, value in raw.items() if value is not False}
    return "" if raw is None else "on" if raw is True else raw


def form_of(page: FormPage, raw: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    values = {"title": page.title, "title_en": page.title_en, "body": sent(raw), "note": "", "accept_until": "", **more}
    values |= {"comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0, "go_live_at": "", "expire_at": ""}
    return nested_form_data(values)


def raw_of(page: FormPage) -> list[dict[str, Any]]:
    return page.body.get_prep_value()


def errors_of(response: Any) -> Any:
    return response.context["form"].errors.as_data() if response.context else response


def test_a_new_form_page_holds_the_form_that_residents_use_now(desk: Client) -> None:
    published = newest_of(CODE)
    assert published is not None
    response = desk.get(f"/kelola/pages/add/cms/formpage/{service_page().pk}/")
    assert response.status_code == 200
    page = response.context["form"].instance
    assert page.document() == tidy(published.document)
    raw = raw_of(page)
    saved = desk.post(f"/kelola/pages/add/cms/formpage/{service_page().pk}/", form_of(page, raw, **{"action-publish": "1"}))
    assert saved.status_code == 302, errors_of(saved)
    assert newest_of(CODE) == published, "nothing changed, so there is no new version"
    assert FormPage.objects.get().live
