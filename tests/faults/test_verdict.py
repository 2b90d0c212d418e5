"""The judge of the fault matrix can turn a row red: on forged records, and on a portal with a guard taken out."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters import gateway
from services.adapters.models import Connection
from services.cases import delivery as work
from services.cases.models import Delivery
from tests.faults import report
from tests.faults.verdict import Verdict, judge
from tests.journeys.conftest import ROOT, free_port, until
from tests.kill import seed
from tests.kill.conftest import ANSWERS
from tests.tokens import access_token_for

GOOD = {"effects": {"A": 1}, "requests": {"A": 1}, "keyless": 0}


def test_one_effect_of_a_sent_row_is_good() -> None:
    verdict = judge("key", ["A"], {"A": "SENT"}, GOOD)
    assert verdict.is_good and (verdict.submitted, verdict.effects) == (1, 1)
    assert report.table_row("x", "y", "key", verdict).endswith("| good |")


@pytest.mark.parametrize(
    ("kind", "states", "change", "wrong"),
    [
        ("key", {}, {}, "lost"),
        ("key", {"A": "SENT"}, {"effects": {}}, "lost"),
        ("key", {"A": "NEEDS_ATTENTION"}, {"effects": {}}, "lost"),
        ("key", {"A": "SENT"}, {"effects": {"A": 2}}, "doubled"),
        ("none", {"A": "UNCLEAR"}, {"requests": {"A": 2}}, "doubled"),
        ("key", {"A": "PENDING"}, {}, "unsettled"),
        ("lookup", {"A": "UNCLEAR"}, {}, "unsettled"),
    ],
)
def test_a_wrong_record_turns_the_row_red(kind: str, states: dict[str, str], change: dict[str, Any], wrong: str) -> None:
    verdict = judge(kind, ["A"], states, {**GOOD, **change})
    assert getattr(verdict, wrong) == ["A"]
    assert "BROKEN" in report.table_row("x", "y", kind, verdict)


def test_a_request_without_our_key_turns_the_row_red() -> None:
    assert not judge("key", ["A"], {"A": "SENT"}, {**GOOD, "keyless": 1}).is_good


def test_an_unclear_row_of_a_backend_that_can_do_neither_waits_for_a_person() -> None:
    verdict = judge("none", ["A"], {"A": "UNCLEAR"}, GOOD)
    assert verdict.is_good and verdict.unclear == 1


def test_a_class_that_is_run_alone_keeps_the_rows_of_the_others(tmp_path: Path) -> None:
    file, order = tmp_path / "faults.md", ["no fault", "cut"]
    for kinds in (["lookup", "key"], ["key-soap"], ["key"]):
        verdict = Verdict(submitted=len(kinds), notes=["p95 0.10 s"] if kinds == ["key"] else [])
        report.write(file, order, "no fault", "sent", dict.fromkeys(kinds, verdict))
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("| no fault |")]
    assert [report.class_of(line) for line in lines] == ["key", "lookup", "key-soap"]
    assert lines[0].endswith("| good; p95 0.10 s |") and " | 1 | " in lines[0]
    assert " | 2 | " in lines[1]


class Department:
    """A pretend department of one class in a process of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found

    def is_up(self) -> bool:
        try:
            return bool(self.ask("/ledger"))
        except OSError:
            return False


@pytest.fixture
def department(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Department]:
    made = Department(free_port())
    command = [sys.executable, "-m", "tests.backends.civil_registry", "--port", str(made.port)]
    command += ["--store", str(tmp_path / "store.sqlite3"), "--portal", "http://127.0.0.1:1", "--idempotency", request.param]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(made.is_up, 30)
        yield made
    finally:
        process.terminate()
        process.wait(10)


def deliver_with_a_lost_answer(kind: str, department: Department, alice: User) -> Verdict:
    """A submission whose first attempt does the work and answers 500, then every further attempt the portal makes."""
    seed.connect({kind: department.port})
    Connection.objects.filter(code=f"uji-{kind}").update(settle_seconds=0)
    department.ask("/mode", mode="fail_after", times=1)
    client = Client(headers={"Authorization": f"Bearer {access_token_for(alice)}", "Idempotency-Key": "k-1"})
    body = {"service": seed.SERVICES[kind], "answers": ANSWERS}
    reference = client.post("/api/v1/cases", body, content_type="application/json").json()["reference"]
    delivery = Delivery.objects.get(key=reference)
    for _attempt in range(3):
        work.deliver(delivery.pk)
        Delivery.objects.filter(pk=delivery.pk, state="PENDING").update(next_try=timezone.now(), ask_after=None)
    delivery.refresh_from_db()
    return judge(kind, [reference], {reference: delivery.state}, department.ask("/ledger"))


@pytest.mark.parametrize(("kind", "department"), [("lookup", "lookup"), ("none", "none")], indirect=["department"])
def test_with_its_guards_the_portal_sends_once(kind: str, department: Department, demo_city: Any, alice: User) -> None:
    verdict = deliver_with_a_lost_answer(kind, department, alice)
    assert verdict.is_good and verdict.effects == 1


@pytest.mark.parametrize("department", ["lookup"], indirect=True)
def test_a_portal_that_does_not_ask_first_is_found_out(
    department: Department, demo_city: Any, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "reconcile", lambda *_: None)
    verdict = deliver_with_a_lost_answer("lookup", department, alice)
    assert len(verdict.doubled) == 1
    assert "BROKEN" in report.table_row("guard out", "ask first", "lookup", verdict)


@pytest.mark.parametrize("department", ["none"], indirect=True)
def test_a_portal_that_calls_nothing_unclear_is_found_out(
    department: Department, demo_city: Any, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoRule:
        NONE = LOOKUP = "no class"

    monkeypatch.setattr(work, "Idempotency", NoRule)
    verdict = deliver_with_a_lost_answer("none", department, alice)
    assert len(verdict.doubled) == 1
    assert "BROKEN" in report.table_row("guard out", "unclear rule", "none", verdict)
