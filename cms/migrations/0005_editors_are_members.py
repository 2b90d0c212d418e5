"""Whoever was put into a department's group of editors by hand has the role from now on: the group follows it."""

from django.db import migrations


def make_members(apps, schema_editor):
    departments = {row.code: row for row in apps.get_model("catalogue", "Department").objects.all()}
    member = apps.get_model("catalogue", "DepartmentMember")
    for group in apps.get_model("auth", "Group").objects.filter(name__startswith="penyunting:"):
        department = departments.get(group.name.removeprefix("penyunting:"))
        if department is not None:
            for user in apps.get_model("accounts", "User").objects.filter(groups=group):
                member.objects.get_or_create(user=user, department=department, role="EDITOR")


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0004_level_of_assurance"),
        ("catalogue", "0005_invitations"),
        ("accounts", "0010_city_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(make_members, migrations.RunPython.noop)]
