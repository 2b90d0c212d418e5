"""The form of a service as its department's editor writes it."""

from __future__ import annotations

from typing import Any

from django.db import models
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.form_builder.blocks import PARTS
from cms.models.content import FlatAddress


class FormField(StreamField):
    """A stream whose migrations do not repeat the blocks: they are code, and the database knows only JSON."""

    def deconstruct(self) -> Any:
        name, path, _args, kwargs = super().deconstruct()
        return name, path, [[]], {key: value for key, value in kwargs.items() if key != "block_lookup"}


class FormPage(FlatAddress, Page):
    body = FormField(PARTS, blank=True)
