"""Kill -9 at every named point of a submission and a delivery: every receipt is one effect at the department.

Real processes (web, worker, three pretend departments), a real database file; judged from the departments' own ledgers
and from the rows. Once each here.
"""

from __future__ import annotations

import time

import pytest

from tests.journeys.conftest import until
from tests.kill.conftest import Site, judge

pytestmark = [pytest.mark.kill, pytest.mark.timeout(420)]

BEFORE_SEND = ("after_lease", "before_mark")
AFTER_MARK = ("before_send", "mid_send", "after_effect")
AFTER_RESULT = ("after_commit",)


@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_without_a_fault_each_backend_gets_it_once(site: Site, kind: str) -> None:
    reference = site.post(kind, f"plain-{kind}")["reference"]
    assert site.settled(reference) == "SENT"
    judge(site, kind, reference, effects={1})
    assert site.ledger(kind)["requests"][reference] == 1


@pytest.mark.parametrize("point", [*BEFORE_SEND, *AFTER_MARK, *AFTER_RESULT])
@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_a_killed_worker_loses_and_doubles_nothing(site: Site, kind: str, point: str) -> None:
    site.arm(point)
    reference = site.post(kind, f"{point}-{kind}")["reference"]
    until(site.was_hit, 90)
    state = site.settled(reference)
    if kind == "none" and point in AFTER_MARK:
        assert state == "UNCLEAR", "a person decides; nothing is sent twice by machine"
        judge(site, kind, reference, effects={1} if point == "after_effect" else {0})
        assert site.ledger(kind)["requests"].get(reference, 0) <= 1
    else:
        assert state == "SENT"
        judge(site, kind, reference, effects={1})


@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_a_worker_stopped_beyond_its_lease_sends_nothing_when_it_wakes(site: Site, kind: str) -> None:
    site.arm("before_send", action="sleep", seconds=6)
    reference = site.post(kind, f"stopped-{kind}")["reference"]
    until(site.was_hit, 90)
    state = site.settled(reference)
    time.sleep(4)
    judge(site, kind, reference, effects={0, 1} if kind == "none" else {1})
    assert site.ledger(kind)["requests"].get(reference, 0) <= 1
    assert state in ("SENT", "UNCLEAR")


@pytest.mark.parametrize("point", ["web_before_commit", "web_after_commit"])
def test_a_killed_web_process_and_a_retrying_client_make_one_case(site: Site, point: str) -> None:
    site.arm(point)
    reference = site.post("key", point)["reference"]
    assert site.was_hit()
    assert site.cases_with_key(point) == 1
    assert site.post("key", point)["reference"] == reference, "the retry shows the same receipt"
    assert site.settled(reference) == "SENT"
    judge(site, "key", reference, effects={1})
