"""The connection to one Bambu Lab printer: a thread that connects, listens, notices silence and begins anew."""

from __future__ import annotations

import json
import logging
import random
import secrets
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from printqueue.client.config import BambuPrinter
from printqueue.client.drivers.tls import certificate_in_words, context_for

logger = logging.getLogger(__name__)

WHOLE_REPORT = {"pushing": {"sequence_id": "0", "command": "pushall"}}
START_PUSHING = {"pushing": {"sequence_id": "0", "command": "start"}}
VERSION = {"info": {"sequence_id": "0", "command": "get_version"}}


@dataclass(frozen=True, slots=True)
class Timing:
    """Limits in seconds. Printers send about every 2 s; the largest gap seen in a healthy print is 32 s."""

    connect: float = 10.0
    keepalive: int = 30
    first_word: float = 10.0
    silent: float = 60.0
    rebuild: float = 300.0
    whole_report_every: float = 300.0
    retry_from: float = 2.0
    retry_to: float = 60.0
    refused_to: float = 300.0
    turn: float = 0.5


class Listener(Protocol):
    """Who is told. Called from the link's thread."""

    def connected(self) -> None:
        """A new connection is up: what was known may have changed meanwhile."""

    def received(self, payload: bytes) -> bool:
        """The printer sent a message. Return whether it is now known where the printer stands."""


class RefusedError(Exception):
    """The printer's broker turned the login down."""


class _Watch:
    """What has been asked of the printer on one connection, and when (monotonic seconds)."""

    def __init__(self, connected_at: float) -> None:
        self.connected_at = connected_at
        self.asked_at = connected_at
        self.asked_twice = False
        self.nudged = False


