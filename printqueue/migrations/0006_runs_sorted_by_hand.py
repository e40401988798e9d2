"""What staff say of runs: that one is not ours, when they said so, and where a job stood before a wrong print took it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("printqueue", "0005_fill_matching_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="printer",
            name="links_changed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When staff last said which job one of its runs belongs to, or one that is over was told of late.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="printqueue",
            name="ready_order",
            field=models.BigIntegerField(
                blank=True,
                editable=False,
                help_text="Its order when it was last ready, to go back to when its print turns out to be another job's.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="not_ours_at",
            field=models.DateTimeField(
                blank=True, help_text="When staff said that it is for no job of the queue.", null=True
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="not_ours_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
