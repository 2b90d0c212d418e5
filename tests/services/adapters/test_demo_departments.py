"""Every department of the demo city keeps its contract: each binding passes its tests against the pretend department."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from portal.lib.clocks import today
from services.adapters import contract, oauth, standing
from services.adapters.gateway import binding_for
from services.adapters.models import Connection
from services.cases import delivery as work
from services.cases.actions import submit_case
from services.cases.models import Case, Delivery
from services.catalogue.models import Service
from services.forms.queries import current_version
from tests.backends import city_tax, civil_registry, public_works, small_offices
from tests.backends.civil_registry_store import Store
from tests.backends.office import Server

SECRETS = {
    "DUKCAPIL__CLIENT_SECRET": civil_registry.CLIENT_SECRET,
    "DUKCAPIL__WEBHOOK": civil_registry.WEBHOOK_SECRET,
    "PEKERJAAN_UMUM__API_KEY": public_works.API_KEY,
    "PAJAK_KOTA__PASSWORD": city_tax.PASSWORD,
    "UJI_KIR__TOKEN": "dishub-demo-token",
    "KARTU_PENCARI_KERJA__PASSWORD": "naker-demo-password",
    "JKN_DAERAH__API_KEY": "dinkes-demo-key",
}


def _registry(folder: Path) -> Server:
    secrets = {"webhook_secret": civil_registry.WEBHOOK_SECRET, "client_secret": civil_registry.CLIENT_SECRET}
    store = Store(str(folder / "registry.sqlite3"))
    return civil_registry.serve(civil_registry.Registry(store, portal="http://127.0.0.1:1", idempotency="key", **secrets), 0)


def _works(folder: Path) -> Server:
    store = public_works.WorksStore(str(folder / "works.sqlite3"))
    return public_works.serve(public_works.PublicWorks(store, idempotency="lookup"), 0)


def _tax(folder: Path) -> Server:
    return city_tax.serve(city_tax.CityTax(city_tax.TaxStore(str(folder / "tax.sqlite3")), idempotency="key"), 0)


def _small(department: str) -> Callable[[Path], Server]:
    return lambda folder: small_offices.serve(department, str(folder / f"{department}.sqlite3"), 0)


OFFICES: dict[str, Callable[[Path], Server]] = {
    "dukcapil": _registry,
    "pekerjaan-umum": _works,
    "pajak-kota": _tax,
    "uji-kir": _small("dishub"),
    "kartu-pencari-kerja": _small("naker"),
    "jkn-daerah": _small("dinkes"),
}


@pytest.fixture
def offices(demo_city: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All of them, each in a thread of this process."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"ADAPTER_SECRET__{name}", value)
    oauth._tokens.clear()
    servers = []
    for code, make in OFFICES.items():
        server = make(tmp_path)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        Connection.objects.filter(code=code).update(base_url=url, test_url=url)
        servers.append(server)
    yield
    for server in servers:
        server.shutdown()
        server.server_close()


def test_at_least_eight_services_of_different_shape_are_bound_and_keep_their_contract(offices: None) -> None:
    tested = {}
    for connection in Connection.objects.exclude(kind="inbox"):
        for binding in standing.bindings_of(connection):
            run = contract.run(binding)
            tested[binding.service.code] = [row for row in run.rows if row["result"] == "bad"]
    wanted = {"akta-kelahiran", "ktp-el-cetak-ulang", "cek-tagihan-pbb", "sedot-tinja", "uji-kir"}
    assert tested.keys() >= wanted | {"kartu-pencari-kerja", "aktivasi-jkn-daerah"}
    assert len(tested) >= 8
    assert not any(tested.values()), tested


@pytest.mark.parametrize("code", ["uji-kir", "kartu-pencari-kerja", "aktivasi-jkn-daerah"])
def test_an_application_arrives_at_the_small_departments(offices: None, alice: User, code: str) -> None:
    service = Service.objects.get(code=code)
    assert service.form is not None
    binding = binding_for(service)
    assert binding is not None
    spec = binding.connection.operations.get(name="submit").spec
    case = submit_case(
        service,
        resident=alice,
        version=current_version(service.form),
        answers=contract.answers_for(binding, spec),
        attachments=[],
        submission_key="uji:1",
        body_digest="d",
        today=today(),
    )
    assert work.deliver(Delivery.objects.get(case=case).pk) == "sent"
    assert re.match(r"(KIR|AK1|JKN)-\d{4}-\d{6}", Case.objects.get(pk=case.pk).backend_reference)


def test_the_bill_is_read_on_the_page_of_the_service(offices: None, client: Client) -> None:
    said = client.post("/layanan/cek-tagihan-pbb/cek/tagihan/", {"nop": "357600000000000123"}).content.decode()
    assert "Jumlah yang harus dibayar" in said
