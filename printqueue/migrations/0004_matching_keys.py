"""What matching looks for, of customer and design: see printqueue.file_words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("printqueue", "0003_runs_on_a_machine")]

    operations = [
        migrations.AddField(
            model_name="printqueue",
            name="customer_key",
            field=models.CharField(db_index=True, default="", editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name="printqueue",
            name="design_key",
            field=models.CharField(default="", editable=False, max_length=200),
        ),
        migrations.AddIndex(
            model_name="printqueue",
            index=models.Index(fields=["design_key", "stage", "id", "is_enabled"], name="job_design"),
        ),
    ]
