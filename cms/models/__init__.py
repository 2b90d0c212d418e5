"""The authored pages. The public site reads the catalogue; these are what editors change."""

from cms.models.content import ContentPage, HomePage
from cms.models.department import DepartmentPage
from cms.models.service import ServicePage

__all__ = ["ContentPage", "DepartmentPage", "HomePage", "ServicePage"]
