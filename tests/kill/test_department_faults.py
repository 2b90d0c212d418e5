"""A department that is slow, down, or answers nonsense after the work: nothing lost, nothing doubled, the truth told.

For a backend that honours our key, one that can be asked, and one that can do neither; judged from its own ledger.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.conftest import until
from tests.kill.conftest import Site, judge

pytestmark = [pytest.mark.kill, pytest.mark.timeout(300)]

NOTHING_DONE = ("down", "cut")
DONE_WITHOUT_RECEIPT = ("slow", "fail_after", "cut_after", "half", "html", "huge")


@pytest.fixture(autouse=True)
def _normal_again(site: Site) -> Iterator[None]:
    yield
    for kind in site.ports:
        site.tell(kind, "/mode", mode="normal")


@pytest.mark.parametrize("mode", [*NOTHING_DONE, *DONE_WITHOUT_RECEIPT])
@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_one_bad_answer_is_one_effect(site: Site, kind: str, mode: str) -> None:
    lasting = mode in NOTHING_DONE  # until somebody repairs it
    site.tell(kind, "/mode", mode=mode, seconds=5, **({} if lasting else {"times": 1}))
    made = site.post(kind, f"{mode}-{kind}")
    assert made["status"] == "SUBMITTED" and made["receipts"]["city"], (
        "the resident's receipt does not wait for a department"
    )
    reference = made["reference"]
    if lasting:
        until(lambda: site.row(reference)[1] >= 1, 90)
        site.tell(kind, "/mode", mode="normal")
    state = site.settled(reference)
    uncertain = kind == "none" and (mode in DONE_WITHOUT_RECEIPT or state == "UNCLEAR")
    if uncertain:
        assert state == "UNCLEAR", "the department confirms; nothing goes again by machine"
        assert site.ledger(kind)["requests"].get(reference, 0) <= 1
        if mode in DONE_WITHOUT_RECEIPT:  # a slow one finishes after we have given up
            until(lambda: site.ledger(kind)["effects"].get(reference), 10)
        judge(site, kind, reference, effects={1} if mode in DONE_WITHOUT_RECEIPT else {0})
    else:
        assert state == "SENT"
        judge(site, kind, reference, effects={1})


@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_a_refusal_of_the_content_is_never_sent_again(site: Site, kind: str) -> None:
    site.tell(kind, "/mode", mode="reject", times=1)
    reference = site.post(kind, f"reject-{kind}")["reference"]
    assert site.settled(reference) == "NEEDS_ATTENTION"
    judge(site, kind, reference, effects={0})
    assert site.row(reference)[1] == 1
