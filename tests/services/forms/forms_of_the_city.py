"""The documents of the demo city's online services."""

from pathlib import Path

import yaml

from services.forms.from_domain import document_for

_DATA = yaml.safe_load((Path("portal") / "demo" / "services.yaml").read_text(encoding="utf-8"))
SERVICES = {row["slug"]: row for row in _DATA["services"] if row["channel"]["type"] == "online_form"}
DOCUMENTS = {slug: document_for(row, _DATA["default_form_fields"]) for slug, row in SERVICES.items()}
