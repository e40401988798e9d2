"""Samples get a place within their run, and runs what decides which of their reports are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("printqueue", "0006_runs_sorted_by_hand")]

    operations = [
        migrations.AddField(
            model_name="printrun",
            name="course",
            field=models.TextField(
                blank=True,
                default="",
                editable=False,
                help_text="What decides whether its next report is one sample more.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sample",
            name="follows_gap",
            field=models.BooleanField(default=False, help_text="Nobody reported for a while before it."),
        ),
        migrations.AddField(
            model_name="sample",
            name="number",
            field=models.IntegerField(
                default=0, help_text="Its place within the run. The last one moves on with each report."
            ),
            preserve_default=False,
        ),
    ]
