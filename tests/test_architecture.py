"""What import contracts cannot see: foreign keys by name, rooms without a name, files that grew too long."""

from __future__ import annotations

import subprocess
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db.models import ForeignKey, ManyToManyField

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    "accounts",
    "forms",
    "notifications",
    "catalogue",
    "adapters",
    "cases",
    "complaints",
    "surveys",
    "subscriptions",
    "statistics",
    "cms",
]
SAME_FLOOR = {("forms", "notifications"), ("notifications", "forms"), ("complaints", "surveys"), ("surveys", "complaints")}


def _python_files() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in names if (ROOT / name).exists()]


def test_each_foreign_key_points_down() -> None:
    wrong = []
    for model in apps.get_models():
        here = model._meta.app_label
        if here not in FLOORS:
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey | ManyToManyField):
                continue
            there = field.related_model._meta.app_label
            if there not in FLOORS or there == here:
                continue
            if FLOORS.index(there) > FLOORS.index(here) or (here, there) in SAME_FLOOR:
                wrong.append(f"{here}.{model.__name__}.{field.name} -> {there}")
    assert not wrong


def test_every_app_of_ours_has_a_floor() -> None:
    ours = {
        config.label
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in config.path
    }
    assert ours - {"portal", "editions"} <= set(FLOORS)


def test_no_module_without_a_name() -> None:
    vague = {"utils", "helpers", "common", "misc", "core", "manager"}
    assert not [str(path) for path in _python_files() if path.stem in vague or vague & set(path.parent.parts)]


def test_no_module_grew_beyond_its_room() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _python_files()
        if "migrations" not in path.parts
        and "tests" not in path.parts
        and (count := len(path.read_text().splitlines())) > 460
    }
    assert not long


def test_no_model_without_a_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_openapi_file_says_what_the_code_does(tmp_path: Path) -> None:
    made = tmp_path / "v1.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(made))
    assert made.read_text() == (ROOT / "docs" / "openapi" / "v1.yaml").read_text(), "run `make openapi` and copy the file"
