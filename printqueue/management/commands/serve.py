"""`manage.py serve`: the server."""

from __future__ import annotations

import gc
import ipaddress
import logging
import signal
import threading
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from printfactory import environment
from printqueue import periodic
from printqueue.alerts.delivery import deliveries
from printqueue.live import pump
from printqueue.live.threads import join_all, threads
from printqueue.serving.locks import AlreadyServed, only_server
from printqueue.serving.prepare import FirstStaff, allow_open_files, collect_static_files, prepare_database
from printqueue.serving.web import CannotListen, WebServer

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Prepares what is missing, then serves until it is told to end."""

    help = "Run the server. The first time it makes the database and a staff log-in, which it shows once."

    def add_arguments(self, parser: CommandParser) -> None:
        # manage.py has put these into the environment before the settings were read.
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (default %(default)s)")
        parser.add_argument("--bind", default=settings.BIND, help="address to listen on (default %(default)s)")
        parser.add_argument("--no-worker", action="store_true", help="leave the periodic work to `worker`")

    def handle(self, *args: Any, bind: str, port: int, no_worker: bool, **options: Any) -> None:
        try:
            with only_server():
                self.prepare_and_serve(bind, port, with_worker=not no_worker)
        except AlreadyServed as error:
            raise CommandError(str(error)) from error

    def prepare_and_serve(self, bind: str, port: int, *, with_worker: bool) -> None:
        """Do all of it; the caller holds `only_server`. Raises CommandError."""
        self.show(prepare_database())
        collect_static_files()
        allow_open_files()
        try:
            self.serve(bind, port, with_worker=with_worker)
        except CannotListen as error:
            raise CommandError(f"Cannot listen on {bind} port {port}: {error}.") from error

    def show(self, first: FirstStaff | None) -> None:
        """Show the log-in that was made, if one was."""
        if first is not None:
            self.stdout.write(
                f"\nThe first log-in is made:\n  name      {first.name}\n  password  {first.password}\n"
                "It is shown only now. Change it after logging in.\n\n"
            )
            self.stdout.flush()

    def serve(self, bind: str, port: int, *, with_worker: bool) -> None:
        """Serve until told to end; then end what was started."""
        # Loaded now: whitenoise looks for the static files when the application is made.
        from printfactory.asgi import application

        ending = threading.Event()
        works = {"listening": periodic.keep_listening, **({"periodic": periodic.run} if with_worker else {})}
        beside = [threading.Thread(target=work, args=[ending], name=name, daemon=True) for name, work in works.items()]
        pump.start()
        connections.close_all()
        for thread in beside:
            thread.start()
        # What was loaded stays: to look through it again and again would stop all pages for a tenth of a second each.
        gc.collect()
        gc.freeze()
        try:
            WebServer(application, bind, port, partial(self.say_where, bind)).serve()
        finally:
            # Whoever says so again waits for the same end: Python would let him kill it while it tidies up.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            ending.set()
            # Told all at once, then waited for: the database may answer none of them.
            join_all([*threads.end(), *pump.end(), *deliveries.end(), *beside])

    def say_where(self, bind: str) -> None:
        """Tell the person who started the server where it is."""
        self.stdout.write(f"PrintFactory is at {settings.PUBLIC_URL}")
        self.stdout.flush()
        if is_wildcard(bind) and not environment.text("PUBLIC_URL") and not environment.words("ALLOWED_HOSTS"):
            logger.warning(
                "Listening on every address, but only this machine is answered: set PUBLIC_URL to what others type into "
                "the browser, such as http://queue.local:%s.",
                settings.PORT,
            )
        if not settings.PUBLIC.is_https:
            logger.warning("PUBLIC_URL is http: passwords and pages travel readable to others on the network.")


def is_wildcard(bind: str) -> bool:
    """Whether `bind` means every address of this machine, which is no name that anybody can type."""
    try:
        return ipaddress.ip_address(bind).is_unspecified
    except ValueError:
        return False
