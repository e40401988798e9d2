"""One module for each family of printers; all of them look like this to the loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from printqueue.client.config import BambuPrinter, MoonrakerPrinter, OctoPrintPrinter, Printer, PrusaLinkPrinter
from printqueue.client.snapshot import Snapshot


class Driver(Protocol):
    """Watches one printer. No method waits for the network: a slow printer must not delay the others."""

    def start(self) -> None:
        """Begin to watch, in the background where that takes time."""

    def stop(self) -> None:
        """Stop watching and let go of the connection."""

    def poll(self, now: float) -> list[Snapshot]:
        """Return what to report at `now` (seconds since the epoch), oldest first; empty until `is_known`."""

    def is_known(self) -> bool:
        """Return whether `poll` has something to say."""

    def memory(self) -> dict[str, Any] | None:
        """Return what the next process has to know, as JSON."""

    def trouble(self) -> str | None:
        """Return in words why the printer cannot be seen and how to mend it, or None."""


def driver_for(printer: Printer, memory: dict[str, Any] | None, clock: Callable[[], float] = time.time) -> Driver:
    """Return the driver of `printer`, with what it had remembered. `clock` gives the same time as `poll` is given.

    What watches printers that this client does not have is not even loaded: it would cost memory for nothing.
    """
    if isinstance(printer, BambuPrinter):
        from printqueue.client.drivers.bambu import BambuDriver

        return BambuDriver(printer, memory, clock=clock)
    if isinstance(printer, MoonrakerPrinter):
        from printqueue.client.drivers.moonraker import moonraker_driver

        return moonraker_driver(printer, memory, clock=clock)
    if isinstance(printer, OctoPrintPrinter):
        from printqueue.client.drivers.octoprint import octoprint_driver

        return octoprint_driver(printer, memory, clock=clock)
    if isinstance(printer, PrusaLinkPrinter):
        from printqueue.client.drivers.prusalink import prusalink_driver

        return prusalink_driver(printer, memory, clock=clock)
    from printqueue.client.drivers.simulated import SimulatedDriver

    return SimulatedDriver(printer, memory)
