"""No spelling of an address inside reaches a socket: refused when it is saved, and again whenever something is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.lib.http import resolver as names
from services.cases.models import Case
from services.subscriptions import delivery
from services.subscriptions.constants import EventType
from services.subscriptions.models import Subscription
from services.subscriptions.targets import TargetRefusedError, check_target
from tests.backends import chaos as c
from tests.portal.lib.http.test_guard import LOOPBACK, SYNTAX
from tests.services.subscriptions.conftest import Subscribe, move, read_all
from tests.services.subscriptions.test_api import NEW, ask, program


@pytest.fixture
def closed(settings: Any) -> None:
    """As in production, but for plain http: the trap has no certificate."""
    settings.ADAPTER_ALLOWED_NETWORKS = []


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Any:
    table: dict[str, tuple[str, ...]] = {}
    names.forget()
    monkeypatch.setattr(names, "_ask", lambda host: table[host])
    yield table
    names.forget()


@pytest.mark.parametrize("host", LOOPBACK)
def test_a_forbidden_address_is_refused_when_saved_and_when_sent_to_and_the_trap_hears_nothing(
    closed: None, subscribe: Subscribe, case: Case, host: str
) -> None:
    with c.chaos(c.answer(200)) as trap:
        url = f"http://{host}:{trap.port}/"
        with pytest.raises(TargetRefusedError, match=r"Alamat itu tidak terbuka|Bukan alamat"):
            subscribe(url)
        one = subscribe("http://93.184.216.34/")
        Subscription.objects.filter(pk=one.pk).update(url=url)  # as if it had been saved before the rule was there
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        assert delivery.deliver(row.pk) in {"forbidden_address", "config"}
    assert trap.connections == 0


@pytest.mark.parametrize("url", SYNTAX)
def test_an_address_with_tricks_in_it_is_refused(closed: None, url: str) -> None:
    with pytest.raises(TargetRefusedError):
        check_target(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "169.254.169.254"])
def test_the_api_and_the_page_say_so_in_a_plain_sentence(closed: None, ivan: User, host: str) -> None:
    url = f"http://{host}/"
    answer = ask(program("dinas-uji"), "post", body={**NEW, "url": url})
    assert answer.status_code == 422 and answer.json()["code"] == "target_refused"
    assert answer.json()["detail"].startswith(("This address cannot be reached from the internet", "Not an address"))
    browser = Client()
    browser.force_login(ivan)
    form = {"dinas": "dinas-uji", "label": "x", "url": url, "event_types": [EventType.COMPLETED]}
    page = browser.post("/integrasi/langganan/baru/", form).content.decode()
    assert "Alamat itu tidak terbuka" in page or "Bukan alamat yang bisa dipakai" in page
    assert not Subscription.objects.exists()


def test_a_name_that_leads_inside_is_refused_when_it_is_saved(closed: None, resolver: Any, subscribe: Subscribe) -> None:
    resolver["dalam.example"] = ("10.0.0.1",)
    with pytest.raises(TargetRefusedError, match="Alamat itu tidak terbuka"):
        subscribe("http://dalam.example/")


def test_a_name_that_leads_inside_later_is_refused_when_something_is_sent(
    closed: None, resolver: Any, subscribe: Subscribe, case: Case
) -> None:
    resolver["pindah.example"] = ("93.184.216.34",)
    with c.chaos(c.answer(200)) as trap:
        one = subscribe(f"http://pindah.example:{trap.port}/")
        resolver["pindah.example"] = ("127.0.0.1",)
        names.forget()
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        assert delivery.deliver(row.pk) == "forbidden_address"
    one.refresh_from_db()
    assert trap.connections == 0 and one.last_cause == "forbidden_address"


def test_a_redirect_to_an_address_inside_is_not_followed(subscribe: Subscribe, case: Case) -> None:
    with c.chaos(c.answer(200)) as trap, c.chaos(c.answer(307, b"", f"Location: {trap.url}/")) as server:
        subscribe(server.url)
        move(case, "IN_PROGRESS")
        (row,) = read_all()
        assert delivery.deliver(row.pk) == "http_307"
    assert trap.connections == 0


def test_plain_http_needs_the_operators_permission(settings: Any) -> None:
    settings.ADAPTER_ALLOW_HTTP = False
    with pytest.raises(TargetRefusedError, match="Contoh: https"):
        check_target("http://93.184.216.34/")
    check_target("https://93.184.216.34/")
