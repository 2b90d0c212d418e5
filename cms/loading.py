"""Many pages at once, each with its first revision: the bulk path for a city's first load.

Page by page through `save_revision().publish()` takes several times as long. The projection is muted meanwhile and
the caller runs it once at the end and wraps everything in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from wagtail.models import Collection, Locale, Page, Revision, Site, WorkflowPage
from wagtail.models.reference_index import ReferenceIndex
from wagtail.signal_handlers import disable_reference_index_auto_update

from cms import publishing
from cms.home import beginning
from cms.models import ContentPage, DepartmentPage, HomePage, ServicePage
from portal.lib.languages import DEFAULT

P = TypeVar("P", bound=Page)


def ensure_home(title: str, hostname: str = "localhost") -> HomePage:
    """The home page as the root of the default site; Wagtail's own welcome page goes."""
    home = HomePage.objects.first()
    if home is not None:
        return home
    root = Page.get_first_root_node()
    if root is None:
        Locale.objects.get_or_create(language_code="id")
        root = Page.add_root(instance=Page(title="Root", slug="root"))
    if not Collection.objects.exists():
        Collection.add_root(name="Root")
    for page in Page.objects.child_of(root).filter(depth=2):
        page.delete()
    root = Page.objects.get(pk=root.pk)
    home = HomePage(title=title, slug="beranda", body=beginning(DEFAULT))
    root.add_child(instance=home)
    Site.objects.update_or_create(
        is_default_site=True, defaults={"hostname": hostname, "root_page": home, "site_name": title}
    )
    Site.clear_site_root_paths_cache()
    # Wagtail's own moderation would offer editors a desk that nobody here sits at; ours is `cms.review`.
    WorkflowPage.objects.filter(page__depth=1).delete()
    return home


def ensure_translated_home(home: HomePage, language: str, title: str) -> HomePage:
    """The root of the tree in another language."""
    locale, _made = Locale.objects.get_or_create(language_code=language)
    found = HomePage.objects.filter(translation_key=home.translation_key, locale=locale).first()
    if found is not None:
        return found
    translated = HomePage(
        title=title,
        slug=f"{home.slug}-{language}",
        locale=locale,
        translation_key=home.translation_key,
        body=beginning(language),
    )
    home.get_parent().add_child(instance=translated)
    Site.clear_site_root_paths_cache()
    return translated


def as_translation(original: Page, page: P, home: HomePage) -> P:
    """`page` becomes the translation of `original` for the tree of that home page."""
    page.translation_key, page.locale, page.slug = original.translation_key, home.locale, original.slug
    return page


def load_pages(
    home: HomePage,
    *,
    contents: Sequence[ContentPage],
    departments: Sequence[DepartmentPage],
    services: Sequence[tuple[str, ServicePage]],
) -> None:
    """Make these pages live under `home`; `services` come with the code of their department.

    The caller loads a translated tree in the same way, and calls `publishing.rebuild` when all are there.
    """
    with publishing.muted(), disable_reference_index_auto_update():
        made: list[Page] = []
        for page in [*contents, *departments]:
            home.add_child(instance=page)
            made.append(page)
        parents = {page.department: page for page in departments}
        for department, service in services:
            parents[department].add_child(instance=service)
            made.append(service)
        _add_first_revisions(made)
    for page in made:
        ReferenceIndex.create_or_update_for_object(page)


def _add_first_revisions(pages: Sequence[Page]) -> None:
    now = timezone.now()
    base = ContentType.objects.get_for_model(Page)
    revisions = [
        Revision(
            base_content_type=base,
            content_type=ContentType.objects.get_for_model(type(page)),
            object_id=str(page.pk),
            created_at=now,
            object_str=str(page),
            content=page.serializable_data(),
        )
        for page in pages
    ]
    Revision.objects.bulk_create(revisions, batch_size=50)
    stored = dict(
        Revision.objects.filter(base_content_type=base, object_id__in=[str(p.pk) for p in pages]).values_list(
            "object_id", "pk"
        )
    )
    plain: list[Any] = []
    for page in pages:
        page.latest_revision_id = page.live_revision_id = stored[str(page.pk)]
        page.first_published_at = page.last_published_at = page.latest_revision_created_at = now
        plain.append(Page(pk=page.pk))
        for name in ("latest_revision_id", "live_revision_id"):
            setattr(plain[-1], name, getattr(page, name))
        plain[-1].first_published_at = plain[-1].last_published_at = plain[-1].latest_revision_created_at = now
    Page.objects.bulk_update(
        plain,
        ["latest_revision", "live_revision", "first_published_at", "last_published_at", "latest_revision_created_at"],
        batch_size=50,
    )
