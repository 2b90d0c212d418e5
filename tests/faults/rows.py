"""The rows of the matrix: each breaks one thing, submits meanwhile, and says what a receipt was shown for."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disks import database_full, logs_full, may_mount, uploads_full
from tests.faults.load import under_load
from tests.faults.recovery import newest_migration_before, restored_elsewhere, two_releases
from tests.faults.site import CLASSES, Site, within
from tests.faults.verdict import Verdict

WORKER_POINTS = ("after_lease", "before_mark", "before_send", "mid_send", "in_body", "after_effect", "after_commit")
WEB_POINTS = ("web_before_commit", "web_after_commit")
CLASSLESS = (*WEB_POINTS, "mid_send", "in_body")  # reached where no class is known; only this row's class is on its way then
MODES = {
    "slow": "slower than our patience, work done later",
    "down": "answers 503",
    "cut": "closes the connection",
    "fail_after": "work done, answer 500",
    "cut_after": "work done, connection closed",
    "half": "work done, answer broken off",
    "html": "work done, answer is HTML",
    "huge": "work done, answer of 12 MiB",
}
LASTING = ("down", "cut")


@dataclass(frozen=True)
class Row:
    name: str
    promise: str
    run: Callable[[Site, int], dict[str, Verdict]]
    by_class: bool = False  # one delivery at a time, so that some classes can be run alone


def each_class(name: str, promise: str, one: Callable[[Site, str, int], Verdict]) -> Row:
    """A row over every class by `rest`, and every other kind that has a network."""
    return Row(name, promise, lambda site, times: {kind: one(site, kind, times) for kind in site.chosen}, by_class=True)


def without_fault(site: Site, kind: str, times: int) -> Verdict:
    return site.verdict(kind, site.submit_many(kind, times), faults=0)


def at_point(point: str, action: str = "kill", **more: float) -> Callable[[Site, str, int], Verdict]:
    """The process that reaches `point` next for a delivery of this class is hit, until it was hit `times` times."""

    def run(site: Site, kind: str, times: int) -> Verdict:
        references: list[str] = []
        start = site.hits()
        end = time.monotonic() + 30 + 15 * times
        only = {} if point in CLASSLESS else {"class": kind.partition("-")[0]}
        while (hit := site.hits() - start) < times and time.monotonic() < end:
            if not site.fault.exists():
                site.arm(point, action, **only, **more)
            # A body of several parts, so that there is a middle to be killed in.
            references.append(site.submit(kind, file_bytes=64 * 1024 if point == "in_body" else 0))
            within(6, lambda h=hit: site.hits() - start > h)
        site.disarm()
        verdict = site.verdict(kind, references, faults=site.hits() - start)
        if verdict.faults < times:
            verdict.remarks.append(f"only {verdict.faults} of {times} faults happened")
        return verdict

    return run


def in_mode(mode: str) -> Callable[[Site, str, int], Verdict]:
    return _while_it_lasts(mode) if mode in LASTING else _for_some_answers(mode)


def _while_it_lasts(mode: str) -> Callable[[Site, str, int], Verdict]:
    """Nothing gets through until the department is well again; the breaker opens."""

    def run(site: Site, kind: str, times: int) -> Verdict:
        site.tell(kind, mode=mode)
        try:
            references = site.submit_many(kind, times)
            within(20, lambda: site.query("SELECT 1 FROM cases_delivery WHERE key = ANY(%s) AND tries > 0", references))
        finally:
            site.tell(kind, mode="normal")
        return site.verdict(kind, references, faults=times)

    return run


def _for_some_answers(mode: str) -> Callable[[Site, str, int], Verdict]:
    """So many answers go wrong, four at a time: one more, and the breaker would turn most of them into waiting."""

    def run(site: Site, kind: str, times: int) -> Verdict:
        references: list[str] = []
        for begun in range(0, times, 4):
            count = min(4, times - begun)
            site.tell(kind, mode=mode, seconds=5, times=count)
            references += site.submit_many(kind, count)
            site.settle(references)
        verdict = site.verdict(kind, references, faults=times, after=6 if mode == "slow" else 0)
        site.tell(kind, mode="normal")
        return verdict

    return run


def redis_down(site: Site) -> None:
    with site.held_down("redis"):
        time.sleep(5)


def redis_restarted(site: Site) -> None:
    site.kill("redis")
    time.sleep(3)


def redis_flushed(site: Site) -> None:
    import redis

    redis.Redis.from_url(site.stack.redis_url).flushall()


def postgres_restarted(site: Site) -> None:
    os.kill(site.pid("postgres"), signal.SIGINT)
    time.sleep(6)


def postgres_killed(site: Site) -> None:
    site.kill("postgres")
    time.sleep(6)


def database_connections_cut(site: Site) -> None:
    """Every connection of the portal, wherever its transaction is, the COMMIT itself included."""
    for _ in range(10):
        site.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'portal'"
        )
        time.sleep(0.3)


def process_killed(name: str) -> Callable[[Site], None]:
    def run(site: Site) -> None:
        site.kill(name)
        time.sleep(4)

    return run


def messages_doubled(site: Site) -> None:
    """Eight messages more for each delivery on its way, to two workers with eight threads each."""
    import redis

    broker = redis.Redis.from_url(site.stack.redis_url)
    end, copied = time.monotonic() + 5, set()
    while time.monotonic() < end:
        for message in broker.lrange("celery", 0, -1):
            if b"deliver_case" in message and message not in copied:
                copied.add(message)
                broker.rpush("celery", *[message] * 8)
        time.sleep(0.02)


def clock_of_one_worker(seconds: float) -> Callable[[Site], None]:
    def run(site: Site) -> None:
        clock = Path(f"{site.fault}.clock")
        clock.write_text(str(seconds), encoding="ascii")
        time.sleep(6)
        clock.unlink()
        time.sleep(3)

    return run


def mail_down(site: Site, times: int) -> dict[str, Verdict]:
    """The place for mails is a file: every mail fails. Afterwards each case has each of its mails once."""
    mails = site.stack.var / "mail"
    aside = mails.rename(mails.with_name("mail-aside"))
    mails.touch()
    try:
        references = {kind: site.submit_many(kind, max(2, times // 5)) for kind in CLASSES}
        found = {kind: site.verdict(kind, refs, faults=1) for kind, refs in references.items()}
    finally:
        mails.unlink()
        aside.rename(mails)
    site.query("UPDATE notifications_message SET next_try = now() WHERE sent_at IS NULL AND next_try > now()")

    def all_sent() -> bool:
        return not site.query("SELECT 1 FROM notifications_message WHERE sent_at IS NULL LIMIT 1")

    if within(90, all_sent) is None:
        found["key"].remarks.append("mails were not sent after the mail server came back")
    return found


def hung_among_ten(site: Site, times: int) -> dict[str, Verdict]:
    """One of ten departments takes connections and never answers; nine go on."""
    hung = "key-8"
    count = max(2, times // 5)
    calm = [reference for kind in site.ports if kind != hung for reference in site.submit_many(kind, count)]
    site.settle(calm)
    site.tell(hung, mode="slow", seconds=60)
    references = {hung: site.submit_many(hung, 8)}
    opened = within(30, lambda: _failures(site, hung) >= 5)
    most = [0]
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            live = "SELECT count(*) FROM cases_delivery d JOIN adapters_connection c ON c.id = d.connection_id"
            found = site.query(f"{live} WHERE c.code = %s AND d.state = 'SENDING' AND d.lease_until > now()", f"uji-{hung}")
            most[0] = max(most[0], found[0][0])
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    others = [kind for kind in site.ports if kind != hung]
    for kind in others:
        references[kind] = site.submit_many(kind, count)
    verdicts = {kind: site.verdict(kind, references[kind], faults=1) for kind in others}
    before, meanwhile = (_p95(site, keys) for keys in (calm, [key for kind in others for key in references[kind]]))
    site.tell(hung, mode="normal")
    closed = within(60, lambda: _failures(site, hung) == 0)
    verdicts[hung] = site.verdict(hung, references[hung], faults=1, after=1)
    over.set()
    watcher.join()
    total = {kind: Verdict() for kind in CLASSES}
    for kind, verdict in verdicts.items():
        total[kind.partition("-")[0]].add(verdict)
    for wrong, remark in (
        (opened is None, "the breaker did not open"),
        (closed is None, "the breaker did not close within 60 s after the system healed"),
        (most[0] > 4, f"{most[0]} threads were held by the hung system"),
    ):
        if wrong:
            total["key"].remarks.append(remark)
    ratio = meanwhile / before if before else 0.0
    said = f"p95 from receipt to sent, of the nine others: {before:.2f} s before, {meanwhile:.2f} s meanwhile ({ratio:.2f}x)"
    total["key"].notes.append(said)
    return total


def _p95(site: Site, references: list[str]) -> float:
    """Seconds from the receipt to the department's own, that 95 % of these did not exceed."""
    sql = (
        "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)) "
        "FROM cases_delivery WHERE key = ANY(%s) AND sent_at IS NOT NULL"
    )
    return float(site.query(sql, references)[0][0] or 0)


