"""The small city of the tests of cases is enough for the shell's own tests too."""

from tests.services.cases.conftest import connect, department, service, submit

__all__ = ["connect", "department", "service", "submit"]
