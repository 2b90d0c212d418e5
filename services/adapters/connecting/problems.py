"""What is wrong with what an integrator gave, by field."""

from __future__ import annotations

from collections.abc import Mapping


class ConnectionProblem(ValueError):
    """Nothing was changed. `errors`: field -> sentences that say what to do."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items()))
        self.errors = {name: list(texts) for name, texts in errors.items()}
