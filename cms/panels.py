"""Panels of a page that is written in two languages: words beside their Indonesian source, facts once.

On an Indonesian page both are Wagtail's own. On a translation a fact is not asked (it comes from the Indonesian page),
and a field of words shows what stands there in Indonesian.
"""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from django.utils.html import strip_tags
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.blocks.list_block import ListValue
from wagtail.rich_text import RichText

from portal.lib.languages import DEFAULT


def _is_translation(page: Any) -> bool:
    return bool(getattr(page, "is_translation", False))


class FactPanel(FieldPanel):
    class BoundPanel(FieldPanel.BoundPanel):
        def is_shown(self) -> bool:
            return super().is_shown() and not _is_translation(self.instance)


class _BesideItsSource:
    template_name = "cms/panels/words.html"

    @cached_property
    def source(self) -> list[str]:
        """The lines of this field on the Indonesian page, as last written; empty on that page itself."""
        bound: Any = self
        page = bound.instance
        if not _is_translation(page):
            return []
        key = f"_source_of_{page.translation_key}"
        if not hasattr(page, key):  # one look for all fields of the form
            twins = type(page).objects.filter(translation_key=page.translation_key, locale__language_code=DEFAULT)
            twin = twins.first()
            setattr(page, key, twin.get_latest_revision_as_object() if twin else None)
        original = getattr(page, key)
        return lines_of(getattr(original, bound.field_name)) if original else []

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        bound: Any = super()
        return {**bound.get_context_data(parent_context), "source": self.source}


class WordPanel(FieldPanel):
    class BoundPanel(_BesideItsSource, FieldPanel.BoundPanel):
        pass


class TitlePanel(TitleFieldPanel):
    class BoundPanel(_BesideItsSource, TitleFieldPanel.BoundPanel):
        pass


def lines_of(value: Any) -> list[str]:
    """The words in a field, one line a row; numbers and choices are left out."""
    if hasattr(value, "stream_block"):
        return [line for block in value if (line := " · ".join(_words(block.value)))]
    return [line for line in str(value or "").splitlines() if line.strip()]


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for name, child in value.items() if name not in _NO_WORDS for word in _words(child)]
    if isinstance(value, ListValue):
        return [word for child in value for word in _words(child)]
    if isinstance(value, RichText):
        return _words(strip_tags(value.source))
    return [value] if isinstance(value, str) and value.strip() else []


_NO_WORDS = frozenset("kind form copies amount value url number year point chosen target query".split())
