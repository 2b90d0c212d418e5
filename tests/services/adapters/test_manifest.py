"""The demo city's manifest and the pretend civil registration speak the same language; applying twice changes nothing."""

import time
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from portal.demo import from_documents
from services.adapters import gateway, manifest, mapping, oauth
from services.adapters.management.commands.connections import Command
from services.adapters.models import Binding, Connection, Operation
from services.adapters.values import Outgoing, Rejected
from services.catalogue.models import Department, Service
from tests.backends import chaos as c
from tests.backends import city_tax, civil_registry
from tests.services.adapters.conftest import WEBHOOK_SECRET, file_of, submission_of

FILE = Path(settings.BASE_DIR) / "portal" / "demo" / "connections.yaml"


@pytest.fixture
def document(db, monkeypatch):
    monkeypatch.setenv("ADAPTER_SECRET__DUKCAPIL__CLIENT_SECRET", civil_registry.CLIENT_SECRET)
    monkeypatch.setenv("ADAPTER_SECRET__DUKCAPIL__WEBHOOK", WEBHOOK_SECRET)
    monkeypatch.setenv("ADAPTER_SECRET__PAJAK_KOTA__PASSWORD", city_tax.PASSWORD)
    document = manifest.load(FILE)
    for entry in document["connections"]:
        department, _ = Department.objects.get_or_create(code=entry["department"], defaults={"name": "x", "kind": "dinas"})
        for binding in entry["bindings"]:
            Service.objects.get_or_create(code=binding["service"], defaults={"department": department})
    return document


def test_applying_twice_changes_nothing_the_second_time(document):
    assert manifest.apply(document)
    assert manifest.apply(document) == []
    assert manifest.apply(yaml.safe_load(yaml.safe_dump(manifest.export()))) == []


def test_a_changed_operation_or_mapping_is_a_new_version_and_the_old_one_stays(document):
    manifest.apply(document)
    document["connections"][0]["operations"]["submit"]["accepted"] = [201]
    document["connections"][0]["bindings"][0]["mapping"].pop()
    assert len(manifest.apply(document)) == 2
    changed = Operation.objects.filter(connection__code="dukcapil", name="submit")
    assert list(changed.values_list("version", flat=True)) == [2, 1]
    assert Binding.objects.filter(service__code=document["connections"][0]["bindings"][0]["service"]).count() == 2


def test_a_plain_secret_is_refused_and_never_exported(document, tmp_path, capsys):
    manifest.apply(document)
    Connection.objects.filter(code="dukcapil").update(secrets={"client_secret": "plain-secret"})
    call_command("connections", "export")
    assert "plain-secret" not in capsys.readouterr().out
    document["connections"][0]["secrets"] = {"client_secret": "plain-secret"}
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    for act in ("check", "apply"):
        with pytest.raises(CommandError):
            call_command("connections", act, str(path))


@pytest.mark.parametrize(
    "twist",
    [
        lambda entry: entry["options"].update(misspelt=1),
        lambda entry: entry["options"]["auth"].update(type="magic"),
        lambda entry: entry["operations"]["submit"].update(path="no-slash"),
        lambda entry: entry["bindings"][0]["mapping"].append({"to": "x"}),
        lambda entry: entry["bindings"][0].update(service="tidak-ada"),
        lambda entry: entry.update(kind="telepati"),
        lambda entry: entry.update(department="tidak-ada"),
    ],
)
def test_a_manifest_with_a_mistake_changes_nothing(document, twist):
    twist(document["connections"][0])
    with pytest.raises(manifest.ManifestError):
        manifest.apply(document)
    assert not Connection.objects.exists()


