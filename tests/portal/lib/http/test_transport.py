"""Each fault through the transport: its cause, whether something was sent, and that it ends on time."""

import gzip
import socket
import threading
import time

import pytest

from portal.lib.http import CallError, Cause, Limits, NetworkPolicy, Request, Sent, call
from portal.lib.http.transport import DEFAULT_LIMITS
from tests.backends import chaos as c

OPEN = NetworkPolicy.of(["127.0.0.0/8"], allow_http=True)
HTML = b"<!doctype html><p>Bad gateway"


def post(url: str, *, seconds: float = 1.0, on_mark=None, limits: Limits = DEFAULT_LIMITS, body: bytes = b"{}"):
    request = Request("POST", url + "/x", {"Content-Type": "application/json"}, body)
    return call(request, policy=OPEN, fresh=True, deadline_seconds=seconds, on_mark=on_mark, limits=limits)


FAULTS = [
    ("reset before reading", c.close_unread, {Cause.CONNECTION}),
    ("closed without a byte", c.close_silently, {Cause.CONNECTION}),
    ("reset after the request", c.reset_after_request, {Cause.CONNECTION}),
    ("silence", c.silence, {Cause.TIMEOUT}),
    ("half an answer", c.half_answer, {Cause.TRUNCATED}),
    ("header drip", c.header_drip, {Cause.TIMEOUT}),
    ("body drip", c.body_drip, {Cause.TIMEOUT}),
    ("endless body", c.endless_body, {Cause.TOO_LARGE}),
    ("endless 100", c.endless_continue, {Cause.TOO_LARGE}),
    ("10 MiB", c.answer(200, b"x" * (10 * 1024 * 1024)), {Cause.TOO_LARGE}),
    ("gzip bomb", c.gzip_bomb, {Cause.TOO_LARGE}),
    ("broken gzip", c.answer(200, b"no gzip", "Content-Encoding: gzip"), {Cause.ENCODING}),
    ("half gzip", c.answer(200, gzip.compress(b"{}" * 500)[:-9], "Content-Encoding: gzip"), {Cause.ENCODING}),
    ("brotli", c.answer(200, b"x", "Content-Encoding: br"), {Cause.ENCODING}),
    ("big headers", c.big_headers, {Cause.TOO_LARGE}),
    ("many headers", c.many_headers, {Cause.TOO_LARGE}),
    ("bad chunks", c.bad_chunks, {Cause.CONNECTION, Cause.PROTOCOL}),
    ("not HTTP", c.send_raw(b"SSH-2.0-OpenSSH\r\n"), {Cause.PROTOCOL}),
    ("two lengths", c.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), {Cause.PROTOCOL}),
    (
        "length and chunks",
        c.send_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        {Cause.PROTOCOL},
    ),
    ("NUL in a header", c.send_raw(b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n"), {Cause.PROTOCOL}),
    (
        "switching protocols",
        c.send_raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        {Cause.PROTOCOL, Cause.CONNECTION},
    ),
]


@pytest.mark.parametrize(("name", "script", "causes"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_after_the_first_byte_is_maybe_sent_and_ends_on_time(name, script, causes):
    with c.chaos(script) as server:
        began = time.monotonic()
        with pytest.raises(CallError) as caught:
            post(server.url)
        assert time.monotonic() - began < 5.0, "the deadline was kept"
    assert caught.value.cause in causes
    assert caught.value.sent is Sent.MAYBE
    assert server.connections == 1


def test_a_refused_connection_has_sent_nothing():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CallError) as caught:
        post(f"http://127.0.0.1:{port}")
    assert (caught.value.cause, caught.value.sent) == (Cause.CONNECT, Sent.NO)


def test_a_connection_that_is_never_taken_has_sent_nothing():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(3):  # fill the queue of half-open connections
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            waiting.append(filler)
        with pytest.raises(CallError) as caught:
            post(f"http://127.0.0.1:{full.getsockname()[1]}", seconds=0.6)
        for filler in waiting:
            filler.close()
    assert (caught.value.cause, caught.value.sent) == (Cause.CONNECT_TIMEOUT, Sent.NO)


def test_an_upload_to_a_server_that_does_not_read_ends_on_time():
    with c.chaos(c.never_reads) as server:
        began = time.monotonic()
        with pytest.raises(CallError) as caught:
            post(server.url, body=b"x" * (20 * 1024 * 1024))
        assert time.monotonic() - began < 5.0, "the deadline was kept"
    assert (caught.value.cause, caught.value.sent) == (Cause.TIMEOUT, Sent.MAYBE)


def test_a_good_answer_brings_status_few_headers_and_the_body():
    with c.chaos(c.answer(201, b'{"a": 1}', "Set-Cookie: a=b", "X-Other: c", "Retry-After: 3")) as server:
        answer = post(server.url)
    assert (answer.status, answer.body) == (201, b'{"a": 1}')
    assert answer.headers == {"content-type": "application/json", "content-length": "8", "retry-after": "3"}
    request = server.requests[0]
    assert b"Accept-Encoding: identity" in request
    assert b"Expect" not in request
    assert b"User-Agent" not in request


def test_gzip_that_we_did_not_ask_for_is_inflated_within_the_limit():
    with c.chaos(c.answer(200, gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip")) as server:
        assert post(server.url).body == b'{"a": 1}'


def test_early_hints_are_not_the_answer():
    hints = b"HTTP/1.1 103 Early Hints\r\nContent-Length: 99\r\nRetry-After: 9\r\n\r\n"
    with c.chaos(c.send_raw(hints + c.raw(200, b"{}"))) as server:
        answer = post(server.url)
    assert (answer.status, answer.body) == (200, b"{}")
    assert "retry-after" not in answer.headers


def test_a_redirect_is_handed_up_and_not_followed():
    with c.chaos(c.answer(302, b"", "Location: http://127.0.0.1:1/")) as server:
        assert post(server.url).status == 302
    assert server.connections == 1


def test_the_environments_proxy_is_ignored(monkeypatch):
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with c.chaos(c.answer(200, b"{}")) as server:
        assert post(server.url).status == 200


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\0b", "日本", "a\x7fb"])
def test_a_header_value_that_could_smuggle_is_refused_before_anything_is_sent(value):
    with c.chaos(c.answer(200)) as server, pytest.raises(CallError) as caught:
        call(Request("GET", server.url, {"X-A": value}), policy=OPEN, fresh=True, deadline_seconds=1)
    assert (caught.value.cause, caught.value.sent) == (Cause.CONFIG, Sent.NO)
    assert server.connections == 0


@pytest.mark.parametrize("name", ["X A", "X:A", "Host", "Content-Length", "transfer-encoding", "X\r\nA"])
def test_a_header_name_that_could_smuggle_is_refused(name):
    with pytest.raises(CallError):
        call(Request("GET", "http://127.0.0.1:1", {name: "1"}), policy=OPEN, fresh=True, deadline_seconds=1)


# --- the mark -----------------------------------------------------------------------------------------------------------


def test_the_mark_runs_after_the_connection_and_before_the_first_byte():
    seen = []
    with c.chaos(c.answer(200, b"{}")) as server:

        def mark():
            time.sleep(0.1)
            seen.append((server.connections, len(server.requests)))
            return True

        post(server.url, on_mark=mark)
    assert seen == [(1, 0)]


def _refuses():
    return False


def _breaks():
    raise RuntimeError("the database is down")


@pytest.mark.parametrize("mark", [_refuses, _breaks])
def test_nothing_is_sent_when_the_mark_is_refused_or_breaks(mark):
    with c.chaos(c.answer(200, b"{}")) as server:
        with pytest.raises(CallError) as caught:
            post(server.url, on_mark=mark)
        time.sleep(0.1)
    assert (caught.value.cause, caught.value.sent) == (Cause.MARK, Sent.NO)
    assert server.requests == []


def test_nothing_is_sent_when_the_time_was_used_up_in_the_mark():
    with c.chaos(c.answer(200, b"{}")) as server:
        with pytest.raises(CallError) as caught:
            post(server.url, seconds=0.3, on_mark=lambda: time.sleep(0.5))
        time.sleep(0.1)
    assert caught.value.sent is Sent.NO
    assert server.requests == []


# --- connections --------------------------------------------------------------------------------------------------------


def test_writes_use_a_fresh_connection_each_and_reads_keep_theirs():
    scripts = [c.answer(200, b"{}")] * 3
    with c.chaos(*scripts, keep=True) as server:
        for _ in range(2):
            post(server.url)
        assert server.connections == 2
    with c.chaos(*scripts, keep=True) as server:

        def read_three_times():
            for _ in range(3):
                call(Request("GET", server.url), policy=OPEN, fresh=False, deadline_seconds=10)

        thread = threading.Thread(target=read_three_times)
        thread.start()
        thread.join()
        assert server.connections == 1
        assert len(server.requests) == 3


def test_a_write_is_never_sent_twice_by_the_library_itself():
    with c.chaos(c.close_silently, c.answer(200, b"{}")) as server, pytest.raises(CallError):
        post(server.url)
    assert len(server.requests) == 1


def test_calls_of_several_threads_do_not_mix():
    results = {}
    with c.chaos(lambda talk: talk.send(c.raw(200, talk.read().split(b" ")[1]))) as server:

        def ask(number):
            request = Request("GET", f"{server.url}/{number}")
            results[number] = call(request, policy=OPEN, fresh=True, deadline_seconds=5).body

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {number: f"/{number}".encode() for number in range(16)}
