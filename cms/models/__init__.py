"""The authored pages. The public site reads the catalogue; these are what editors change."""

from cms.models.catalogue_check import CatalogueCheck
from cms.models.content import ContentPage
from cms.models.department import DepartmentPage
from cms.models.desk import DepartmentFolder
from cms.models.feedback import LogPosition, PageFigure, PageRemark, PageVote
from cms.models.form import FormPage
from cms.models.home import HomePage
from cms.models.journey import JourneyPage
from cms.models.review import DepartmentReviewTask, FirstPublicationTask
from cms.models.service import ServicePage
from cms.models.service_import import ServiceImport
from cms.models.upkeep import PageUpkeep

__all__ = [
    "CatalogueCheck",
    "ContentPage",
    "DepartmentFolder",
    "DepartmentPage",
    "DepartmentReviewTask",
    "FirstPublicationTask",
    "FormPage",
    "HomePage",
    "JourneyPage",
    "LogPosition",
    "PageFigure",
    "PageRemark",
    "PageUpkeep",
    "PageVote",
    "ServiceImport",
    "ServicePage",
]
