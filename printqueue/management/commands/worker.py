"""`manage.py worker`: the periodic work alone."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from printqueue import periodic
from printqueue.alerts.delivery import deliveries
from printqueue.live.threads import join_all


class Command(BaseCommand):
    """Works until it is told to end; the task at hand is finished first, and what is being sent is broken off."""

    help = "Do the periodic work. Any number may run, beside servers that do it too."

    def handle(self, *args: Any, **options: Any) -> None:
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        self.stdout.write("Working.")
        self.stdout.flush()
        periodic.run(ending)
        join_all(deliveries.end())
