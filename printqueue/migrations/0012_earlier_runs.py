"""Completed runs keep what later prints of their file, and the page of how good estimates were, are told."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("printqueue", "0011_estimates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="printrun",
            name="file_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=765),
        ),
        migrations.AddField(
            model_name="printrun",
            name="is_measured",
            field=models.BooleanField(
                default=False, editable=False, help_text="It completed, and what is kept of that for later is in place."
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="marks",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Worked seconds at 10, 25, 50 and 75 %.",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="worked_seconds",
            field=models.FloatField(
                blank=True,
                editable=False,
                help_text="Without pauses; known where it was seen from begin to end.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="worth",
            field=models.TextField(
                blank=True, default="", editable=False, help_text="How far off its finish was foretold, by each source."
            ),
        ),
        migrations.AddIndex(
            model_name="printrun",
            index=models.Index(
                condition=models.Q(("is_history", False), ("is_measured", False), ("state", "completed")),
                fields=["ended_at"],
                name="run_to_measure",
            ),
        ),
        migrations.AddIndex(
            model_name="printrun",
            index=models.Index(
                condition=models.Q(("worked_seconds__isnull", False)),
                fields=["file_key", "ended_at"],
                name="run_earlier",
            ),
        ),
        migrations.AddIndex(
            model_name="printrun",
            index=models.Index(condition=models.Q(("worth__gt", "")), fields=["ended_at"], name="run_worth"),
        ),
    ]
