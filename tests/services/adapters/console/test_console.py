"""The console by hand: register, document, proposal, preview, contract tests, into service, log; foreign ones are not there."""

from __future__ import annotations

import html
import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from services.adapters import figures, gateway
from services.adapters.models import Connection, Exchange
from services.catalogue.models import Department, Service
from tests.backends.documented import Documented
from tests.services.adapters.connecting.document import DOCUMENT


@pytest.fixture
def desk(integrator: User) -> Iterator[Client]:
    cache.clear()
    client = Client()
    client.force_login(integrator)
    session = client.session
    proof = {"method": "password", "at": time.time(), "username": integrator.email}
    session["account_authentication_methods"] = [proof, {"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()
    yield client


def page(desk: Client, path: str, **data: Any) -> str:
    answer = desk.post(f"/integrasi/{path}", data, follow=True) if data else desk.get(f"/integrasi/{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def upload(desk: Client, raw: bytes) -> str:
    file = io.BytesIO(raw)
    file.name = "api.yaml"
    return desk.post("/integrasi/angkutan/dokumen/", {"dokumen": file}, follow=True).content.decode()


@pytest.fixture
def registered(desk: Client, department: Department, backend: Documented) -> Connection:
    form = {"label": "Sistem angkutan", "code": "angkutan", "kind": "openapi", "department": department.code}
    assert "terdaftar" in page(desk, "baru/", **form, base_url=backend.url)
    return Connection.objects.get(code="angkutan")


def settings_of(connection: Connection, **more: Any) -> dict[str, Any]:
    given = {"label": connection.label, "base_url": connection.base_url, "test_url": connection.test_url}
    return {**given, "idempotency": "key", "ceiling": 4, "settle_seconds": 600, "options": "{}", **more}


def test_from_registering_to_the_live_log(
    desk: Client,
    registered: Connection,
    service: Service,
    backend: Documented,
) -> None:
    assert "Dokumen terbaca" in upload(desk, DOCUMENT)
    options = (
        '{"auth": {"type": "api_key", "header": "X-Kunci"}, "health_path": "/health", "words": {"diterima": "RECEIVED"}}'
    )
    assert "Tersimpan" in page(desk, "angkutan/", **settings_of(registered, test_url=backend.url, options=options))
    assert "Tersimpan" in page(desk, "angkutan/kunci/", name="api_key", value="rahasia-uji-123")
    assert "rahasia-uji-123" not in page(desk, "angkutan/kunci/")
    hops = page(desk, "angkutan/uji/", tujuan="asli")
    assert "Sistem menjawab dan menerima kredensial" in hops
    for role, operation in (("submit", "ajukanIzin"), ("status", "statusIzin"), ("withdraw", "batalkanIzin")):
        said = page(
            desk, "angkutan/dokumen/ambil/", peran=role, operasi=operation, layanan="izin-trayek" if role == "submit" else ""
        )
        assert "tersimpan sebagai konsep" in said
    mapping = page(desk, "angkutan/layanan/izin-trayek/")
    assert "Yang akan dikirim" in mapping and "Belum diuji" in mapping
    assert "belum dijalankan" in page(desk, "angkutan/layanan/izin-trayek/jalankan/", ya="1")
    assert "Uji kontrak hijau" in page(desk, "angkutan/layanan/izin-trayek/uji/", ya="1")
    assert "Dijalankan" in page(desk, "angkutan/layanan/izin-trayek/jalankan/", ya="1")
    assert gateway.binding_for(service) is not None
    log = page(desk, "angkutan/log/")
    assert "submit" in log and "3576" not in log
    assert "<html" not in page(desk, "angkutan/log/?bagian=log")


def test_a_row_that_cannot_be_read_keeps_what_was_typed(desk: Client, registered: Connection, service: Service) -> None:
    upload(desk, DOCUMENT)
    page(desk, "angkutan/dokumen/ambil/", peran="submit", operasi="ajukanIzin", layanan="izin-trayek")
    typed = {"to-0": "nik", "dari-0": "=tanpa kutip", "langkah-0": "", "tindakan": "simpan"}
    said = page(desk, "angkutan/layanan/izin-trayek/", **typed)
    assert "Nilai tetap ditulis sebagai JSON" in said and "=tanpa kutip" in said
    typed = {"to-0": "nik", "dari-0": "nik", "langkah-0": "besar", "tindakan": "simpan"}
    assert "unknown step" in page(desk, "angkutan/layanan/izin-trayek/", **typed)


def test_a_preview_of_unsaved_rows_saves_nothing(desk: Client, registered: Connection, service: Service) -> None:
    upload(desk, DOCUMENT)
    page(desk, "angkutan/dokumen/ambil/", peran="submit", operasi="ajukanIzin", layanan="izin-trayek")
    before = service.bindings.count()
    said = page(desk, "angkutan/layanan/izin-trayek/", **{"to-0": "baru", "dari-0": '="X"', "tindakan": "pratinjau"})
    assert "&quot;baru&quot;: &quot;X&quot;" in said
    assert service.bindings.count() == before


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "Pilih berkas|kosong"),
        (b"a: [", "Baris"),
        (b"hello", "bukan dokumen OpenAPI"),
        (b"openapi: 3.0.0\npaths: {}\n", "tidak berisi satu operasi"),
        (b"\xff\xfe" + b"x" * 10, "UTF-"),
    ],
)
def test_a_document_that_cannot_be_read_is_explained(desk: Client, registered: Connection, raw: bytes, words: str) -> None:
    said = upload(desk, raw)
    assert any(word in said for word in words.split("|"))


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/", "https://localhost/", "https://[fe80::1]/", "file:///etc/passwd"]
)
def test_a_forbidden_address_is_refused_and_stays_in_the_field(desk: Client, registered: Connection, address: str) -> None:
    said = page(desk, "angkutan/", **settings_of(registered, base_url=address))
    assert "tidak bisa dipakai" in said and address in said
    registered.refresh_from_db()
    assert registered.base_url != address


