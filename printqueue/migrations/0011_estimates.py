"""Runs, and the jobs and printers that follow them, tell when they will finish."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("printqueue", "0010_facts"),
    ]

    operations = [
        migrations.AddField(
            model_name="printer",
            name="estimated_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="From when the work that is left counts.", null=True
            ),
        ),
        migrations.AddField(
            model_name="printer",
            name="estimated_left_seconds",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="printer",
            name="estimated_spread_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="Two of three such prints finish within it, either way.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="printqueue",
            name="estimated_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="From when the work that is left counts.", null=True
            ),
        ),
        migrations.AddField(
            model_name="printqueue",
            name="estimated_left_seconds",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="printqueue",
            name="estimated_spread_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="Two of three such prints finish within it, either way.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="estimated_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="From when the work that is left counts.", null=True
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="estimated_left_seconds",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="printrun",
            name="estimated_spread_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="Two of three such prints finish within it, either way.",
                null=True,
            ),
        ),
    ]
