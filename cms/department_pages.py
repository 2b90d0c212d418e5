"""A department's own page in each language follows what the department is; when it is merged, its pages move."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from cms import scope
from cms.models import DepartmentPage, HomePage, ServicePage
from services.catalogue.models import Department


def follow(department: Department) -> None:
    """Its page is there in every language, under its present name, with its people's rights; safe to run again.

    A unit template (every kelurahan) has a page too. A department that was merged has lost its own.
    """
    if department.merged_into is not None:
        return
    for home in HomePage.objects.select_related("locale"):
        with translation.override(home.locale.language_code):
            name = department.label
        page = DepartmentPage.objects.filter(department=department.code, locale=home.locale, alias_of=None).first()
        if page is None:
            _open(home, department.code, name)
        elif page.title != name:
            _rename(page, name)
    scope.keep([department.code])


def _open(home: HomePage, code: str, name: str) -> None:
    page = DepartmentPage(title=name, slug=code, department=code, locale=home.locale)
    twin = DepartmentPage.objects.filter(department=code, alias_of=None).first()
    if twin is not None:
        page.translation_key = twin.translation_key
    home.refresh_from_db()
    home.add_child(instance=page)
    page.save_revision().publish()


def _rename(page: DepartmentPage, name: str) -> None:
    """The live page and the draft that stands beside it; nothing else of the draft becomes public."""
    page.title = page.draft_title = name
    page.save()
    revision = page.latest_revision
    if revision is not None:
        revision.content["title"] = revision.content["draft_title"] = name
        revision.save(update_fields=["content"])


def counted(department: Department) -> list[tuple[str, int]]:
    pages = (
        ServicePage.objects.filter(path__startswith=_path(department)) if _path(department) else ServicePage.objects.none()
    )
    return [(_("halaman layanan, draf juga"), pages.count())]


def _path(department: Department) -> str:
    page = DepartmentPage.objects.filter(department=department.code, locale__language_code="id", alias_of=None).first()
    return page.path if page else ""


def merge(gone: Department, into: Department) -> None:
    """Every page below the one department's moves below the other's, in each language; drafts and addresses stay as they are."""
    follow(into)
    for old in DepartmentPage.objects.filter(department=gone.code, alias_of=None).select_related("locale"):
        new = DepartmentPage.objects.get(department=into.code, locale=old.locale, alias_of=None)
        for child in old.get_children():
            child.move(new, pos="last-child")
            new.refresh_from_db()
        old.refresh_from_db()
        if old.live:
            old.unpublish()
    scope.hand_over(gone.code, into.code)