def test_another_departments_connection_is_not_there(desk: Client, db: None) -> None:
    other = Department.objects.create(code="dinas-lain", name="Dinas Lain", short_name="Lain", kind="dinas")
    Connection.objects.create(code="rahasia", department=other, label="Sistem lain", kind="rest")
    assert "Sistem lain" not in page(desk, "")
    for path in ("rahasia/", "rahasia/log/", "rahasia/kunci/", "rahasia/dokumen/", "rahasia/manifes/"):
        assert desk.get(f"/integrasi/{path}").status_code == 404


def test_a_webhook_secret_is_shown_once(desk: Client, registered: Connection) -> None:
    said = page(desk, "angkutan/kunci/", tindakan="webhook")
    registered.refresh_from_db()
    made = registered.secrets["webhook"][0]
    assert made in said and made not in page(desk, "angkutan/kunci/")
    page(desk, "angkutan/kunci/", tindakan="webhook")
    registered.refresh_from_db()
    assert registered.secrets["webhook"][1] == made, "the old one stays valid beside the new"
    page(desk, "angkutan/kunci/", tindakan="hapus-lama", nama="webhook")
    registered.refresh_from_db()
    assert len(registered.secrets["webhook"]) == 1


def test_the_history_of_a_connection_counts_real_calls_by_day(desk: Client, registered: Connection) -> None:
    for status, detail in ((200, {}), (503, {}), (200, {"target": "test"})):
        Exchange.objects.create(
            connection=registered, direction="OUT", operation="submit", status=status, milliseconds=7, detail=detail
        )
    (day,) = figures.by_day(registered)
    assert (day.calls, day.failed, day.slowest) == (2, 1, 7)
    found = figures.of_connection(registered)
    assert (found.calls, found.failed, found.good_percent, found.p95) == (2, 1, 50.0, 7)
    assert "Riwayat kesehatan" in page(desk, "angkutan/")


def test_credentials_and_status_words_are_fields_and_the_rest_is_kept(desk: Client, registered: Connection) -> None:
    Connection.objects.filter(pk=registered.pk).update(
        options={"health_path": "/health", "auth": {"mutual_tls": True}, "words": {"lama": "RECEIVED"}}
    )
    shown = page(desk, "angkutan/")
    assert 'value="lama"' in shown and "mutual_tls" in shown and '"words"' not in html.unescape(shown)
    rest = '{"health_path": "/health", "auth": {"mutual_tls": true}}'
    typed = {"auth_type": "basic", "auth_username": "portal", "kata-0": "terbit", "arti-0": "COMPLETED", "options": rest}
    assert "Tersimpan" in page(desk, "angkutan/", **settings_of(registered, **typed))
    registered.refresh_from_db()
    assert registered.options == {
        "health_path": "/health",
        "auth": {"type": "basic", "username": "portal", "mutual_tls": True},
        "words": {"terbit": "COMPLETED"},
    }
    shown = page(desk, "angkutan/")
    assert '<option value="basic" selected>' in shown and 'value="portal"' in shown
    assert '<option value="COMPLETED" selected>' in shown


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"kata-0": "terbit", "arti-0": ""}, "Pilih arti kata status terbit"),
        ({"kata-0": "", "arti-0": "COMPLETED"}, "Tulis kata status"),
        ({"kata-0": "a", "arti-0": "COMPLETED", "kata-1": "a", "arti-1": "REFUSED"}, "ada dua kali"),
        ({"auth_type": "api_key", "auth_header": "Host"}, "auth.header"),
    ],
)
def test_what_cannot_be_saved_is_said_and_stays_typed(
    desk: Client, registered: Connection, rows: dict[str, str], words: str
) -> None:
    shown = page(desk, "angkutan/", **settings_of(registered, auth_scope="tetap-di-sini", **rows))
    assert words in shown and "tetap-di-sini" in shown
    assert all(f'value="{value}"' in shown for name, value in rows.items() if name.startswith("kata-") and value)
    registered.refresh_from_db()
    assert registered.options == {}


def test_what_has_no_credentials_asks_for_none(desk: Client, department: Department) -> None:
    form = {"label": "Meja", "code": "meja", "kind": "inbox", "department": department.code}
    assert "terdaftar" in page(desk, "baru/", **form)
    shown = page(desk, "meja/")
    assert "auth_type" not in shown and "kata-0" not in shown
