"""Checks of the docker files that need no engine: pinned images, no root, every setting documented."""

import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).parent
problems: list[str] = []

dockerfile = (HERE / "Dockerfile").read_text(encoding="utf-8")
if "USER portal" not in dockerfile or dockerfile.rindex("USER portal") < dockerfile.rindex("COPY"):
    problems.append("Dockerfile: the last USER must be portal, after the last COPY")
for image in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE):
    if ":" not in image or image.endswith(":latest"):
        problems.append(f"Dockerfile: image {image} has no version")
for source in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE):
    if not (HERE.parent / source).exists():
        problems.append(f"Dockerfile: COPY of {source}, which does not exist")
if "--require-hashes" not in dockerfile:
    problems.append("Dockerfile: dependencies must be installed with --require-hashes")

compose = yaml.safe_load((HERE / "compose.yml").read_text(encoding="utf-8"))
commands = {service["command"][0] for service in compose["services"].values() if "build" in service}
known = set(re.findall(r"^    (\w+)\)", (HERE / "entrypoint.sh").read_text(encoding="utf-8"), re.MULTILINE))
if unknown := commands - known:
    problems.append(f"compose.yml: the entry point knows no command {sorted(unknown)}")
for name, service in compose["services"].items():
    image = service.get("image", "x:1")
    if ":" not in image or image.endswith(":latest"):
        problems.append(f"compose.yml: image of {name} has no version")

composed = set(compose["services"]["nginx"]["environment"])
filled = set(re.findall(r"^        ([A-Z_]+)=", (HERE.parent / "portal/stack/servers.py").read_text("utf-8"), re.M))
for name, where, given in (
    ("nginx.conf.template", "compose.yml", composed),
    ("nginx.conf.template", "portal/stack/servers.py", filled),
    ("nginx.old-app.conf.template", "portal/stack/servers.py", filled),
):
    named = set(re.findall(r"\$\{([A-Z_]+)\}", (HERE / name).read_text(encoding="utf-8"))) - {"NAMES"}
    if missing := named - given:
        problems.append(f"{where} does not give {name} {sorted(missing)}")

example = set(re.findall(r"^([A-Z_]+?)(?:_FILE)?=", (HERE / "env.example").read_text(encoding="utf-8"), re.MULTILINE))
settings = "".join(path.read_text(encoding="utf-8") for path in (HERE.parent / "portal" / "settings").glob("*.py"))
read = set(re.findall(r"(?:env\.\w+|read_secret)\(\s*[\"']([A-Z_]+)[\"']", settings))
internal = {"DEMO", "VAR_DIR", "FAULT_FILE", "FAULT_CLOCK", "PORT", "NATIONAL_ID_PORT"}  # of the demo and of tests
if missing := read - example - internal:
    problems.append(f"env.example does not name {sorted(missing)}")

for problem in problems:
    print(problem)
print(f"docker files: {len(problems)} problems")
sys.exit(bool(problems))
