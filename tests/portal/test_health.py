"""The probes: the process answers, and it can keep its promises or says why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.settings import https
from services.adapters.models import Connection
from services.cases.constants import DeliveryState
from services.cases.models import Delivery
from tests.portal.api_calls import TREE, send

pytestmark = pytest.mark.usefixtures("demo_city")


def test_the_process_answers(api: Client) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("door", ["/healthz", "/readyz", "/metrics"])
def test_the_doors_inside_answer_to_any_name_and_without_tls(api: Client, settings: Any, door: str) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["layanan.example.org"], True
    settings.SECURE_REDIRECT_EXEMPT, settings.PUBLIC_URL = https.SECURE_REDIRECT_EXEMPT, "https://layanan.example.org"
    settings.METRICS_TOKEN = "kunci"
    inside = Client(headers={"Host": "127.0.0.1:8000", "Authorization": "Bearer kunci"})
    assert inside.get(door).status_code == 200
    assert inside.get("/").status_code == 400, "every other door has one name"


def test_ready_says_what_was_looked_at(api: Client) -> None:
    answer = api.get("/readyz")
    body = answer.json()
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and body["status"] == "ok"
    assert set(body["checks"]) == {"database", "cache", "deliveries"} and all(c["ok"] for c in body["checks"].values())
    assert body["connections"]["inbox"]["state"] == "ok"


def test_a_department_that_is_down_is_shown_and_not_fatal(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    Connection.objects.filter(code="inbox").update(failures=5, down_since=timezone.now())
    Delivery.objects.update(next_try=timezone.now() - timedelta(hours=5))
    answer = api.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["connections"]["inbox"]["state"] == "down" and answer.json()["connections"]["inbox"]["since"]


def test_an_old_delivery_that_nobody_takes_is_fatal(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    Delivery.objects.update(next_try=timezone.now() - timedelta(seconds=100))
    assert api.get("/readyz").status_code == 200
    Delivery.objects.update(next_try=timezone.now() - timedelta(seconds=130))
    answer = api.get("/readyz")
    body = answer.json()
    assert answer.status_code == 503 and body["status"] == "unavailable"
    assert body["checks"]["deliveries"]["ok"] is False and body["checks"]["deliveries"]["oldest_due_seconds"] >= 130
    Delivery.objects.update(state=DeliveryState.NEEDS_ATTENTION)
    body = api.get("/readyz").json()
    assert body["status"] == "ok" and body["checks"]["deliveries"]["attention"] == 1


def test_an_expired_lease_of_a_dead_worker_is_fatal(api: Client, key: str) -> None:
    assert send(api, key, TREE).status_code == 201
    Delivery.objects.update(state=DeliveryState.SENDING, lease_until=timezone.now() - timedelta(minutes=10))
    assert api.get("/readyz").status_code == 503


def test_a_cache_that_is_gone_is_fatal(api: Client, settings: Any) -> None:
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    answer = api.get("/readyz")
    assert answer.status_code == 503 and answer.json()["checks"]["cache"]["ok"] is False
