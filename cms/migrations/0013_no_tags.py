"""Tags of images and documents were shown to every department; nothing makes or shows them any more."""

from django.db import migrations


def forget_tags(apps, schema_editor):
    types = apps.get_model("contenttypes", "ContentType").objects.filter(
        app_label__in=("wagtailimages", "wagtaildocs"), model__in=("image", "document")
    )
    apps.get_model("taggit", "TaggedItem").objects.filter(content_type_id__in=[row.pk for row in types]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0012_review_and_folders"),
        ("taggit", "0005_auto_20220424_2025"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(forget_tags, migrations.RunPython.noop)]
