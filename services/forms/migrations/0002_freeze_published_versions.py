"""A published version never changes: the database refuses it, whoever asks.

On SQLite a later migration that rebuilds the table drops the trigger; it must then be made again.
"""

from django.db import migrations

SQLITE = """
CREATE TRIGGER forms_version_is_frozen
BEFORE UPDATE OF definition_id, number, document, schema, ui, digest ON forms_formversion
BEGIN SELECT RAISE(ABORT, 'a published form version never changes'); END;
"""
POSTGRESQL = """
CREATE FUNCTION forms_version_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a published form version never changes' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER forms_version_is_frozen
BEFORE UPDATE OF definition_id, number, document, schema, ui, digest ON forms_formversion
FOR EACH ROW EXECUTE FUNCTION forms_version_is_frozen();
"""


def make(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS forms_version_is_frozen")
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS forms_version_is_frozen ON forms_formversion")
        schema_editor.execute("DROP FUNCTION IF EXISTS forms_version_is_frozen()")


class Migration(migrations.Migration):
    dependencies = [("forms", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
