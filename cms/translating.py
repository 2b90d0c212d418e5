"""What is to be translated: of each live Indonesian page, what has no English yet and what changed since it was translated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wagtail.models import Page

from cms import home
from cms.models import ContentPage, DepartmentPage, HomePage, JourneyPage, ServicePage
from cms.panels import lines_of
from portal.lib.languages import CODES, DEFAULT

# The fields with words, by kind of page, in the order of the editor.
_OF_A_SERVICE = (
    "title summary fee_note fees hours who requirements exceptions steps product late other_ways ways legal pledge"
)
FIELDS: dict[type[Page], tuple[str, ...]] = {
    ServicePage: tuple(_OF_A_SERVICE.split()),
    DepartmentPage: ("about",),
    ContentPage: ("title", "lead", "body"),
    JourneyPage: ("title", "intro", "steps", "shared"),
}


@dataclass(frozen=True)
class Todo:
    """`missing` and `changed` are names of fields for people; `page` is the Indonesian page, `english` its translation."""

    page: Page
    english: Page | None
    missing: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def is_draft(self) -> bool:
        return self.english is not None and not self.english.live


def todo_of(departments: Iterable[DepartmentPage], language: str = CODES[1]) -> list[Todo]:
    """What is open below these Indonesian department pages, them included; pages without anything open are left out."""
    return [todo for department in departments for todo in _below(department, language)]


def todo_of_the_portal(language: str = CODES[1]) -> list[Todo]:
    """The same for the portal's own pages."""
    pages = ContentPage.objects.live().filter(locale__language_code=DEFAULT, alias_of__isnull=True).order_by("title")
    return [*todo_of_home(language), *_open(pages, ContentPage, language)]


def todo_of_home(language: str = CODES[1]) -> list[Todo]:
    """The same for the home page, block by block; what stands there in no block of its own words needs none."""
    homes = list(HomePage.objects.live().filter(locale__language_code=DEFAULT, alias_of__isnull=True))
    found = []
    for page in homes:
        twin = HomePage.objects.filter(translation_key=page.translation_key, locale__language_code=language).first()
        there = twin.get_latest_revision_as_object().body.get_prep_value() if twin else []
        lacking = set(home.untranslated(page.body.get_prep_value(), there))
        names = [str(block.block.label) for block in page.body if block.id in lacking]
        if names or (twin is not None and not twin.live):
            found.append(Todo(page, twin, tuple(dict.fromkeys(names)), ()))
    return found


def _below(department: DepartmentPage, language: str) -> Iterator[Todo]:
    yield from _open([department] if department.live else [], DepartmentPage, language)
    services = ServicePage.objects.child_of(department).live().filter(alias_of__isnull=True).order_by("title")
    yield from _open(services, ServicePage, language)
    journeys = JourneyPage.objects.child_of(department).live().filter(alias_of__isnull=True).order_by("title")
    yield from _open(journeys, JourneyPage, language)


def _open(pages: Iterable[Page], model: type[Page], language: str) -> Iterator[Todo]:
    originals = list(pages)
    keys = [page.translation_key for page in originals]
    twins = {
        twin.translation_key: twin
        for twin in model.objects.filter(translation_key__in=keys, locale__language_code=language, alias_of__isnull=True)
    }
    for page in originals:
        todo = _compare(page, twins.get(page.translation_key), FIELDS[model])
        if todo.english is None or todo.missing or todo.changed or todo.is_draft:
            yield todo


def _compare(page: Page, twin: Page | None, names: tuple[str, ...]) -> Todo:
    if twin is None:
        return Todo(page, None, tuple(_label(page, name) for name in names if lines_of(getattr(page, name))), ())
    draft = twin.get_latest_revision_as_object()
    then = _when_translated(page, twin)
    missing, changed = [], []
    for name in names:
        now, english = lines_of(getattr(page, name)), lines_of(getattr(draft, name))
        if (now and not english) or (name != "title" and now and now == english):
            missing.append(_label(page, name))
        elif now and then is not None and lines_of(getattr(then, name)) != now:
            changed.append(_label(page, name))
    return Todo(page, twin, tuple(missing), tuple(changed))


def _when_translated(page: Page, twin: Page) -> Any:
    """The Indonesian page as it stood when its translation was last written; None when it has not been saved since."""
    written = twin.latest_revision_created_at
    if written is None or page.latest_revision_created_at is None or page.latest_revision_created_at <= written:
        return None
    revision = page.revisions.filter(created_at__lte=written).order_by("-created_at", "-pk").first()
    return revision.as_object() if revision else None


def _label(page: Page, name: str) -> str:
    return str(page._meta.get_field(name).verbose_name)
