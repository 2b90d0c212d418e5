"""Every spelling of an address that is not ours to call is refused before a socket is opened."""

import pytest

from portal.lib.http import CallError, Cause, NetworkPolicy, Request, Sent, call
from portal.lib.http import resolver as names
from portal.lib.http.guard import judge_addresses, judge_url
from tests.backends import chaos as c

CLOSED = NetworkPolicy.of([], allow_http=True)
HTTPS_ONLY = NetworkPolicy.of([], allow_http=False)

LOOPBACK = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0"),
    *("127.000.000.001", "127.0.0.1.", "127.255.255.254", "0x7F.0.0.1", "1.0x7f", "00", "0x"),
    *(
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:0:127.0.0.1]",
    ),
    *(
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fc00::1]",
        "[fec0::1]",
    ),
    *("[ff02::1]", "[5f00::1]", "[100::1]", "[2001::1]"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "db.internal", "printer.local", "localhost.localdomain"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.43518", "100.64.0.1", "224.0.0.1", "240.0.0.1"),
    *("192.0.0.9", "192.88.99.1", "198.18.0.1", "255.255.255.255"),
]
SYNTAX = [
    *("http://a@93.184.216.34/", "http://a:b@example.org/", "http://example.org\\@127.0.0.1/", "http://exa mple.org/"),
    *("http://example.org/\r\nX: y", "http://127.0.0.1/", "http://ｌocalhost/", "http://①②⑦.⓪.⓪.①/"),
    *(
        "http://127。0。0。1/",
        "http://localhoſt/",
        "http://ex%61mple.org/",
        "http://example.org:99999/",
        "http://example.org:0/",
    ),
    *(
        "http://[::1/",
        "http://[v1.a]/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/",
        "//example.org/",
    ),
    *("http:///x", "", "http://-a.org/", "http://a..org/", "http://example.org/#x", "http://example.org/" + "a" * 5000),
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_an_address_that_is_not_public_is_refused_however_it_is_spelled(host):
    with pytest.raises(CallError) as caught:
        judge_url(f"http://{host}/", CLOSED)
    assert caught.value.sent is Sent.NO
    assert caught.value.cause in {Cause.FORBIDDEN_ADDRESS, Cause.CONFIG}


@pytest.mark.parametrize("url", SYNTAX)
def test_an_address_with_tricks_in_it_is_refused(url):
    with pytest.raises(CallError):
        judge_url(url, CLOSED)


@pytest.mark.parametrize("host", LOOPBACK)
def test_a_trap_on_loopback_hears_nothing(host):
    with c.chaos(c.answer(200, b"{}")) as trap:
        with pytest.raises(CallError) as caught:
            call(Request("GET", f"http://{host}:{trap.port}/"), policy=CLOSED, fresh=True, deadline_seconds=1)
        assert caught.value.sent is Sent.NO
    assert trap.connections == 0


@pytest.mark.parametrize("host", ["[::ffff:127.0.0.1]", "127.1", "2130706433", "localhost", "[64:ff9b::7f00:1]"])
def test_opening_loopback_opens_only_its_plain_spelling(host):
    opened = NetworkPolicy.of(["127.0.0.0/8", "::1/128"], allow_http=True)
    with pytest.raises(CallError):
        judge_url(f"http://{host}/", opened)
    assert judge_url("http://127.0.0.1:81/a?b=c", opened).url == "http://127.0.0.1:81/a?b=c"
    assert judge_url("http://[::1]/", opened).url == "http://[::1]/"


def test_plain_http_needs_the_operators_permission():
    with pytest.raises(CallError):
        judge_url("http://example.org/", HTTPS_ONLY)
    assert judge_url("https://Example.ORG./", HTTPS_ONLY).url == "https://example.org/"


@pytest.mark.parametrize(
    "answers", [["93.184.216.34", "127.0.0.1"], ["::ffff:10.0.0.1"], ["64:ff9b::a00:1"], ["fe80::1%eth0"], ["nonsense"], []]
)
def test_one_bad_address_refuses_the_name(answers):
    with pytest.raises(CallError):
        judge_addresses(answers, CLOSED)
    assert next(str(a) for a in judge_addresses(["2606:2800:220:1::1", "93.184.216.34"], CLOSED)) == "93.184.216.34"


@pytest.fixture
def resolver(monkeypatch):
    """Fakes the system's resolver: a name -> a list of answers, the next one at each look-up."""
    table: dict[str, list] = {}
    asked = []

    def ask(host):
        asked.append(host)
        answers = table[host]
        made = answers.pop(0) if len(answers) > 1 else answers[0]
        return made() if callable(made) else made

    names.forget()
    monkeypatch.setattr(names, "_ask", ask)
    table["asked"] = asked
    yield table
    names.forget()


def test_a_name_that_leads_inside_is_refused(resolver):
    resolver["evil.example"] = [("127.0.0.1",)]
    with c.chaos(c.answer(200)) as trap, pytest.raises(CallError) as caught:
        call(Request("GET", f"http://evil.example:{trap.port}/"), policy=CLOSED, fresh=True, deadline_seconds=1)
    assert (caught.value.cause, caught.value.sent) == (Cause.FORBIDDEN_ADDRESS, Sent.NO)
    assert trap.connections == 0


def test_the_judged_address_is_the_one_connected_to(resolver):
    """A name that changes its answer between check and connect gains nothing: curl never resolves it again."""
    resolver["good.example"] = [("127.0.0.1",), ("127.0.0.2",)]
    opened = NetworkPolicy.of(["127.0.0.0/8"], allow_http=True)
    with c.chaos(c.answer(200, b"{}")) as server:
        answer = call(Request("GET", f"http://good.example:{server.port}/"), policy=opened, fresh=True, deadline_seconds=10)
    assert answer.status == 200
    assert b"Host: good.example:" in server.requests[0]
    assert resolver["asked"] == ["good.example"]


def test_the_next_address_is_tried_when_the_first_refuses(resolver):
    resolver["two.example"] = [("127.0.0.9", "127.0.0.1")]
    opened = NetworkPolicy.of(["127.0.0.0/8"], allow_http=True)
    with c.chaos(c.answer(200, b"{}")) as server:
        url = f"http://two.example:{server.port}/"
        assert call(Request("POST", url, body=b"{}"), policy=opened, fresh=True, deadline_seconds=10).status == 200


def test_a_slow_name_ends_on_time_and_delays_no_other(resolver):
    import threading

    gate = threading.Event()

    def slow():
        gate.wait(5)
        return ("127.0.0.1",)

    resolver["slow.example"] = [slow]
    resolver["good.example"] = [("127.0.0.1",)]
    with pytest.raises(CallError) as caught:
        call(Request("GET", "http://slow.example/"), policy=CLOSED, fresh=True, deadline_seconds=0.3)
    assert (caught.value.cause, caught.value.sent) == (Cause.DNS_TIMEOUT, Sent.NO)
    assert names.resolve("good.example", wait_seconds=0.5) == ("127.0.0.1",)
    gate.set()


def test_an_unknown_name_is_dns_and_nothing_was_sent(resolver):
    def fail():
        raise OSError("no such name")

    resolver["none.example"] = [fail]
    with pytest.raises(CallError) as caught:
        call(Request("GET", "http://none.example/"), policy=CLOSED, fresh=True, deadline_seconds=1)
    assert (caught.value.cause, caught.value.sent) == (Cause.DNS, Sent.NO)
