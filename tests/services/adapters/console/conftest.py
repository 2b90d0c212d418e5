"""The same department as the API tests have."""

from tests.services.adapters.api.conftest import backend, department, integrator, program, service

__all__ = ["backend", "department", "integrator", "program", "service"]
