"""`new_epoch`: after a backup was restored, let every open page read everything again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from printqueue.live.revisions import RevisionCounter
from printqueue.serving.prepare import prepare_tables


class Command(BaseCommand):
    """Begins a new epoch of event ids. It may be called at any time, and more than once."""

    help = "After a backup was restored: every open page reads everything again."

    def handle(self, **options: Any) -> None:
        """Do it, and say so."""
        prepare_tables()
        counter = RevisionCounter.begin_epoch()
        self.stdout.write(f"Event ids begin with pf-{counter.epoch} now. Every open page reads everything again.")
