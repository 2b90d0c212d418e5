"""`make adapter name=...`: what it writes fails, and passes with the example of docs/how-to/write-a-kind.md."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

ROOT = Path(settings.BASE_DIR)
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def scaffold(folder, name="folder"):
    said = StringIO()
    call_command("adapter_kind", name, into=folder, stdout=said)
    return said.getvalue()


def run_tests(folder, tmp_path):
    """The tests of an external package, by a pytest of their own on a database of their own."""
    place = tmp_path / "serah"
    place.mkdir(exist_ok=True)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DATABASE_URL"))},
        "PYTHONPATH": f"{folder}:{ROOT}",
        "ADAPTER_MODULES": "folder",
        "VAR_DIR": str(tmp_path / "var"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'kind.sqlite3'}",
        "FOLDER_KIND_ROOT": str(place),
        "DJANGO_SETTINGS_MODULE": "portal.settings.test",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    command += ["--rootdir", str(ROOT), "--no-migrations", str(folder / "test_folder.py")]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=110, check=False)
    return done.returncode, done.stdout


def counted(text):
    return {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", text)}


def test_what_is_written_fails_and_the_example_of_the_documentation_passes(tmp_path):
    folder = tmp_path / "kinds"
    said = scaffold(folder)
    assert "ADAPTER_MODULES=folder" in said and str(folder / "test_folder.py") in said
    code, output = run_tests(folder, tmp_path)
    assert code == 1 and counted(output).get("failed", 0) >= 5, output[-3000:]
    [example] = EXAMPLE.findall((ROOT / "docs" / "how-to" / "write-a-kind.md").read_text(encoding="utf-8"))
    (folder / "folder.py").write_text(example, encoding="utf-8")
    code, output = run_tests(folder, tmp_path)
    assert code == 0 and set(counted(output)) == {"passed"}, output[-3000:]
    assert [path.name for path in (tmp_path / "serah" / "uji").glob("*.json")], "it did hand over"


@pytest.mark.parametrize("name", ["", "a", "Folder", "2x", "a-b", "a/b", "../x", "class", "rest", "x" * 31])
def test_a_name_that_cannot_be_or_is_taken_writes_nothing(tmp_path, name):
    with pytest.raises(CommandError):
        scaffold(tmp_path / "kinds", name)
    assert not (tmp_path / "kinds").exists()


def test_nothing_is_overwritten(tmp_path):
    folder = tmp_path / "kinds"
    scaffold(folder)
    (folder / "folder.py").write_text("mine", encoding="utf-8")
    with pytest.raises(CommandError):
        scaffold(folder)
    assert (folder / "folder.py").read_text(encoding="utf-8") == "mine"
