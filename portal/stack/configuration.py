"""Where the full stack keeps its data, which ports it takes and what its processes find in their environment."""

from __future__ import annotations

import getpass
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from portal.stack.supervision import StartError

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = {"postgres": "postgresql", "redis-server": "redis-server", "nginx": "nginx"}


@dataclass(frozen=True)
class Stack:
    """One full stack: its folder and its ports, all on loopback."""

    var: Path
    https: int
    http: int
    web: int
    old_app: int
    postgres: int
    redis: int

    @classmethod
    def from_environment(cls) -> Stack:
        def port(name: str, default: int) -> int:
            return int(os.environ.get(name, default))

        https = port("FULL_PORT", 8443)
        return cls(
            var=Path(os.environ.get("FULL_DIR", ROOT / "var" / "full")).resolve(),
            https=https,
            http=port("FULL_HTTP_PORT", 8080),
            web=port("FULL_WEB_PORT", 18000),
            old_app=port("FULL_OLD_APP_PORT", 8444),
            postgres=port("FULL_POSTGRES_PORT", 15432),
            redis=port("FULL_REDIS_PORT", 16379),
        )

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    @property
    def old_app_url(self) -> str:
        """Another host than the portal's: browsers keep cookies by host, not by port."""
        return f"https://127.0.0.1:{self.old_app}"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def pages_log(self) -> Path:
        """What is counted of public pages."""
        return self.log / "pages.log"

    @property
    def ports(self) -> dict[str, int]:
        """Port by the variable that chooses it."""
        return {
            "FULL_PORT": self.https,
            "FULL_HTTP_PORT": self.http,
            "FULL_WEB_PORT": self.web,
            "FULL_OLD_APP_PORT": self.old_app,
            "FULL_POSTGRES_PORT": self.postgres,
            "FULL_REDIS_PORT": self.redis,
        }

    @cached_property
    def database_password(self) -> str:
        path = self.var / "database_password"
        if not path.exists():
            path.touch(0o600)
            path.write_text(secrets.token_urlsafe(24), encoding="ascii")
        return path.read_text(encoding="ascii")

    @property
    def database_url(self) -> str:
        return f"postgres://portal:{self.database_password}@127.0.0.1:{self.postgres}/portal"

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis}/0"

    @property
    def certificate_authority(self) -> Path:
        return self.var / "tls" / "ca.crt"

    def environment(self) -> dict[str, str]:
        """What every process of the portal finds. The caller's own values win, so that a test can shorten the waits."""
        chosen = {
            "WEB_THREADS": "32",
            "WORKER_THREADS": "16",
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.full",
            "DEMO": "1",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PUBLIC_URL": self.url,
            "OLD_APP_URL": self.old_app_url,
            "PORT": str(self.https),
            "TRUSTED_PROXIES": "1",
            "VAR_DIR": str(self.var),
            "PAGE_LOGS": str(self.pages_log),
            "PYTHONUNBUFFERED": "1",
            "SSL_CERT_FILE": str(self.certificate_authority),
        }
        chosen.pop("FAULT_FILE", None)
        if fault := os.environ.get("FULL_FAULT_FILE"):
            chosen["FAULT_FILE"] = fault
        return chosen


def server_account() -> str | None:
    """PostgreSQL refuses to run as root: then its package's own account runs it."""
    return "postgres" if os.geteuid() == 0 else None


def current_account() -> str:
    return getpass.getuser()


def folder_for(account: str | None, wanted: Path) -> Path:
    """`wanted`, or a folder of the system's scratch space when `account` cannot reach it (a checkout in a private home)."""
    if account is None or _reaches(account, wanted.parent):
        return wanted
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"layanan-kota-{digest}"


def _reaches(account: str, folder: Path) -> bool:
    test = subprocess.run(["test", "-x", str(folder)], user=account, group=account, extra_groups=[], check=False)
    return test.returncode == 0


def own(folder: Path, account: str | None) -> None:
    """A folder of `account` alone. Raises StartError for one that somebody else has put there."""
    wanted = os.geteuid() if account is None else pwd.getpwnam(account).pw_uid
    try:
        folder.mkdir(mode=0o700, parents=True)
        give(folder, account)
    except FileExistsError:
        if folder.is_symlink() or folder.stat().st_uid != wanted:
            raise StartError(f"{folder} belongs to somebody else. Remove it, or choose another FULL_DIR.") from None


def give(path: Path, account: str | None) -> None:
    """Hand a file or folder that this process has made to the account that runs the server."""
    if account is not None:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def program(name: str) -> str:
    """Path of a server's program. Raises StartError that names the package."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin")]
    path = os.pathsep.join([*(str(place) for place in places), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        raise StartError(f"{name} is not installed. As root: make packages")
    return found


def missing_packages() -> list[str]:
    found = []
    for name, package in PACKAGES.items():
        try:
            program(name)
        except StartError:
            found.append(package)
    return found


def install(packages: list[str]) -> None:
    """Install Debian packages without starting their services: ours run beside any that are there. Raises StartError."""
    if not packages:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (
        ["apt-get", "update", "-qq"],
        [
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "RUNLEVEL=1",
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
        ],
    ):
        full = [*sudo, *command, *(packages if "install" in command else [])]
        if subprocess.run(full, stdout=subprocess.DEVNULL, check=False).returncode:
            raise StartError(f"Install these Debian packages first: sudo apt-get install {' '.join(packages)}")