class BambuLink(threading.Thread):
    """Keeps one connection up until `stop()`. Every connection has its own paho client and client id.

    paho's own reconnecting is not used: brokers have been seen to keep the connection open and stop publishing, and a
    new client is what brings them back.
    """

    def __init__(self, printer: BambuPrinter, listener: Listener, timing: Timing) -> None:
        super().__init__(name=f"bambu-{printer.serial}", daemon=True)
        self._printer = printer
        self._listener = listener
        self._timing = timing
        self._stopping = threading.Event()
        self._refused: str | None = None
        self._heard_at: float | None = None
        self._is_in_step = False
        self._is_serial_good = False
        self._failures = 0
        self.trouble: str | None = None

    def run(self) -> None:
        """Connect, listen, wait, again."""
        while not self._stopping.is_set():
            self._stopping.wait(self.step())

    def step(self) -> float:
        """Hold one connection until it is lost; return how many seconds to leave the printer alone."""
        limit = self._timing.retry_to
        try:
            self._session()
        except RefusedError as refusal:
            self._say(str(refusal))
            limit = self._timing.refused_to
        except (OSError, ValueError) as error:  # ssl.SSLError, and UnicodeError for a host that is no name
            self._say(_in_words(error, self._printer))
        self._failures += 1
        return self._pause(limit)

    def stop(self) -> None:
        """End the thread; waits until the connection is closed."""
        self._stopping.set()
        if self.is_alive():
            self.join(self._timing.connect)

    def _pause(self, limit: float) -> float:
        pause = min(limit, self._timing.retry_from * 2.0 ** min(self._failures - 1, 10))
        if self._refused is not None:
            # A wrong access code does not become right by asking again, and asking can lock others out.
            pause = max(pause, min(limit, 30 * self._timing.retry_from))
        return pause * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing

    def _session(self) -> None:
        """One connection from its start to its end. Raises RefusedError, OSError or ValueError."""
        self._refused, self._heard_at, self._is_in_step = None, None, False
        client = self._new_client()
        client.connect(self._printer.host, self._printer.port, keepalive=self._timing.keepalive)
        try:
            self._listen(client)
        finally:
            client.disconnect()
        if self._refused is not None:
            raise RefusedError(self._refused)

    def _listen(self, client: mqtt.Client) -> None:
        """Turn paho's loop until the connection is lost, refused or silent for too long."""
        watch = _Watch(time.monotonic())
        while not self._stopping.is_set() and self._refused is None:
            if client.loop(self._timing.turn) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._refused is None:
                    self._say(f"the connection to {self._address} was lost; connecting again")
                return
            now = time.monotonic()
            silent_for = now - (self._heard_at or watch.connected_at)
            if silent_for > self._timing.rebuild:
                if self._heard_at is not None:
                    self._say(f"no report for {silent_for:.0f} s; connecting again")
                return
            self._ask_again(client, watch, now, silent_for)

    def _ask_again(self, client: mqtt.Client, watch: _Watch, now: float, silent_for: float) -> None:
        """Ask a silent printer to go on, and now and then for a whole report: not more often, since P1 lag then."""
        if self._heard_at is None and silent_for > self._timing.first_word:
            self._say(f"connected to {self._address}, but {self._printer.serial} sends no report: {self._silence_hint}")
        is_silent = silent_for > self._timing.silent
        if is_silent and not watch.nudged:
            self._request(client, START_PUSHING)
        watch.nudged = is_silent
        is_lost = not self._is_in_step and not watch.asked_twice
        if now - watch.asked_at > (self._timing.silent if is_lost else self._timing.whole_report_every):
            self._request(client, WHOLE_REPORT)
            watch.asked_at, watch.asked_twice = now, True

    def _new_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"printfactory-{secrets.token_hex(6)}",
            reconnect_on_failure=False,
        )
        client.connect_timeout = self._timing.connect
        client.username_pw_set("bblp", self._printer.access_code)
        client.tls_set_context(context_for(self._printer.tls, self._printer.serial))
        if self._printer.tls.mode != "verify":
            client.tls_insecure_set(True)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = (
                f"{self._address} refuses the access code ({reason}): it changes whenever LAN mode or Developer mode is "
                "switched; read it again on the printer's screen"
            )
            return
        self._listener.connected()
        client.subscribe(f"device/{self._printer.serial}/report")
        self._request(client, WHOLE_REPORT)
        self._request(client, VERSION)

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._heard_at = time.monotonic()
        self._is_serial_good = True
        if self._listener.received(bytes(message.payload)):
            self._is_in_step = True
            self._failures = 0
            self.trouble = None

    def _request(self, client: mqtt.Client, request: dict[str, Any]) -> None:
        client.publish(f"device/{self._printer.serial}/request", json.dumps(request), qos=1)

    @property
    def _address(self) -> str:
        return f"{self._printer.host}:{self._printer.port}"

    @property
    def _silence_hint(self) -> str:
        if self._is_serial_good:
            return "switch the printer off and on if this lasts"
        return "the serial must be exact, upper and lower case included"

    def _say(self, trouble: str) -> None:
        """Keep the newest trouble, and log it once."""
        if trouble != self.trouble:
            logger.warning("%s: %s", self._printer.name or self._printer.serial, trouble)
        self.trouble = trouble


def _in_words(error: OSError | ValueError, printer: BambuPrinter) -> str:
    """Say what is wrong with the connection and how to mend it."""
    address = f"{printer.host}:{printer.port}"
    if isinstance(error, ssl.SSLError):
        names_another = f"{address} is not the printer {printer.serial}: its certificate names another serial"
        wrong = certificate_in_words(error, address, printer.tls, names_another=names_another)
        return wrong or f"TLS to {address} failed ({error.reason or error}): is this a printer in LAN mode?"
    if isinstance(error, socket.gaierror):
        return f"the host name {printer.host} is not known: use the printer's IP address"
    if isinstance(error, TimeoutError):
        return f"no answer from {address}: is the printer on, and is its address still the same?"
    if isinstance(error, ConnectionRefusedError):
        return f"{address} takes no connection: is LAN mode on, and is this the printer's address?"
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{address} cannot be reached: {reason or error}"
