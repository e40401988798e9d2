"""A Bambu printer as the network sees it: a real MQTT broker over TLS, and a feeder that plays recordings into it.

    with BambuBroker(tmp_path) as printer:
        # config of the client: host = "127.0.0.1", port = printer.port, serial = printer.serial,
        # access_code = printer.access_code, tls = "verify", tls_ca = printer.ca_file
        printer.feed(load_recording(A1_LOCAL_PRINT), speed=30)

`feed` blocks until the last message is out; run it in a thread when the test has to look on meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.client.certificates import Authority, write_printer_files

ROOT = Path(__file__).resolve().parents[2]
A1_LOCAL_PRINT = ROOT / "tests/data/bambu/a1_local_print.json"
SERIAL = "01P00A000000000"
ACCESS_CODE = "12345678"
LIMIT_SECONDS = 20


class Step(NamedTuple):
    """One message of a recording: `at` is in seconds since its first."""

    at: float
    message: dict[str, Any]


def load_recording(path: Path) -> list[Step]:
    """Read a list of {"t": ISO time, "message": {…}}."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    times = [datetime.fromisoformat(entry["t"]) for entry in entries]
    return [Step((t - times[0]).total_seconds(), entry["message"]) for t, entry in zip(times, entries, strict=True)]


class BambuBroker:
    """A printer on 127.0.0.1; its `port` stays the same over `restart()`."""

    def __init__(
        self,
        directory: Path,
        serial: str = SERIAL,
        access_code: str = ACCESS_CODE,
        certificate_serial: str | None = None,
        certificate_days: float = 1,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = _free_port()
        self.serial = serial
        self.access_code = access_code
        self.answers_pushall = True
        self.requests: list[dict[str, Any]] = []
        self.unheard: list[dict[str, Any]] = []
        self.ca_file, self._chain, self._key = write_printer_files(
            directory, Authority.create(), certificate_serial or serial, days=certificate_days
        )
        self._feeder_password = secrets.token_hex(8)
        self._state: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._feeder: mqtt.Client | None = None
        self._feeder_ready = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def certificate_sha256(self) -> str:
        """What `tls_sha256` has to hold for this printer."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self._chain.read_text().split("-----END")[0] + _END)).hexdigest()

    def start(self) -> None:
        """Start broker and feeder; both take connections when this returns."""
        self._start_broker()
        self._start_feeder()

    def stop(self) -> None:
        if self._feeder is not None:
            self._feeder.disconnect()
            self._feeder.loop_stop()
            self._feeder = None
        self._stop_broker()

    def restart(
        self, down_seconds: float = 0.0, *, meanwhile: dict[str, Any] | None = None, is_silent: bool = False
    ) -> None:
        """Drop every connection and come back on the same port, with the state of before but for `meanwhile`.

        `is_silent`: and do not tell it.
        """
        self._feeder_ready.clear()
        self._stop_broker()
        self._state.update(meanwhile or {})
        time.sleep(down_seconds)
        self._start_broker()
        assert self._feeder_ready.wait(LIMIT_SECONDS), "the feeder did not come back"
        if not is_silent:
            self._send_whole_state()

    def freeze(self) -> None:
        """Keep every connection open and say nothing more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def publish(self, message: dict[str, Any] | bytes) -> None:
        """Send one message of the printer: a JSON object, or any bytes."""
        assert self._feeder is not None
        if isinstance(message, dict):
            self._remember(message)
            message = json.dumps(message, ensure_ascii=False).encode()
        self._feeder.publish(f"device/{self.serial}/report", message, qos=1).wait_for_publish(LIMIT_SECONDS)

    def feed(self, recording: list[Step], speed: float = 30.0) -> None:
        """Play a recording `speed` times as fast as it was; blocks until the last message is out."""
        started = time.monotonic()
        for step in recording:
            time.sleep(max(0.0, started + step.at / speed - time.monotonic()))
            self.publish(step.message)

    @property
    def pushalls(self) -> int:
        """How often clients have asked for the whole state."""
        return sum(map(_asks_for_all, list(self.requests)))

    def wait_for_pushall(self, count: int = 1) -> None:
        """Wait until a client has asked for the whole state `count` times: it then hears what is published."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.pushalls < count:
            assert time.monotonic() < deadline, "no client asked for the state"
            time.sleep(0.02)

    def _start_broker(self) -> None:
        settings = {
            "port": self.port,
            "certfile": str(self._chain),
            "keyfile": str(self._key),
            "access_code": self.access_code,
            "feeder_password": self._feeder_password,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.client.broker_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(settings) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n", "the broker did not start"

    def _stop_broker(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(LIMIT_SECONDS)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process = None

    def _start_feeder(self) -> None:
        feeder = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="feeder")
        feeder.username_pw_set("feeder", self._feeder_password)
        feeder.tls_set(cert_reqs=ssl.CERT_NONE)
        feeder.tls_insecure_set(True)
        feeder.reconnect_delay_set(1, 1)
        feeder.on_connect = lambda client, *_: client.subscribe("device/+/request", qos=1)
        feeder.on_subscribe = lambda *_: self._feeder_ready.set()
        feeder.on_message = lambda _client, _userdata, message: self._on_request(message.topic, bytes(message.payload))
        feeder.connect(self.host, self.port)
        feeder.loop_start()
        self._feeder = feeder
        assert self._feeder_ready.wait(LIMIT_SECONDS), "the feeder did not connect"

    def _on_request(self, topic: str, payload: bytes) -> None:
        request = json.loads(payload)
        if topic != f"device/{self.serial}/request":
            self.unheard.append(request)  # the broker takes it; a printer of another serial hears nothing
            return
        self.requests.append(request)
        if _asks_for_all(request) and self.answers_pushall:
            self._send_whole_state()

    def _send_whole_state(self) -> None:
        if self._state and self._feeder is not None:
            answer = {"print": {**self._state, "command": "push_status", "msg": 0}}
            self._feeder.publish(f"device/{self.serial}/report", json.dumps(answer), qos=1)

    def _remember(self, message: dict[str, Any]) -> None:
        report = message.get("print")
        if isinstance(report, dict) and report.get("command") == "push_status":
            self._state.update(report)


_END = "-----END CERTIFICATE-----"


def _asks_for_all(request: dict[str, Any]) -> bool:
    return bool(request.get("pushing", {}).get("command") == "pushall")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
