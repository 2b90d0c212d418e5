"""Migrate and start (G14), pages made afresh and kept (G8, G9), their weight (G15), accepting an application (G12)."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import pwd
import re
import shutil
import urllib.request
from collections.abc import Iterator

from tests.bench.figures import GZIP, LOG, QUICK, SECONDS, VAR, notes, rows, say, step
from tests.bench.portal import portal_environment, profile, python
from tests.bench.processes import Target, free_port, granian, wrk
from tests.bench.submissions import Load


def make_sites() -> tuple[dict[str, str], dict[str, str]]:
    step("Two empty databases: migrate and first start (G14)")
    ours, theirs = portal_environment("portal"), {"BENCH_LIKENESS": str(VAR / "likeness")}
    (VAR / "likeness").mkdir(parents=True, exist_ok=True)
    theirs["DJANGO_SETTINGS_MODULE"] = "tests.bench.likeness.settings"
    _, peer_cpu, _ = python("-m", "django", "migrate", "-v0", environment=theirs)
    _, our_cpu, _ = python("manage.py", "migrate", "-v0", environment=ours)
    ratio = our_cpu / peer_cpu
    say(
        "G14",
        "`migrate`, CPU, of a bare Wagtail + allauth project",
        f"{ratio:.2f}x ({our_cpu:.1f} s / {peer_cpu:.1f} s)",
        "<= 1.3x",
        ratio <= 1.3,
    )
    python("manage.py", "demo", environment=ours)
    python("manage.py", "collectstatic", "-v0", "--noinput", environment=ours)
    python("-m", "tests.bench.likeness.fill", environment=theirs)
    return ours, theirs


def starts(ours: dict[str, str], theirs: dict[str, str]) -> None:
    took: dict[str, float] = {}
    for name, application, path, environment in (
        ("peer", "tests.bench.likeness.wsgi:application", "/", theirs),
        ("portal", "portal.wsgi:application", "/", ours),
    ):
        tries = []
        for _ in range(2 if QUICK else 3):
            port = free_port()
            with Target(
                f"start-{name}",
                granian(application, port),
                log=LOG,
                url=f"http://127.0.0.1:{port}{path}",
                environment=environment,
            ) as target:
                tries.append(target.started_after)
        took[name] = min(tries)
    ratio = took["portal"] / took["peer"]
    say(
        "G14",
        "start to the first 200, of the same project",
        f"{ratio:.2f}x ({took['portal']:.1f} s / {took['peer']:.1f} s)",
        "<= 1.5x",
        ratio <= 1.5,
    )


@contextlib.contextmanager
def nginx(portal_port: int) -> Iterator[tuple[Target, str]]:
    """A front with a page cache as docs/explanation/page-cache.md asks for, and one static file."""
    port, folder = free_port(), VAR / "nginx"
    for name in ("pages", "tmp", "www"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "www" / "page.html").write_bytes(b"x" * 8192)
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
    temp = " ".join(
        f"{kind}_temp_path {folder}/tmp/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{ access_log off; {temp}
proxy_cache_path {folder}/pages keys_zone=pages:10m max_size=50m inactive=1m;
map $http_cookie $has_session {{ default 0; "~*(?:^|;\\s*)(?:__Host-sesi|sessionid|messages)=" 1; }}
upstream portal {{ server 127.0.0.1:{portal_port}; keepalive 16; }}
server {{ listen 127.0.0.1:{port}; root {folder}/www;
location = /page.html {{ }}
location / {{ proxy_pass http://portal; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host localhost;
proxy_cache pages; proxy_cache_key $scheme$host$request_uri;
proxy_cache_bypass $has_session $http_authorization; proxy_no_cache $has_session $http_authorization;
proxy_ignore_headers Cache-Control Expires Vary; proxy_set_header Accept-Encoding gzip; gunzip on; }} }} }}
"""
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    url = f"http://127.0.0.1:{port}"
    command = [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with Target("nginx", command, log=LOG, url=f"{url}/page.html") as target:
        yield target, url


def pages(ours: dict[str, str], theirs: dict[str, str]) -> None:
    step("Floors")
    floors = {"BENCH_FLOOR_DATABASE": str(VAR / "floors" / "floors.sqlite3")}
    python("-m", "tests.bench.floors", environment=floors)
    floor: dict[str, float] = {}
    for kind, paths in (("bare", ["/"]), ("middleware", ["/", "/drf", "/insert"])):
        port = free_port()
        environment = {**floors, "BENCH_FLOOR": kind}
        with Target(
            f"floor-{kind}",
            granian("tests.bench.floors:application", port),
            log=LOG,
            url=f"http://127.0.0.1:{port}/",
            environment=environment,
        ) as target:
            for path in paths:
                floor[f"{kind}{path}"] = wrk([target], f"{target.url.rstrip('/')}{path}", SECONDS).cpu_us
    for name, words in (
        ("bare/", "empty Django view, no middleware"),
        ("middleware/", "empty Django view, seven default middlewares"),
        ("middleware/drf", "empty DRF view"),
        ("middleware/insert", "DRF view with one INSERT and commit (SQLite, synchronous=FULL)"),
    ):
        say("", words, f"{floor[name]:.0f} µs")

    step("Pages as they are made (G8), against a Wagtail site in the likeness of bakerydemo")
    theirs_us: dict[str, float] = {}
    port = free_port()
    with Target(
        "likeness",
        granian("tests.bench.likeness.wsgi:application", port),
        log=LOG,
        url=f"http://127.0.0.1:{port}/",
        environment=theirs,
    ) as target:
        for name, path in (
            ("home", "/"),
            ("list", "/layanan/"),
            ("detail", "/layanan/layanan-0/"),
            ("search", "/search/?q=akta"),
        ):
            theirs_us[name] = wrk([target], f"http://127.0.0.1:{port}{path}", SECONDS).cpu_us
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Target("portal", granian("portal.wsgi:application", port), log=LOG, url=f"{url}/", environment=ours) as target:
        # A parameter the cache does not know: the page is made afresh and not kept.
        for name, path in (
            ("home", "/?bench=1"),
            ("list", "/layanan/?bench=1"),
            ("detail", "/layanan/akta-kelahiran/?bench=1"),
            ("search", "/layanan/?q=akta&bench=1"),
        ):
            run = wrk([target], f"{url}{path}", SECONDS)
            ratio = run.cpu_us / theirs_us[name]
            say(
                "G8",
                f"{name}, made afresh, CPU",
                f"{ratio:.2f}x ({run.cpu_us:.0f} / {theirs_us[name]:.0f} µs)",
                "<= 0.5x",
                ratio <= 0.5 and not run.failed,
            )
            if not rows[-1].reached:
                profile(f"{name}, made afresh", path, ours)
        step("Pages from the cache (G9)")
        for name, path in (("home", "/"), ("detail", "/layanan/akta-kelahiran/"), ("search", "/layanan/?q=akta")):
            run = wrk([target], f"{url}{path}", SECONDS, headers=GZIP)
            ratio = run.cpu_us / floor["middleware/"]
            say(
                "G9",
                f"{name} from the page cache, of an empty Django view",
                f"{ratio:.2f}x ({run.cpu_us:.0f} µs, {run.per_second:.0f}/s)",
                "<= 5x",
                ratio <= 5 and not run.failed,
            )
        plain = wrk([target], f"{url}/", SECONDS)
        say("", "home from the page cache, unpacked for a client without gzip", f"{plain.cpu_us:.0f} µs")
        with nginx(port) as (front, front_url):
            static = wrk([front], f"{front_url}/page.html", SECONDS)
            kept = wrk([front, target], f"{front_url}/", SECONDS, headers=GZIP)
            ratio = kept.cpu_us / static.cpu_us
            say(
                "G9",
                "home through nginx's cache, of a static file of 8 KiB",
                f"{ratio:.2f}x ({kept.cpu_us:.1f} / {static.cpu_us:.1f} µs)",
                "<= 2x",
                ratio <= 2 and not kept.failed,
            )
        weights(url)
    accepting(ours, floor)


def weights(url: str) -> None:
    """First view, compressed as sent: the page and everything it names (G15)."""
    for name, path in (("home", "/"), ("list", "/layanan/"), ("detail", "/layanan/akta-kelahiran/")):
        page = _fetch(f"{url}{path}")
        named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', gzip.decompress(page).decode()))
        total = len(page)
        for part in sorted(named):
            body = _fetch(f"{url}{part}")
            total += len(body)
            if part.endswith(".css"):
                css = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
                base = part.rsplit("/", 1)[0]
                for link in set(re.findall(rb'url\("?([^")]+\.woff2)', css)):
                    total += len(
                        _fetch(f"{url}{base}/{link.decode()}" if not link.startswith(b"/") else f"{url}{link.decode()}")
                    )
        say(
            "G15",
            f"first view of {name}: page, style, script, icon, fonts",
            f"{total / 1000:.1f} KB",
            "<= 30 KB, 60 KB never",
            total <= 30_000,
        )


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=GZIP), timeout=20) as answer:
        body: bytes = answer.read()
        return body


