"""`make bench`: ratios of one run on this machine, goal by goal; nothing here is a test and nothing asserts a time."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import platform
import pwd
import re
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.processes import CORES, ROOT, Target, free_port, granian, missing_programs, wrk
from tests.bench.submissions import Load

QUICK = bool(os.environ.get("QUICK"))
SECONDS = 2.0 if QUICK else 5.0
SIZES = [94, 940] if QUICK else [94, 940, 9400]
VAR = ROOT / "var" / "bench"
LOG = VAR / "log"
PYTHON = sys.executable
GZIP = {"Accept-Encoding": "gzip"}


@dataclass
class Row:
    goal: str
    what: str
    figure: str
    wanted: str = ""
    reached: bool | None = None


rows: list[Row] = []
notes: list[str] = []
loads: list[float] = []
profiles: dict[str, str] = {}


def say(goal: str, what: str, figure: str, wanted: str = "", reached: bool | None = None) -> None:
    rows.append(Row(goal, what, figure, wanted, reached))
    mark = "" if reached is None else "   reached" if reached else "   MISSED"
    print(f"{goal:4} {what}: {figure}{f'  (goal {wanted})' if wanted else ''}{mark}", flush=True)


def step(what: str) -> None:
    print(f"--- {what}", flush=True)


def python(*arguments: str, environment: dict[str, str]) -> tuple[str, float, float]:
    """Run to the end: what it printed, CPU seconds, seconds."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [PYTHON, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, cpu, time.monotonic() - begin


def portal_environment(folder: str, **more: str) -> dict[str, str]:
    """The portal with data of its own and no demo keys of anybody else's."""
    path = VAR / folder
    path.mkdir(parents=True, exist_ok=True)
    return {
        "DJANGO_SETTINGS_MODULE": "portal.settings.dev",
        "VAR_DIR": str(path),
        "DEMO": "1",
        "LOG_LEVEL": "ERROR",
        "WEB_THREADS": "16",
        "DATABASE_URL": f"sqlite:///{path / 'portal.sqlite3'}",
        **more,
    }


def profile(title: str, what: str, environment: dict[str, str]) -> None:
    """A goal that is missed comes with its profile."""
    profiles[title] = python("-m", "tests.bench.inside", "profile", what, environment=environment)[0]


# --- G14: migrate and start, which also make the two sites --------------------------------------------------------------


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


# --- floors, pages and the page cache -----------------------------------------------------------------------------------


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
proxy_cache pages; proxy_cache_key $scheme$host$request_uri; proxy_cache_lock on;
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


# --- PostgreSQL and Redis: search, publish, load ------------------------------------------------------------------------


