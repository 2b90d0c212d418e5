"""The proxy of lookups (G1 to G7): what one passing through costs, against peers that pass the same 2 KiB through."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys

from tests.bench.figures import LOG, SECONDS, VAR, profiles, say, step
from tests.bench.portal import portal_environment, python
from tests.bench.processes import Run, Target, free_port, granian, wrk


def _nginx(name: str, server: str, path: str) -> Target:
    """One process of nginx; `server` is what its one server does."""
    folder = VAR / name
    folder.mkdir(parents=True, exist_ok=True)
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
    temp = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"""{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{ access_log off; {temp} types {{ application/json json; }} keepalive_requests 1000000;
{server} }}
"""
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return Target(name, [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)], log=LOG, url=path)


def _backend(port: int) -> Target:
    """nginx with two files: as fast a department as there is."""
    www = VAR / "gateway-backend" / "www"
    www.mkdir(parents=True, exist_ok=True)
    for name, size in (("2k", 1900), ("100k", 100_000)):
        text = json.dumps({"isi": "x" * size, "nama": "Contoh", "lain": [1, 2, 3]})
        (www / f"{name}.json").write_text(text)
    server = f"server {{ listen 127.0.0.1:{port} backlog=512; root {www}; }}"
    return _nginx("gateway-backend", server, f"http://127.0.0.1:{port}/2k.json")


def _proxy_pass(port: int, backend: int) -> Target:
    """nginx in front of it, which asks nobody and writes nothing down."""
    server = f"""upstream department {{ server 127.0.0.1:{backend}; keepalive 64; }}
