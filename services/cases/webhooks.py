"""The door for departments' systems: verified, stored, answered 202; the work is done later."""

from __future__ import annotations

import logging

from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.lib.logs import correlation_id
from portal.lib.waking import wake
from services.adapters import gateway
from services.adapters.models import Connection
from services.adapters.values import InvalidWebhook
from services.cases.inbound import pack
from services.cases.models import InboundEvent

_log = logging.getLogger(__name__)
MAX_BYTES = 256 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, code: str) -> JsonResponse:
    """202 when stored (also for an event that came before), 401 when it is not them, 400 when unreadable."""
    connection = Connection.objects.filter(code=code, is_active=True).first()
    if connection is None:
        return JsonResponse({"code": "not_found"}, status=404)
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or int(length) > MAX_BYTES:
        return JsonResponse({"code": "too_large"}, status=413)
    try:
        updates = gateway.read_webhook(connection, dict(request.headers), request.body)
    except InvalidWebhook as error:
        _log.warning("webhook refused", extra={"connection": code, "cause": error.cause})
        return JsonResponse({"code": error.cause}, status=error.status)
    for number, update in enumerate(updates):
        try:
            with transaction.atomic():
                event = InboundEvent.objects.create(
                    connection=connection,
                    event_id=f"{update.event_id}:{number}"[:120] if number else update.event_id[:120],
                    payload=pack(update),
                    correlation_id=correlation_id(),
                )
        except IntegrityError:
            continue  # the same event again: it is stored already
        wake("services.cases.tasks.apply_inbound_event", event.pk)
    return JsonResponse({"code": "stored"}, status=202)
