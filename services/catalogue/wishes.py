"""Who wants to hear when a paused service can be started again: told once, by a message."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from services.catalogue.models import AvailabilityWish, Service
from services.notifications.actions import notify

MOST_AT_ONCE = 2_000


def wish(user: User, service: Service) -> AvailabilityWish:
    """The one that is open, made when there is none."""
    found, _made = AvailabilityWish.objects.get_or_create(user=user, service=service, told_at=None)
    return found


def take_back(user: User, service: Service) -> bool:
    """Nothing will be told. False: nothing was wished."""
    removed, _rows = AvailabilityWish.objects.filter(user=user, service=service, told_at=None).delete()
    return bool(removed)


def wishes(user: User, service: Service) -> bool:
    return AvailabilityWish.objects.filter(user=user, service=service, told_at=None).exists()


@transaction.atomic
def tell(services: Iterable[int]) -> int:
    """Tell everybody who waits for these services, and mark them told; returns how many."""
    waiting = AvailabilityWish.objects.filter(service__in=list(services), told_at=None).select_for_update(of=("self",))
    told = list(waiting.select_related("service")[:MOST_AT_ONCE])
    for one in told:
        names = dict(one.service.texts.values_list("language", "name"))
        slug = one.service.texts.filter(language="id").values_list("slug", flat=True).first()
        context = {
            "title": names.get("id", one.service.code),
            "title_en": names.get("en", ""),
            "slug": slug or one.service.code,
        }
        notify(one.user_id, template="service_open", key=f"open:{one.pk}", context=context)
    AvailabilityWish.objects.filter(pk__in=[one.pk for one in told]).update(told_at=timezone.now())
    return len(told)
