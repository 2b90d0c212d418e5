"""A home page with a picture and featured sections, an index with pictures, and an article of rich text blocks."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.blocks import CharBlock, RichTextBlock, StructBlock, TextBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.images.blocks import ImageChooserBlock
from wagtail.models import Page
from wagtail.search import index
from wagtail.snippets.models import register_snippet

BODY = [
    ("heading", CharBlock()),
    ("paragraph", RichTextBlock()),
    ("image", StructBlock([("image", ImageChooserBlock()), ("caption", CharBlock(required=False))])),
    ("quote", StructBlock([("text", TextBlock()), ("author", CharBlock(required=False))])),
]


@register_snippet
class Person(models.Model):
    name = models.CharField(max_length=100)
    image = models.ForeignKey("wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


@register_snippet
class FooterText(models.Model):
    body = RichTextField()


class ArticleTag(TaggedItemBase):
    content_object = ParentalKey("Article", related_name="tagged_items", on_delete=models.CASCADE)


class Front(Page):
    image = models.ForeignKey("wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    hero_text = models.CharField(max_length=255)
    body = StreamField(BODY, blank=True)
    featured = models.ForeignKey(Page, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["latest"] = Article.objects.live().order_by("-first_published_at")[:6]
        return context


class Index(Page):
    introduction = models.TextField(blank=True)
    image = models.ForeignKey("wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["articles"] = Article.objects.descendant_of(self).live().order_by("title")[:20]
        return context


class Article(Page):
    introduction = models.TextField(blank=True)
    image = models.ForeignKey("wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    body = StreamField(BODY, blank=True)
    people = ParentalManyToManyField(Person, blank=True)
    tags = ClusterTaggableManager(through=ArticleTag, blank=True)

    search_fields: ClassVar = [*Page.search_fields, index.SearchField("introduction"), index.SearchField("body")]