def _failures(site: Site, kind: str) -> int:
    return int(site.query("SELECT failures FROM adapters_connection WHERE code = %s", f"uji-{kind}")[0][0])


@contextlib.contextmanager
def _address(site: Site, kind: str, url: str) -> Iterator[None]:
    site.query("UPDATE adapters_connection SET base_url = %s WHERE code = %s", url, f"uji-{kind}")
    try:
        yield
    finally:
        good = f"http://127.0.0.1:{site.ports[kind]}"
        site.query("UPDATE adapters_connection SET base_url = %s WHERE code = %s", good, f"uji-{kind}")


def at_address(url: str) -> Callable[[Site, str, int], Verdict]:
    """The department's address leads nowhere for a while: nothing may count as sent."""

    def run(site: Site, kind: str, times: int) -> Verdict:
        with _address(site, kind, url.format(port=site.ports[kind])):
            references = site.submit_many(kind, times)
            within(20, lambda: site.query("SELECT 1 FROM cases_delivery WHERE key = ANY(%s) AND tries > 0", references))
            time.sleep(2)
        verdict = site.verdict(kind, references, faults=times)
        if verdict.unclear:
            verdict.remarks.append(f"{verdict.unclear} are called unclear although nothing was sent")
        return verdict

    return run


def rows() -> list[Row]:
    made = [each_class("no fault", "sent", without_fault)]
    for point in WORKER_POINTS:
        made.append(each_class(f"worker killed: {point}", "another worker goes on", at_point(point)))
    for point in WEB_POINTS:
        made.append(each_class(f"web killed: {point}", "the retry shows the same receipt", at_point(point)))
    made += [
        each_class("answer to COMMIT lost", "the retry shows the same receipt", at_point("web_after_commit", "raise")),
        each_class(
            "worker stopped beyond its lease",
            "sends nothing when it wakes",
            at_point("before_send", "sleep", seconds=6),
        ),
        *(each_class(f"department: {text}", "unclear rule", in_mode(mode)) for mode, text in MODES.items()),
        each_class("department: name not found", "never counted as sent", at_address("http://hilang.invalid")),
        each_class("department: TLS failure", "never counted as sent", at_address("https://127.0.0.1:{port}")),
        Row("one of ten departments hangs", "breaker, ceiling, probe; others go on", hung_among_ten),
        Row("worker processes killed under load", "leases end, the other goes on", under_load(process_killed("worker-1"))),
        Row("web process killed under load", "same receipt", under_load(process_killed("web"))),
        Row("beat killed under load", "started again", under_load(process_killed("beat"))),
        Row("nginx killed under load", "started again", under_load(process_killed("nginx"))),
        Row("Redis down for 5 s", "received; sent after", under_load(redis_down)),
        Row("Redis killed, empty after", "nothing lost", under_load(redis_restarted)),
        Row("Redis flushed", "nothing lost", under_load(redis_flushed)),
        Row("PostgreSQL restarted", "503, then the same receipt", under_load(postgres_restarted)),
        Row("PostgreSQL killed", "503, then the same receipt", under_load(postgres_killed)),
        Row(
            "database connections cut, COMMIT included", "in doubt resolved by the key", under_load(database_connections_cut)
        ),
        Row("nine messages for each delivery", "one claim wins", under_load(messages_doubled)),
        Row("one worker's clock 2 h ahead", "leases are on the database's clock", under_load(clock_of_one_worker(7200))),
        Row("one worker's clock 2 h behind", "leases are on the database's clock", under_load(clock_of_one_worker(-7200))),
        Row("mail down", "mails wait, each is sent once", mail_down),
        Row("disk full: logs", "a log never stops a request", logs_full),
        Row("backup under load, restored elsewhere", "counts and digests equal, nothing sent twice", restored_elsewhere),
    ]
    if older := newest_migration_before():
        made.append(Row("workers and web of two releases", "both serve the same rows", two_releases(older)))
    if may_mount():
        made += [
            Row("disk full: uploads", "files refused whole, the rest goes on", uploads_full),
            Row("disk full: database", "503, then the same receipt", database_full),
        ]
    return made
