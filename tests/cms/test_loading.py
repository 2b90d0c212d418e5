"""The demo city loads completely, and the catalogue equals its pages."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import Revision

from accounts.models import User
from cms import publishing, scope
from cms.models import ContentPage, DepartmentPage, JourneyPage, ServicePage
from services.catalogue import queries
from services.catalogue.models import (
    Category,
    Channel,
    Department,
    LifeEvent,
    Need,
    Region,
    SearchEntry,
    Service,
    ServiceText,
)

pytestmark = pytest.mark.usefixtures("demo_city")


def test_everything_of_the_city_is_there() -> None:
    assert Service.objects.filter(is_public=True).count() == 94
    assert ServiceText.objects.filter(language="id").count() == SearchEntry.objects.count() == 94
    assert ServiceText.objects.filter(language="en").count() == 94
    assert Service.objects.filter(channel=Channel.FORM, form__versions__isnull=False).count() == 24
    assert (Category.objects.count(), LifeEvent.objects.count(), Need.objects.count()) == (18, 20, 8)
    assert Department.objects.filter(kind="kelurahan").count() == Region.objects.filter(kind="KELURAHAN").count() == 18
    assert Department.objects.filter(kind="kecamatan").count() == 3
    assert User.objects.filter(email="alice@example.org", assurance_level=2).exists()


def test_every_page_is_live_with_a_revision() -> None:
    models = (ServicePage, DepartmentPage, ContentPage, JourneyPage)
    for model in models:
        assert not model.objects.filter(live=False).exists()
        assert not model.objects.filter(latest_revision__isnull=True).exists()
    assert Revision.objects.count() == sum(model.objects.count() for model in models)


def test_the_catalogue_equals_a_rebuild() -> None:
    assert publishing.drift() == []


def test_a_change_behind_the_projection_is_reported() -> None:
    Service.objects.filter(code="uji-kir").update(fee_amount=1)
    assert publishing.drift() == ["uji-kir"]


def test_loading_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = queries.snapshot()
    call_command("demo")
    assert "sudah ada" in capsys.readouterr().out
    assert queries.snapshot() == before


def test_the_demo_city_is_only_for_demos(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo", reset=True)
    assert Service.objects.exists()


def test_bob_may_edit_his_department_only() -> None:
    bob = User.objects.get(email="bob@example.org")
    assert {p.slug for p in scope.own_pages(bob).filter(depth=3)} == {"dispendukcapil"}
    assert sorted(bob.memberships.values_list("role", flat=True)) == ["CLERK", "EDITOR"]
    assert bob.check_password("mojokerto-demo")
