"""A backup is put back: what pages know is then of a future that never was."""

import pytest
from django.core.management import call_command
from django.db import models, transaction

from printqueue.live.revisions import RevisionCounter
from printqueue.models import Printer, PrintQueue, PrintRun
from tests.factories import make_job
from tests.processes import wait_for


class Backup:
    """The rows as they are when this is made."""

    def __init__(self) -> None:
        self._rows: list[models.Model] = [
            *RevisionCounter.objects.all(),
            *Printer.objects.all(),
            *PrintQueue.objects.all(),
            *PrintRun.objects.all(),
        ]

    def restore(self) -> None:
        """Make the rows what they were; jobs that came later are gone."""
        with transaction.atomic():
            known = [row.pk for row in self._rows if isinstance(row, PrintQueue)]
            later: models.QuerySet[PrintQueue] = models.QuerySet(PrintQueue).exclude(pk__in=known)
            later.update(current_run=None)
            later.delete()
            for row in self._rows:
                row.save_base(raw=True)  # as it is, without taking a revision


@pytest.fixture
def usual_epoch(server, audience):
    """Let the shared server be back in the epoch of all tests before the next one opens its pages."""
    usual = RevisionCounter.current().epoch
    yield
    RevisionCounter.objects.update(epoch=usual, value=models.F("value") + 1_000)
    wait_for(lambda: all(page.epoch == usual for page in audience.pages), 30, "the usual epoch")


@pytest.mark.usefixtures("usual_epoch")
@pytest.mark.parametrize("by_the_docs", [True, False], ids=["new-epoch", "same-epoch"])
@pytest.mark.parametrize("is_served", [True, False], ids=["served", "stopped"])
def test_after_a_backup_was_restored_every_page_reads_everything_again(
    is_served, by_the_docs, server, audience, reporters
):
    """Row 13: the revision goes back, under a running server or while it was stopped; `new_epoch` called or forgotten."""
    pages = audience.open(server, 4, back_after=0.2)
    audience.wait_until_open()
    one, other = reporters([server], jobs=1, printers=1)
    one.tell(10)
    other.tell(10)
    backup = Backup()
    make_job()
    one.tell(20)
    other.tell(20)
    audience.wait_until_right()

    if not is_served:
        server.stop()
    with transaction.atomic():  # so that nobody looks in between, and tells of two resets
        backup.restore()
        if by_the_docs:
            call_command("new_epoch")
    if not is_served:
        server.start()

    audience.wait_until_right()
    one.tell(30)
    other.tell(30)
    audience.wait_until_right()
    assert {page.resets for page in pages} == {1}
