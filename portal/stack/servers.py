"""PostgreSQL, Redis and nginx as children of the stack, each with its own folder, configuration and loopback port."""

from __future__ import annotations

import base64
import os
import signal
import string
import subprocess
import tempfile
from pathlib import Path

from portal.demo.pretend import OLD_APP
from portal.stack.configuration import ROOT, Stack, current_account, folder_for, give, own, program, server_account
from portal.stack.supervision import Child, StartError

_POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
}
# For a cluster that is thrown away: nothing waits for the disk.
_FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def postgres(stack: Stack, port: int | None = None, *, lasting: bool = True) -> Child:
    """A cluster of our own: made at the first start, account and database `portal`, password in the stack's folder.

    One that is not `lasting` is quicker, and a failing machine would lose it.
    """
    account = server_account()
    data = folder_for(account, stack.var / "postgres")
    own(data, account)
    if not (data / "PG_VERSION").exists():
        _make_cluster(stack, data, account)
    options = _POSTGRES_OPTIONS if lasting else _POSTGRES_OPTIONS | _FLEETING
    options = {**options, "port": str(port or stack.postgres), "unix_socket_directories": str(data)}
    command = [program("postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    return Child("postgres", command, environment, stack.log, user=account, stop_signal=signal.SIGINT)


def _make_cluster(stack: Stack, data: Path, account: str | None) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as password:
        password.write(stack.database_password)
        password.flush()
        give(Path(password.name), account)
        command = [program("initdb"), "-D", str(data), "-U", "portal", "--auth=scram-sha-256", f"--pwfile={password.name}"]
        made = subprocess.run(
            [*command, "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"],
            user=account,
            group=account,
            extra_groups=[] if account else None,
            cwd=data,
            capture_output=True,
            text=True,
            check=False,
        )
    if made.returncode:
        raise StartError(f"The database cannot be made: {made.stderr.strip()}")


def redis(stack: Stack) -> Child:
    """Cache and broker. Nothing in it is the only copy of anything, so it writes nothing to disk."""
    folder = stack.var / "redis"
    folder.mkdir(exist_ok=True)
    options = {"bind": "127.0.0.1", "port": str(stack.redis), "dir": str(folder), "save": "", "appendonly": "no"}
    options |= {"maxmemory": "256mb", "maxmemory-policy": "volatile-lru", "loglevel": "warning"}
    command = [program("redis-server"), *(part for name, value in options.items() for part in (f"--{name}", value))]
    return Child("redis", command, dict(os.environ), stack.log)


def nginx(stack: Stack) -> Child:
    folder = stack.var / "nginx"
    (folder / "run").mkdir(parents=True, exist_ok=True)
    text = _filled(
        "nginx.conf.template",
        NGINX_USER=current_account(),
        NGINX_RUN=folder / "run",
        NGINX_PROXY=ROOT / "docker" / "nginx.proxy.conf",
        PORTAL_UPSTREAM=f"127.0.0.1:{stack.web}",
        HTTP_LISTEN=f"127.0.0.1:{stack.http}",
        HTTPS_LISTEN=f"127.0.0.1:{stack.https}",
        PUBLIC_URL=stack.url,
        TLS_CERTIFICATE=stack.var / "tls" / "portal.crt",
        TLS_KEY=stack.var / "tls" / "portal.key",
        STATIC_ROOT=stack.var / "static",
        MEDIA_ROOT=stack.var / "media",
        PAGES_LOG=stack.pages_log,
    )
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    (folder / "run" / "apps").mkdir(exist_ok=True)
    app = _filled(
        "nginx.old-app.conf.template",
        APP_LISTEN=f"127.0.0.1:{stack.old_app}",
        APP_UPSTREAM=f"127.0.0.1:{OLD_APP.chosen_port()}",
        APP_KEY=base64.b64encode(b"arsip-lama:arsip-lama-secret").decode(),
        PUBLIC_URL=stack.url,
        PORTAL_HOST=f"localhost:{stack.https}",
        PORTAL_NAME="localhost",
        PORTAL_CA=stack.certificate_authority,
        TLS_CERTIFICATE=stack.var / "tls" / "portal.crt",
        TLS_KEY=stack.var / "tls" / "portal.key",
    )
    (folder / "run" / "apps" / "old-app.conf").write_text(app, encoding="utf-8")
    command = [program("nginx"), "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]
    return Child("nginx", command, dict(os.environ), stack.log)


def _filled(name: str, **values: object) -> str:
    """A template of docker/ with its ${NAMES}; what is nginx's own stays."""
    return string.Template((ROOT / "docker" / name).read_text(encoding="utf-8")).safe_substitute(values)