server {{ listen 127.0.0.1:{port} backlog=512;
location / {{ proxy_pass http://department; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}"""
    return _nginx("gateway-proxy-pass", server, f"http://127.0.0.1:{port}/2k.json")


def gateway() -> None:
    step("The proxy of lookups (G1 to G7)")
    backend_port = free_port()
    backend = f"http://127.0.0.1:{backend_port}"
    slow_port = free_port()
    slow = f"http://127.0.0.1:{slow_port}"
    ours = portal_environment(
        "gateway-portal",
        BENCH_BACKEND=backend,
        BENCH_SLOW_BACKEND=slow,
        ADAPTER_ALLOWED_NETWORKS="127.0.0.0/8",
        ADAPTER_ALLOW_HTTP="1",
        DEMO="1",
    )
    shutil.rmtree(VAR / "gateway-portal", ignore_errors=True)
    portal_environment("gateway-portal")
    python("manage.py", "migrate", "-v0", environment=ours)
    token = python("-m", "tests.bench.gateway_seed", environment=ours)[0].strip().splitlines()[-1]
    cost: dict[str, Run] = {}
    with _backend(backend_port) as direct:
        cost["direct"] = wrk([direct], f"{backend}/2k.json", SECONDS)
        _peers(cost, backend_port)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        application = granian("portal.wsgi:application", port)
        with Target("gateway-portal", application, log=LOG, url=f"{url}/healthz", environment=ours) as target:
            bearer = {"Authorization": f"Bearer {token}"}
            for name, path, headers in (
                ("bare", "bench/lookups/bare", {}),
                ("large", "bench/lookups/large", {}),
                ("full", "bench/lookups/full", bearer),
                ("kept", "bench/lookups/kept", {}),
                ("open", "bench-down/lookups/bare", {}),
            ):
                cost[name] = wrk([target], f"{url}/api/v1/services/{path}", SECONDS, headers=headers)
        _waiting(slow, slow_port, ours)
        if not _said(cost):
            for title, given in (("nobody asked who", ["bare"]), ("with everything", ["full", token]), ("kept", ["kept"])):
                found = python("-m", "tests.bench.gateway_profile", *given, environment=ours)[0]
                profiles[f"Lookup, {title} (4,000 of them, one after the other)"] = found


def _waiting(slow: str, slow_port: int, ours: dict[str, str]) -> None:
    """G6: a department that needs 50 ms, 64 connections, one process of ours with a thread for each."""
    run = {}
    department = [sys.executable, "-m", "tests.bench.slow_backend", str(slow_port)]
    with Target("slow-backend", department, log=LOG, url=f"{slow}/2k.json", pinned=False) as direct:
        run["direct"] = wrk([direct], f"{slow}/2k.json", SECONDS, connections=64)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        application = granian("tests.bench.gateway_peers:application", port, threads=64)
        peer = {"BENCH_BACKEND": f"{slow}/"}
        with Target("slow-revproxy", application, log=LOG, url=f"{url}/ready", environment=peer) as target:
            run["revproxy"] = wrk([target], f"{url}/2k.json", SECONDS, connections=64)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        application = granian("portal.wsgi:application", port, threads=64)
        with Target("slow-portal", application, log=LOG, url=f"{url}/healthz", environment=ours) as target:
            lookup = f"{url}/api/v1/services/bench-slow/lookups/bare"
            run["ours"] = wrk([target], lookup, SECONDS, connections=64)
    direct, ours_run, peer_run = run["direct"], run["ours"], run["revproxy"]
    share, late = ours_run.per_second / direct.per_second, ours_run.p95_ms / direct.p95_ms
    failed = f", {ours_run.failed} failed" if ours_run.failed else ""
    say(
        "G6",
        "lookup of a department that needs 50 ms, 64 connections, requests/s of going direct",
        f"{share:.2f}x ({ours_run.per_second:.0f} / {direct.per_second:.0f}{failed}; "
        f"django-revproxy with as many threads {peer_run.per_second / direct.per_second:.2f}x)",
        ">= 0.9x",
        share >= 0.9,
    )
    say("G6", "the same, p95 of going direct", f"{late:.2f}x ({ours_run.p95_ms:.0f} ms)", "<= 2x", late <= 2)


def _peers(cost: dict[str, Run], backend_port: int) -> None:
    port = free_port()
    with _proxy_pass(port, backend_port) as target:
        cost["proxy_pass"] = wrk([target], f"http://127.0.0.1:{port}/2k.json", SECONDS)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"BENCH_BACKEND": f"http://127.0.0.1:{backend_port}/"}
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "16"),
        *("--worker-class", "gthread", "--log-level", "error", "tests.bench.gateway_peers:application"),
    ]
    with Target("revproxy", command, log=LOG, url=f"{url}/ready", environment=environment) as target:
        cost["revproxy"] = wrk([target], f"{url}/2k.json", SECONDS)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    application = granian("tests.bench.gateway_peers:application", port)
    with Target("empty-drf", application, log=LOG, url=f"{url}/ready", environment=environment) as target:
        cost["drf"] = wrk([target], f"{url}/drf", SECONDS)


def _said(cost: dict[str, Run]) -> bool:
    """Says every row; whether all goals were reached."""
    all_reached = True
    peer, empty = cost["revproxy"].cpu_us, cost["drf"].cpu_us
    say("", "backend direct (nginx, 2 KiB)", f"{cost['direct'].cpu_us:.0f} µs")
    say("", "nginx proxy_pass, which asks nobody", f"{cost['proxy_pass'].cpu_us:.0f} µs")
    say("", "django-revproxy on gunicorn threads", f"{peer:.0f} µs, {cost['revproxy'].failed} failed")
    say("", "empty DRF view, default middleware, granian", f"{empty:.0f} µs")
    for goal, what, name, base, words, limit in (
        ("G1", "lookup, nobody asked who, nothing kept, 2 KiB", "bare", peer, "django-revproxy", 0.40),
        ("G2", "lookup with token, scope, limit, breaker, access entry", "full", peer, "django-revproxy", 0.55),
        ("G3", "the same", "full", empty, "an empty DRF view", 1.2),
        ("G4", "lookup from the cache", "kept", empty, "an empty DRF view", 0.7),
        ("G5", "lookup of 100 KiB", "large", cost["bare"].cpu_us, "2 KiB", 1.5),
        ("G7", "lookup while the breaker is open", "open", empty, "an empty DRF view", 1.3),
    ):
        ratio = cost[name].cpu_us / base
        failed = f", {cost[name].failed} failed" if cost[name].failed and name != "open" else ""
        say(
            goal,
            f"{what}, CPU, of {words}",
            f"{ratio:.2f}x ({cost[name].cpu_us:.0f} µs{failed})",
            f"<= {limit}x",
            ratio <= limit,
        )
        all_reached = all_reached and ratio <= limit
    return all_reached
