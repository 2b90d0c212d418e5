"""How many entries have a word where it tells: what is known is counted."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count

ABOVE = 1.2  # indexing.TELLING_ABOVE at that time


def count(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    words, terms = apps.get_model("catalogue", "SearchWord"), apps.get_model("catalogue", "SearchTerm")
    rows = words.objects.filter(weight__gt=ABOVE).order_by().values("word").annotate(n=Count("pk"))
    counted = dict(rows.values_list("word", "n"))
    known = list(terms.objects.filter(entries__gt=0))
    for term in known:
        term.telling = counted.get(term.word, 0)
    terms.objects.bulk_update(known, ["telling"], batch_size=200)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0009_search_words")]

    operations = [
        migrations.AddField("searchterm", "telling", models.PositiveIntegerField(default=0)),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
