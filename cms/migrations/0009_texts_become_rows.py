"""Requirements and regulations that were plain texts become rows with parts, on pages and in their revisions; no word is lost."""

from django.db import migrations
from wagtail.blocks.migrations.migrate_operation import MigrateStreamData

from cms.stream_rows import RegulationFromText, RequirementFromText


class Migration(migrations.Migration):
    dependencies = [("cms", "0008_rows_with_parts")]
    operations = [
        MigrateStreamData("cms", "ServicePage", "requirements", [(RequirementFromText(), "item")]),
        MigrateStreamData("cms", "ServicePage", "legal", [(RegulationFromText(), "item")]),
    ]
