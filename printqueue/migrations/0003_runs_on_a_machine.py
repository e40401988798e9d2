"""The index of the runs on a machine says so as the queries do, so that both databases use it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("printqueue", "0002_list_order")]

    operations = [
        migrations.RemoveConstraint(model_name="printrun", name="one_active_run_a_printer"),
        migrations.AddConstraint(
            model_name="printrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("printer",), name="one_active_run_a_printer"
            ),
        ),
    ]