def test_the_demo_connection_reaches_the_pretend_registry_and_hears_its_decision(document, office):
    manifest.apply(document)
    oauth._tokens.clear()
    Connection.objects.filter(code="dukcapil").update(base_url=office.url)
    connection = Connection.objects.get(code="dukcapil")
    binding = gateway.binding_for(Service.objects.get(code="akta-kelahiran"))
    answers = {"nik": "3576010101900001", "nama": "Alice Contoh", "telepon": "0812", "no_kk": "3576010101900002"}
    prepared = gateway.prepare(binding, submission_of(answers, files=[file_of()]))
    key = "MJK-2611-AAAA-B"
    outgoing = Outgoing(prepared.connection_id, prepared.operation_id, key, "SUBMIT", prepared.body, (file_of(),))
    receipt = gateway.send(outgoing, on_mark=lambda: True, deadline_seconds=5)
    assert gateway.reconcile(connection.pk, key) == receipt
    assert gateway.check_health(connection).authorised

    with c.chaos(c.answer(202)) as portal:
        office.registry.portal = portal.url
        office.store.decide(receipt.backend_reference, "selesai", "Sudah terbit")
        office.registry.wake.set()
        for _ in range(100):
            if office.store.one("SELECT id FROM outbox WHERE done = 1"):
                break
            time.sleep(0.05)
    head, body = portal.requests[0].split(b"\r\n\r\n", 1)
    assert head.startswith(b"POST /webhooks/dukcapil/ ")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    (update,) = gateway.read_webhook(connection, headers, body)
    assert (update.reference, update.status, update.version) == (key, "COMPLETED", "1")
    assert update.backend_reference == receipt.backend_reference
    assert gateway.fetch_status(connection.pk, receipt.backend_reference).status == "COMPLETED"


def test_the_registrys_refusal_names_our_question(document, office):
    manifest.apply(document)
    oauth._tokens.clear()
    Connection.objects.filter(code="dukcapil").update(base_url=office.url)
    binding = gateway.binding_for(Service.objects.get(code="akta-kelahiran"))
    answers = {"nik": "3576010101900001", "nama": "A", "no_kk": "3576010101900002"}
    prepared = gateway.prepare(binding, submission_of(answers))
    office.store.set_mode("reject")
    with pytest.raises(Rejected) as caught:
        gateway.send(
            Outgoing(prepared.connection_id, prepared.operation_id, "K", "SUBMIT", prepared.body),
            on_mark=lambda: True,
            deadline_seconds=5,
        )
    assert list(caught.value.field_errors) == ["no_kk"]


def test_every_online_service_is_bound_once():
    document = manifest.load(FILE)
    bindings = [binding for entry in document["connections"] for binding in entry["bindings"]]
    bound = [binding["service"] for binding in bindings if binding.get("operation", "submit") == "submit"]
    services = yaml.safe_load((FILE.parent / "services.yaml").read_text(encoding="utf-8"))["services"]
    online = [entry["slug"] for entry in services if entry["channel"]["type"] == "online_form"]
    assert sorted([*bound, *(made[0] for made in from_documents.MADE)]) == sorted(online)


def test_the_demo_city_asks_the_pretend_city_tax(document, tax):
    manifest.apply(document)
    Connection.objects.filter(code="pajak-kota").update(base_url=tax.url)
    binding = gateway.binding_for(Service.objects.get(code="cek-tagihan-pbb"))
    operation = Operation.objects.get(connection=binding.connection, name=binding.operation)
    found = gateway._adapter(binding.connection).lookup(
        operation.spec, {"nop": operation.spec["lookup"]["parameters"][0]["example"]}, deadline_seconds=5
    )
    made = mapping.run(operation.spec["lookup"]["answer"], found, {})
    assert [bill["tahun"] for bill in made["tagihan"]] == [2024, 2025, 2026]
    assert "namaWajibPajak" not in made, "what is not declared is not given out"
    assert gateway.check_health(binding.connection).reachable


def test_a_document_names_its_files_as_text(document):
    entry = next(entry for entry in document["connections"] if entry["code"] == "pajak-kota")
    entry["documents"][0]["files"] = {"main": {"file": "/etc/hostname"}}
    assert any("text" in problem for problem in manifest.problems_of(document))


@pytest.mark.parametrize("order", [["--dry-run", "FILE"], ["FILE", "--dry-run"]])
def test_a_dry_run_is_asked_for_before_or_after_the_file(document, tmp_path, capsys, order):
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    call_command("connections", "apply", *(str(path) if word == "FILE" else word for word in order))
    assert "dukcapil: new" in capsys.readouterr().out
    assert not Connection.objects.exists()


def test_the_words_of_the_how_to_are_those_of_the_command():
    page = (Path(settings.BASE_DIR) / "docs" / "how-to" / "connect-a-department.md").read_text(encoding="utf-8")
    lines = [line.split("#")[0].split() for line in page.splitlines() if line.startswith("python manage.py connections")]
    parser = Command().create_parser("manage.py", "connections")
    assert [parser.parse_args(words[3:]).act for words in lines] == ["check", "apply", "apply", "export"]
