"""A home page that stands already begins with the blocks that it has shown until now, in both languages; drafts too."""

import json

from django.db import migrations

POPULAR = [
    ("Akta kelahiran", "Birth certificate", "akta kelahiran"),
    ("KTP hilang", "Lost identity card (KTP)", "KTP hilang"),
    ("PBB", "PBB", "PBB"),
    ("Antrean puskesmas", "Health centre queue", "antrean puskesmas"),
    ("Izin usaha (NIB)", "Business licence (NIB)", "izin usaha"),
]


def blocks(language):
    def item(name, value):
        return {"type": "item", "value": value, "id": f"home-{name}"}

    def block(kind, value):
        return {"type": kind, "value": value, "id": f"home-{kind}"}

    popular = [
        item(f"popular-{n}", {"label": label_en if language == "en" else label, "query": query})
        for n, (label, label_en, query) in enumerate(POPULAR, 1)
    ]
    cards = [item(f"card-{target}", {"target": target, "title": "", "text": ""}) for target in ("apply", "track", "account")]
    return [
        block("search", {"title": "", "example": "", "popular": popular}),
        block("disturbed", None),
        block("shortcuts", {"cards": cards}),
        block("needs", {"title": "", "chosen": []}),
        block("events", {"title": ""}),
        block("people", {"title": "", "point": "mpp-gajah-mada", "kelurahan": True}),
    ]


def fill(apps, schema_editor):
    HomePage = apps.get_model("cms", "HomePage")
    Revision = apps.get_model("wagtailcore", "Revision")
    ContentType = apps.get_model("contenttypes", "ContentType")
    kind = ContentType.objects.filter(app_label="cms", model="homepage").first()
    for page in HomePage.objects.select_related("locale"):
        if page.body:
            continue
        body = json.dumps(blocks(page.locale.language_code))
        page.body = body
        page.save(update_fields=["body"])
        for revision in Revision.objects.filter(content_type=kind, object_id=str(page.pk)):
            if "body" not in revision.content:
                revision.content["body"] = body
                revision.save(update_fields=["content"])


class Migration(migrations.Migration):
    dependencies = [("cms", "0015_home_blocks"), ("contenttypes", "0002_remove_content_type_name"), ("wagtailcore", "0098_apitoken")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
