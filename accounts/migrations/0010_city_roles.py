from django.db import migrations


def make_groups(apps, schema_editor):
    for name in ("koordinator", "koordinator-rahasia", "pimpinan"):
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_roles_and_their_record"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
