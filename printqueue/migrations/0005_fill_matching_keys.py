"""Fills what matching looks for; file names are normalised a little more than before."""

from django.db import migrations

from printqueue.file_words import words_key
from printqueue.protocol import file_name_key

BATCH = 2_000


def fill(apps, schema_editor):
    jobs = apps.get_model("printqueue", "PrintQueue").objects.order_by("pk")
    last = 0
    while batch := list(
        jobs.filter(pk__gt=last).values_list("print_file_name", "customer_id", "design_name", "pk")[:BATCH]
    ):
        keys = [(file_name_key(file), words_key(customer), words_key(design), pk) for file, customer, design, pk in batch]
        with schema_editor.connection.cursor() as cursor:
            # No page shows them, so no revision is taken.
            cursor.executemany(
                "UPDATE printqueue_printqueue SET file_key = %s, customer_key = %s, design_key = %s WHERE id = %s", keys
            )
        last = batch[-1][-1]


class Migration(migrations.Migration):
    dependencies = [("printqueue", "0004_matching_keys")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