def accepting(ours: dict[str, str], floor: dict[str, float]) -> None:
    """One application by the API, without a file, against an INSERT with its commit (G12)."""
    step("Accepting an application (G12)")
    keys = json.loads(python("-m", "tests.bench.inside", "people", environment=ours)[0].splitlines()[-1])["keys"]
    port = free_port()
    with Target(
        "portal-accepting",
        granian("portal.wsgi:application", port),
        log=LOG,
        url=f"http://127.0.0.1:{port}/healthz",
        environment=ours,
    ) as target:
        Load(port, keys, 1.0, with_file=False).run()
        before = target.cpu_seconds()
        load = Load(port, keys, SECONDS, with_file=False).run()
        used = (target.cpu_seconds() - before) / max(1, len(load.took)) * 1e6
    wanted = floor["middleware/drf"] + 1.5 * (floor["middleware/insert"] - floor["middleware/drf"])
    say(
        "G12",
        "accepting an application, CPU, of 1.5 INSERT + commit beyond an empty DRF view",
        f"{used / wanted:.1f}x ({used:.0f} / {wanted:.0f} µs)",
        "<= 1x",
        used <= wanted and not load.refused,
    )
    if not rows[-1].reached:
        profile("Accepting an application", "accepting", ours)
    if load.refused:
        notes.append(f"Accepting refused {len(load.refused)}: {load.refused[0]}")


def enumeration(ours: dict[str, str]) -> None:
    """What the time of an answer tells about who has an account: nothing that 200 tries could show."""
    step("Who has an account? Medians of known and unknown by turns")
    tries = "40" if QUICK else "200"
    found = json.loads(python("-m", "tests.bench.enumeration", tries, environment=ours)[0].splitlines()[-1])
    for door, (known, unknown) in found.items():
        apart = abs(known - unknown)
        figure = f"{apart:.1f} ms apart ({known:.1f} / {unknown:.1f} ms)"
        say("S5", f"{door}, medians of {tries} known and unknown", figure, "<= 50 ms", apart <= 50)
