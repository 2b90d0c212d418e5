"""Does the time of an answer tell who has an account? Medians of many tries, known and unknown by turns, in one process.

`python -m tests.bench.enumeration TRIES` prints {door: [ms for a known, ms for an unknown]} as JSON. Every try comes from an
address of its own and asks for an account of its own, so that no limit is what is measured.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import User  # noqa: E402

Door = Callable[[str, str], Any]


def accounts(count: int) -> list[str]:
    hashed = make_password("gerobak biru tiga puluh")
    emails = [f"bench-known-{number}@example.org" for number in range(count)]
    User.objects.filter(email__in=emails).delete()
    made = User.objects.bulk_create([User(email=email, name="Warga", password=hashed) for email in emails])
    EmailAddress.objects.bulk_create([EmailAddress(user=u, email=u.email, verified=True, primary=True) for u in made])
    return emails


def post(path: str, address: str, form: dict[str, str]) -> float:
    """Milliseconds of one answer."""
    client = Client(headers={"host": "localhost"}, REMOTE_ADDR=address)
    begin = time.perf_counter()
    answer = client.post(path, form)
    took = (time.perf_counter() - begin) * 1000
    if answer.status_code not in (200, 302):
        raise SystemExit(f"{path}: {answer.status_code}")
    return took


def forms(email: str) -> dict[str, tuple[str, dict[str, str]]]:
    return {
        "wrong password": ("/akun/masuk/", {"login": email, "password": "gerobak merah tiga puluh"}),
        "code by mail": ("/akun/masuk/sekali/", {"login": email}),
        "lost password": ("/akun/sandi/lupa/", {"email": email}),
        "sign-up": ("/akun/daftar/", {"email": email, "name": "Siapa", "password1": "gerobak biru tiga puluh"}),
    }


def medians(tries: int) -> dict[str, list[float]]:
    known = accounts(tries)
    found: dict[str, tuple[list[float], list[float]]] = {}
    for number, email in enumerate(known):
        both = [(0, email), (1, f"bench-unknown-{number}@example.org")]
        for turn, name in both if number % 2 else reversed(both):
            for count, (door, (path, form)) in enumerate(forms(name).items()):
                address = f"10.{1 + count * 2 + turn}.{number // 250}.{number % 250 + 1}"
                found.setdefault(door, ([], []))[turn].append(post(path, address, form))
    return {door: [statistics.median(took) for took in of_both] for door, of_both in found.items()}


if __name__ == "__main__":
    print(json.dumps(medians(int(sys.argv[1]))))
