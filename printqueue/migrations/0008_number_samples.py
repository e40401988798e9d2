"""Numbers the samples that there are, so that those to come, which begin with 0, stand behind them."""

from django.db import migrations
from django.db.models import F

BATCH = 20_000


def number(apps, schema_editor):
    samples = apps.get_model("printqueue", "Sample").objects.order_by("pk")
    newest = samples.last()
    if newest is None:
        return
    for first in range(samples[0].pk, newest.pk + 1, BATCH):
        samples.filter(pk__range=(first, first + BATCH - 1)).update(number=F("pk") - newest.pk - 1)


class Migration(migrations.Migration):
    dependencies = [("printqueue", "0007_samples_that_move")]

    operations = [migrations.RunPython(number, migrations.RunPython.noop)]
