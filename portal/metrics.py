"""`/metrics` for Prometheus: off unless METRICS_TOKEN is set. Every series: docs/reference/metrics.md."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from portal.lib.measuring import counted
from portal.overview import Overview, overview


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(given.strip(), settings.METRICS_TOKEN):
        refused = HttpResponse("Send `Authorization: Bearer` with the METRICS_TOKEN.\n", "text/plain", status=401)
        refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
        refused["Cache-Control"] = "no-store"
        return refused
    stored = CollectorRegistry()
    stored.register(StoredFigures(overview()))
    with counted() as registry:
        body = generate_latest(stored) + generate_latest(registry)
    response = HttpResponse(body, CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


class StoredFigures(Collector):
    """What the database knows, so that any process may answer."""

    def __init__(self, seen: Overview) -> None:
        self.seen = seen

    def collect(self) -> Iterable[GaugeMetricFamily]:
        seen = self.seen
        deliveries = GaugeMetricFamily("portal_deliveries", "Open deliveries", labels=["connection", "state"])
        up = GaugeMetricFamily("portal_connection_up", "1 unless the breaker is open or it is paused", labels=["connection"])
        paused = GaugeMetricFamily("portal_connection_paused", "1 while an operator has paused it", labels=["connection"])
        down = GaugeMetricFamily("portal_connection_down_seconds", "Since the breaker opened", labels=["connection"])
        for row in seen.connections:
            code, since = row.connection.code, row.connection.down_since
            for state, count in row.deliveries.items():
                deliveries.add_metric([code, state.lower()], count)
            up.add_metric([code], row.word == "ok")
            paused.add_metric([code], row.word == "paused")
            down.add_metric([code], max(0.0, (seen.now - since).total_seconds()) if since else 0)
        yield from (deliveries, up, paused, down)
        messages = GaugeMetricFamily("portal_messages", "Messages to people that wait or have failed", labels=["state"])
        for state, count in seen.messages.items():
            messages.add_metric([state.lower()], count)
        yield messages
        yield _gauge(
            "portal_oldest_due_seconds", "Wait of the oldest delivery that a worker should have taken", seen.oldest_due
        )
        yield _gauge(
            "portal_oldest_attention_seconds", "Age of the oldest delivery a person must settle", seen.oldest_attention
        )
        yield _gauge("portal_inbound_events", "Webhooks stored and not yet applied", seen.inbound)
        yield _gauge("portal_oldest_inbound_seconds", "Age of the oldest of them", seen.oldest_inbound)
        if seen.catalogue:
            age = (seen.now - seen.catalogue.at).total_seconds()
            yield _gauge("portal_catalogue_drift", "Services that differ from their pages", len(seen.catalogue.differing))
            yield _gauge("portal_catalogue_check_age_seconds", "Since the last comparison", age)
        if seen.backup:
            age = (seen.now - seen.backup["finished_at"]).total_seconds()
            yield _gauge("portal_backup_age_seconds", "Since the last backup ended", age)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
