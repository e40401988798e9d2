"""Changes to rows, as other parts of the product make them."""

from django.db import transaction

from printqueue.live.revisions import Change, save_revised
from printqueue.models import Printer, PrintQueue


def report_progress(job: PrintQueue, percent: float) -> None:
    """A plain report: nothing but progress changes."""
    with transaction.atomic():
        job.progress = percent
        save_revised([Change(job, ["progress"], structural=False)])


def rewrite_note(job: PrintQueue, note: str = "handle with care") -> None:
    """A structural change."""
    job.note = note
    job.save(update_fields=["note"])


def want_on(job: PrintQueue, printer: Printer | None) -> None:
    """The job goes to another printer's list."""
    job.wanted_printer = printer
    job.save(update_fields=["wanted_printer"])
