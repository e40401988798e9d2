"""The command `printfactory-client`: reads the configuration, starts the drivers and runs until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import httpx2

from printqueue.client.check import Verdict, check, wait_for_first_sight
from printqueue.client.config import Config, load
from printqueue.client.drivers import driver_for
from printqueue.client.log import log_to_stderr, redacted
from printqueue.client.loop import Poller, Watched, end_together, run_on_time
from printqueue.client.sender import Sender
from printqueue.client.server import ServerLink
from printqueue.client.spool import IN_MEMORY, Spool, SpoolError
from printqueue.client.toml_table import ConfigError
from printqueue.protocol import Report

OK, NOT_WELL, UNUSABLE = 0, 1, 2

PATIENCE_AT_THE_END_SECONDS: Final = 1.0
"""How long a call under way, and then the printers, are waited for once the client is told to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client. Return 0, 1 when a check or a single round failed, 2 when it cannot start or go on."""
    options = _parser().parse_args(arguments)
    # What a check finds is in its lines; the log would say it twice.
    log = log_to_stderr(logging.DEBUG if options.verbose else logging.ERROR if options.check else logging.INFO)
    try:
        config = load(options.config)
        log.secrets = config.secrets
        # Looking on must not use up sequences or runs, nor get in the way of a client that is at work.
        path = IN_MEMORY if options.check or options.dry_run else config.spool
        with _spool(path, int(config.spool_megabytes * 1_000_000)) as spool:
            return _run(config, spool, options)
    except (ConfigError, SpoolError) as error:
        logging.error("%s", error)
        return UNUSABLE
    except KeyboardInterrupt:
        return NOT_WELL
    except BrokenPipeError:
        # Whoever read the lines has read enough. What Python flushes at the end must have somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception:
        logging.critical("A fault of the client itself", exc_info=True)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="printfactory-client", description="Watches 3D printers and reports to the PrintFactory server."
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")
    parser.add_argument(
        "--check", action="store_true", help="look at every printer and the server once and say what is wrong"
    )
    parser.add_argument("--once", action="store_true", help="report once for every printer, then end")
    parser.add_argument("--verbose", action="store_true", help="also log what the libraries do, to find a fault")
    parser.add_argument("--dry-run", action="store_true", help="print the reports as JSON lines and send nothing")
    return parser


def _run(config: Config, spool: Spool, options: argparse.Namespace) -> int:
    with httpx2.Client() as http, _watching(config, spool) as printers:
        server = ServerLink(http, config.server, config.key, spool.client)
        if options.check:
            return _check(config, printers, server)
        for warning in config.warnings:
            logging.warning("%s", warning)
        poller = Poller(printers, spool)
        sender = None if options.dry_run else Sender(spool, server)
        if options.once:
            return _once(printers, poller, sender)
        return _until_told_to_stop(config.poll_seconds, poller, sender)


def _check(config: Config, printers: list[Watched], server: ServerLink) -> int:
    verdicts = set()
    for finding in check(config, printers, server):
        verdicts.add(finding.verdict)
        sys.stdout.write(redacted(f"{finding}\n", config.secrets))
        sys.stdout.flush()
    return NOT_WELL if Verdict.WRONG in verdicts else OK


def _once(printers: list[Watched], poller: Poller, sender: Sender | None) -> int:
    wait_for_first_sight(printers)
    reports = poller.step()
    silent = {printer.serial for printer in printers} - {report["printer"] for report in reports}
    if silent:
        logging.error("Nothing was heard of %s: --check says more", ", ".join(sorted(silent)))
    if sender is None:
        _print(reports)
        return NOT_WELL if silent else OK
    while sender.step() is not None and sender.trouble is None:
        pass
    return NOT_WELL if silent or sender.trouble else OK


def _until_told_to_stop(poll_seconds: float, poller: Poller, sender: Sender | None) -> int:
    """Poll until SIGTERM or SIGINT, which let the current step end. What was not sent stays in the spool."""
    stopping, news = Event(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    def poll_and_tell() -> None:
        reports = poller.step()
        if sender is None:
            _print(reports)
        news.set()

    with _sending(sender, stopping, news):
        run_on_time(poll_and_tell, poll_seconds, stopping)
    return OK


@contextmanager
def _sending(sender: Sender | None, stopping: Event, news: Event) -> Iterator[None]:
    """Run the sender in a thread of its own; if it fails, stop, and raise here what it raised.

    A call that hangs at the end is left alone: what it sends is still in the spool, and stale when it comes again.
    """
    if sender is None:
        yield
        return
    failures: list[Exception] = []

    def send() -> None:
        try:
            sender.run(stopping, news)
        except Exception as failure:
            failures.append(failure)
            stopping.set()

    thread = Thread(target=send, name="sender", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        news.set()
        thread.join(PATIENCE_AT_THE_END_SECONDS)
    for failure in failures:
        raise failure


@contextmanager
def _spool(path: Path | str, max_bytes: int) -> Iterator[Spool]:
    spool = Spool(path, max_bytes)
    try:
        yield spool
    finally:
        spool.close()


@contextmanager
def _watching(config: Config, spool: Spool) -> Iterator[list[Watched]]:
    """Start a driver for each printer; stop them all at the end."""
    printers = [
        Watched(printer.serial, printer.name, driver_for(printer, spool.memory(printer.serial), spool.now))
        for printer in config.printers
    ]
    for printer in printers:
        printer.driver.start()
    try:
        yield printers
    finally:
        end_together([printer.driver.stop for printer in printers], PATIENCE_AT_THE_END_SECONDS)


def _print(reports: list[Report]) -> None:
    for report in reports:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
