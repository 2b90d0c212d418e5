"""Kill -9 while an answer of a resident is under way: it is one effect at the department, after the submission."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import until
from tests.kill.conftest import Site, judge

pytestmark = [pytest.mark.kill, pytest.mark.timeout(420)]


@pytest.mark.parametrize("point", ["after_lease", "before_send", "after_effect"])
@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_a_killed_worker_loses_and_doubles_no_answer(site: Site, kind: str, point: str) -> None:
    reference = site.asked(kind, f"answer-{point}-{kind}")
    site.arm(point)
    act = site.answer(reference, f"answered-{point}-{kind}")["reference"]
    assert act == f"{reference}.1"
    until(site.was_hit, 90)
    state = site.settled(act)
    if kind == "none" and point != "after_lease":
        assert state == "UNCLEAR", "a person decides; nothing is sent twice by machine"
        judge(site, kind, act, effects={1} if point == "after_effect" else {0})
        assert site.ledger(kind)["requests"].get(act, 0) <= 1
    else:
        assert state == "SENT"
        judge(site, kind, act, effects={1})
        until(lambda: site.call(f"cases/{reference}")["status"] == "RECEIVED", 90)
    judge(site, kind, reference, effects={1})
