"""The pretend departments of the demo city: each its own process with its own store. Needs no Django."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.stack.supervision import Child


@dataclass(frozen=True)
class PretendDepartment:
    """`module` is run as a process on `port` (the variable `port_setting` chooses another).

    connection: the connection whose backend it is; empty for an app that people sign in to.
    """

    name: str
    label: str
    module: str
    connection: str
    port: int
    port_setting: str
    arguments: tuple[str, ...] = ()

    def chosen_port(self, environment: Mapping[str, str] = os.environ) -> int:
        return int(environment.get(self.port_setting, self.port))

    def child(self, *, portal: str, var_dir: Path, environment: dict[str, str], log_dir: Path) -> Child:
        command = [
            *(sys.executable, "-m", self.module, "--port", str(self.chosen_port(environment))),
            *self.arguments,
            *("--store", str(var_dir / f"{self.name.replace('-', '_')}.sqlite3"), "--portal", portal),
        ]
        return Child(self.name, command, environment, log_dir)


QUEUE_APP = PretendDepartment(
    name="queue-app",
    label="Pretend queue app",
    module="tests.backends.queue_app",
    connection="",
    port=8103,
    port_setting="QUEUE_PORT",
)
NATIONAL_ID = PretendDepartment(
    name="national-id",
    label="Pretend national ID",
    module="tests.backends.national_id",
    connection="",
    port=8104,
    port_setting="NATIONAL_ID_PORT",
)
# Needs an nginx of its own in front: with the full stack only.
OLD_APP = PretendDepartment(
    name="old-app",
    label="Pretend old app",
    module="tests.backends.old_app",
    connection="",
    port=8105,
    port_setting="OLD_APP_PORT",
)
PRETEND_DEPARTMENTS = (
    PretendDepartment(
        name="civil-registry",
        label="Pretend civil registry",
        module="tests.backends.civil_registry",
        connection="dukcapil",
        port=8101,
        port_setting="REGISTRY_PORT",
    ),
    PretendDepartment(
        name="public-works",
        label="Pretend public works",
        module="tests.backends.public_works",
        connection="pekerjaan-umum",
        port=8102,
        port_setting="WORKS_PORT",
    ),
    PretendDepartment(
        name="city-tax",
        label="Pretend city tax",
        module="tests.backends.city_tax",
        connection="pajak-kota",
        port=8106,
        port_setting="TAX_PORT",
    ),
    PretendDepartment(
        name="dishub",
        label="Pretend transport",
        module="tests.backends.small_offices",
        connection="uji-kir",
        port=8107,
        port_setting="KIR_PORT",
        arguments=("--department", "dishub"),
    ),
    PretendDepartment(
        name="naker",
        label="Pretend labour",
        module="tests.backends.small_offices",
        connection="kartu-pencari-kerja",
        port=8108,
        port_setting="LABOUR_PORT",
        arguments=("--department", "naker"),
    ),
    PretendDepartment(
        name="dinkes",
        label="Pretend health",
        module="tests.backends.small_offices",
        connection="jkn-daerah",
        port=8109,
        port_setting="HEALTH_PORT",
        arguments=("--department", "dinkes"),
    ),
    QUEUE_APP,
    NATIONAL_ID,
)
