"""A sample may take the place of the one with its number. The index of that serves the chart too."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("printqueue", "0008_number_samples")]

    operations = [
        migrations.AlterModelOptions(name="sample", options={"ordering": ["run_id", "number"]}),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="one_sample_a_run_and_number"),
        ),
        migrations.RemoveIndex(model_name="sample", name="sample_run_at"),
        migrations.AlterField(
            model_name="sample",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="samples",
                to="printqueue.printrun",
            ),
        ),
    ]