@contextlib.contextmanager
def servers() -> Iterator[dict[str, str] | None]:
    """A PostgreSQL cluster and a Redis of this run, or None when they are not installed."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries or shutil.which("redis-server") is None:
        notes.append("PostgreSQL or Redis is not installed (Debian: postgresql redis-server): those rows ran on SQLite.")
        yield None
        return
    folder, account = Path(f"/tmp/layanan-kota-bench-{os.getpid()}"), "postgres" if os.getuid() == 0 else None
    folder.mkdir(mode=0o755)
    if account:
        shutil.chown(folder, account, account)
    data = folder / "data"
    try:
        subprocess.run(
            [str(binaries[-1] / "initdb"), "-D", str(data), "-A", "trust", "-U", "portal", "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True, capture_output=True, user=account, group=account, cwd="/",
        )  # fmt: skip
        port, redis_port = free_port(), free_port()
        command = [
            str(binaries[-1] / "postgres"),
            "-D",
            str(data),
            "-p",
            str(port),
            "-k",
            str(folder),
            "-h",
            "127.0.0.1",
            "-c",
            "shared_buffers=256MB",
        ]
        redis = [
            "redis-server",
            "--port",
            str(redis_port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            "/tmp",
        ]
        with Target("postgres", command, log=LOG, pinned=False, user=account), Target("redis", redis, log=LOG, pinned=False):
            for _ in range(100):
                ready = subprocess.run(
                    [str(binaries[-1] / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)], capture_output=True, check=False
                )
                if ready.returncode == 0:
                    break
                time.sleep(0.1)
            subprocess.run(
                [str(binaries[-1] / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "portal", "portal"], check=True
            )
            yield {
                "DATABASE_URL": f"postgres://portal@127.0.0.1:{port}/portal",
                "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def full() -> None:
    with servers() as addresses:
        environment = portal_environment("full", **(addresses or {}))
        step("A city on PostgreSQL and Redis" if addresses else "A city on SQLite")
        python("manage.py", "migrate", "-v0", environment=environment)
        python("manage.py", "demo", environment=environment)
        python("manage.py", "collectstatic", "-v0", "--noinput", environment=environment)
        under_load(environment)
        sizes(environment)


def under_load(environment: dict[str, str]) -> None:
    loads.append(os.getloadavg()[0])
    step("Everything on it: web, worker, PostgreSQL, Redis, load on the same cores (G16)")
    people = json.loads(python("-m", "tests.bench.inside", "people", environment=environment)[0].splitlines()[-1])
    port = free_port()
    worker = [
        PYTHON,
        "-m",
        "celery",
        "-q",
        "-A",
        "portal",
        "worker",
        "--pool",
        "threads",
        "--concurrency",
        "8",
        "--loglevel",
        "ERROR",
    ]
    web = [*granian("portal.wsgi:application", port)]
    web[web.index("--workers") + 1] = "2"
    url = f"http://127.0.0.1:{port}"
    with (
        Target("full-web", web, log=LOG, url=f"{url}/", environment=environment, pinned=False) as target,
        Target("full-worker", worker, log=LOG, environment={**environment, "EMBED_BEAT": "1"}, pinned=False),
    ):
        paths = ["/", "/layanan/", "/layanan/akta-kelahiran/", "/layanan/?q=akta"]
        runs = [wrk([target], f"{url}{path}", SECONDS, headers=GZIP) for path in paths]
        slowest = min(runs, key=lambda run: run.per_second)
        say(
            "G16",
            "public pages, the slowest of home, list, detail and search",
            f"{slowest.per_second:.0f}/s (99 % within {slowest.p99_ms:.0f} ms)",
            ">= 300/s",
            slowest.per_second >= 300 and not any(r.failed for r in runs),
        )
        cookie = {"Cookie": f"sessionid={people['session']}", **GZIP}
        runs = [
            wrk([target], f"{url}{path}", SECONDS, headers=cookie) for path in ("/akun/", "/", "/layanan/akta-kelahiran/")
        ]
        slowest = min(runs, key=lambda run: run.per_second)
        say(
            "G16",
            "pages of a signed-in resident, the slowest of account, home and detail",
            f"{slowest.per_second:.0f}/s (99 % within {slowest.p99_ms:.0f} ms)",
            ">= 60/s",
            slowest.per_second >= 60 and not any(r.failed for r in runs),
        )
        load = Load(port, people["keys"], 3 * SECONDS, with_file=True).run()
        slow = sorted(load.took)[int(len(load.took) * 0.95)] if load.took else 0.0
        say(
            "G16",
            "applications with a file of 1 MiB, accepted",
            f"{load.per_second:.1f}/s (95 % within {slow * 1000:.0f} ms, {len(load.refused)} refused)",
            ">= 20/s",
            load.per_second >= 20 and not load.refused,
        )
        if load.refused:
            notes.append(f"Refused under load: {load.refused[0]}")


def sizes(environment: dict[str, str]) -> None:
    step(f"Growing to {', '.join(map(str, SIZES))} services as real pages (G8, G10, G11)")
    found = json.loads(
        python(
            "-m", "tests.bench.inside", "sizes", ",".join(map(str, SIZES)), "10" if QUICK else "25", environment=environment
        )[0].splitlines()[-1]
    )
    (VAR / "sizes.json").write_text(json.dumps(found, indent=1))
    first, last = found[0], found[-1]
    for name, page in first["queries_and_time"].items():
        counts = [size["queries_and_time"][name]["queries"] for size in found]
        kept = [size["queries_and_time"][name]["kept_queries"] for size in found]
        most = 12 if name.startswith(("search", "detail")) else 15
        say(
            "G8",
            f"{name}, statements at {_sizes(found)}",
            f"{_many(counts)} made afresh, {_many(kept)} kept",
            f"<= {most}, equal",
            max(counts) <= most and len(set(counts)) == 1,
        )
        times = [size["queries_and_time"][name] for size in found]
        say(
            "",
            f"{name}, ms in the process at {_sizes(found)}",
            f"{_ms([t['ms'] for t in times])} made afresh, {_ms([t['kept_ms'] for t in times])} kept",
        )
        del page
    for size in found:
        rare = size["search"]["rare word"]
        ratio = rare["ours_ms"] / rare["wagtail_ms"]
        say(
            "G10",
            f"rare word at {size['services']}, of Wagtail's backend (which has the titles only)",
            f"{ratio:.2f}x ({rare['ours_ms']:.1f} / {rare['wagtail_ms']:.1f} ms)",
            "<= 0.05x",
            ratio <= 0.05,
        )
    for name in first["search"]:
        times = [size["search"][name]["ours_ms"] for size in found]
        growth = times[-1] / times[0]
        say("G10", f"{name}, ms at {_sizes(found)}", f"{_ms(times)}, growth {growth:.1f}x", "<= 3x", growth <= 3)
    plain, typo, typing = (last["search"][n]["ours_ms"] for n in ("two words", "typo", "while typing"))
    say(
        "G10",
        f"a corrected typo, of the plain search, at {last['services']}",
        f"{typo / plain:.1f}x",
        "<= 2x",
        typo / plain <= 2,
    )
    say(
        "G10",
        f"while typing, of the plain search, at {last['services']}",
        f"{typing / plain:.1f}x",
        "<= 1x",
        typing / plain <= 1,
    )
    if any(row.goal == "G10" and not row.reached for row in rows):
        profiles[f"Search at {last['services']:,}: {', '.join(last['search'])}"] = last["search_profile"]
    times = [size["publish_to_findable_ms"] for size in found]
    say(
        "G11",
        f"publish to findable, in one transaction, ms at {_sizes(found)}",
        f"{_ms(times)}, growth {times[-1] / times[0]:.1f}x",
        "flat (<= 1.5x)",
        times[-1] / times[0] <= 1.5,
    )


def _sizes(found: list[dict[str, Any]]) -> str:
    return " / ".join(f"{size['services']:,}" for size in found)


def _many(counts: list[int]) -> str:
    return str(counts[0]) if len(set(counts)) == 1 else " / ".join(map(str, counts))


def _ms(times: list[float]) -> str:
    return " / ".join(f"{t:.1f}" for t in times)


# --- the report ---------------------------------------------------------------------------------------------------------


def report(seconds: float) -> None:
    moment = datetime.now().astimezone()
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    machine = f"{len(CORES)} cores of {model}, Python {platform.python_version()}"
    lines = [
        "# Bench",
        "",
        f"{moment:%Y-%m-%d %H:%M}, {machine}; `make bench{' QUICK=1' if QUICK else ''}` took {seconds / 60:.0f} minutes.",
        "Ratios of one run; absolute figures are of this machine. The target has one core, wrk (16 connections) the other; CPU is user",
        "and system time of the target's processes for each completed request. Pages are compared on SQLite; search, growth and load",
        "run on PostgreSQL and Redis when they are installed. The Wagtail site is of our own making, in the likeness of bakerydemo",
        "(menus, crumbs, renditions, rich text blocks, tags), with the same 94 texts; it is not bakerydemo. Services beyond the 94 are",
        "real pages of the tree, copied as rows and projected as always. "
        f"Load average before the run {loads[0]:.1f}, when the load rows began {loads[-1]:.1f}.",
        "",
        "| goal | what | figure | wanted | |",
        "|---|---|---|---|---|",
        *(
            f"| {r.goal} | {r.what} | {r.figure} | {r.wanted} | {'' if r.reached is None else 'reached' if r.reached else '**missed**'} |"
            for r in rows
        ),
        "",
        *(f"- {note}" for note in notes),
        *(["## Where the time goes in what was missed", ""] if profiles else []),
        *(f"{title}:\n\n```\n{text.rstrip()}\n```\n" for title, text in profiles.items()),
    ]
    text = "\n".join(lines).rstrip() + "\n"
    name = f"{moment:%Y-%m-%d-%H%M}{'-quick' if QUICK else ''}"
    (VAR / f"{name}.md").write_text(text)
    data = {"at": moment.isoformat(), "machine": machine, "quick": QUICK, "rows": [asdict(r) for r in rows], "notes": notes}
    (VAR / f"{name}.json").write_text(json.dumps(data, indent=1, ensure_ascii=False))
    missed = sum(r.reached is False for r in rows)
    print(f"\n{sum(r.reached is True for r in rows)} goals reached, {missed} missed. The table is in {VAR / name}.md")


def main() -> None:
    if missing := missing_programs():
        raise SystemExit(f"Not installed: {', '.join(missing)}. On Debian: apt-get install wrk util-linux nginx-light")
    begin = time.monotonic()
    only = os.environ.get("ONLY", "pages,full").split(",")
    for folder in [
        *(("portal", "likeness", "nginx", "floors") if "pages" in only else ()),
        *(("full",) if "full" in only else ()),
    ]:
        shutil.rmtree(VAR / folder, ignore_errors=True)
    (VAR / "floors").mkdir(parents=True, exist_ok=True)
    LOG.mkdir(parents=True, exist_ok=True)
    loads.append(os.getloadavg()[0])
    if "pages" in only:
        ours, theirs = make_sites()
        starts(ours, theirs)
        pages(ours, theirs)
    if "full" in only:
        full()
    report(time.monotonic() - begin)


if __name__ == "__main__":
    main()
