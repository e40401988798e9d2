"""The configuration file of the printer client (TOML), read strictly."""

from __future__ import annotations

import ipaddress
import re
import ssl
import stat
import tomllib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from printqueue.client.toml_table import ConfigError, Table
from printqueue.protocol import MAX_PRINTER_NAME, MAX_SERIAL

OUTCOMES: Final = ("completed", "failed", "cancelled")
A_WEEK_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Tls:
    """How a printer proves who it is: `verify` (certificate authority), `pin` (SHA-256) or, Bambu only, `off`.

    Without `ca_file`, `verify` means the authorities that this computer knows. Bambu printers always have one, and name
    their serial; others name the host of their URL.
    """

    mode: str
    ca_file: Path | None = None
    sha256: str | None = None


BY_KNOWN_AUTHORITIES: Final = Tls("verify")


@dataclass(frozen=True, slots=True)
class BambuPrinter:
    """A Bambu Lab printer in the local network. The serial is part of its MQTT topic and is case-sensitive."""

    serial: str
    name: str | None
    host: str
    port: int
    access_code: str = field(repr=False)
    tls: Tls


@dataclass(frozen=True, slots=True)
class MoonrakerPrinter:
    """A Klipper printer behind Moonraker. Without a key Moonraker must trust the address that the client calls from."""

    serial: str
    name: str | None
    url: str
    api_key: str | None = field(default=None, repr=False)
    tls: Tls = BY_KNOWN_AUTHORITIES


@dataclass(frozen=True, slots=True)
class OctoPrintPrinter:
    """A printer behind OctoPrint, which answers nobody without a key."""

    serial: str
    name: str | None
    url: str
    api_key: str = field(repr=False)
    tls: Tls = BY_KNOWN_AUTHORITIES


@dataclass(frozen=True, slots=True)
class PrusaLinkPrinter:
    """A Prusa printer with PrusaLink. It takes either the key or, by Digest, the name and the password."""

    serial: str
    name: str | None
    url: str
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = BY_KNOWN_AUTHORITIES


@dataclass(frozen=True, slots=True)
class SimulatedPrinter:
    """A printer that exists only in the client. All durations are in seconds; `speed` makes prints shorter."""

    serial: str
    name: str | None
    files: tuple[str, ...]
    seconds: float = 600.0
    outcome: str = "completed"
    speed: float = 1.0
    rest_seconds: float = 60.0
    repeat: bool = True
    start_at_seconds: float = 0.0
    pause_at_percent: float | None = None
    pause_seconds: float = 60.0


Printer = BambuPrinter | MoonrakerPrinter | OctoPrintPrinter | PrusaLinkPrinter | SimulatedPrinter


@dataclass(frozen=True, slots=True)
class Config:
    """What the client is to do: which server, how often, where to keep the spool, which printers.

    `warnings`: what should be mended although the configuration can be used.
    """

    server: str
    key: str = field(repr=False)
    poll_seconds: float
    spool: Path
    spool_megabytes: float
    printers: tuple[Printer, ...]
    warnings: tuple[str, ...] = ()

    @property
    def secrets(self) -> set[str]:
        """Return all that must never be shown: what the tables above keep out of their `repr`."""
        tables = (self, *self.printers)
        values = [getattr(table, item.name) for table in tables for item in fields(table) if not item.repr]
        return {value for value in values if value}


def load(path: Path) -> Config:
    """Read the file at `path`. Raises ConfigError, whose message names the file, the key and what was expected."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}.") from error
    table = Table(values, str(path), path.resolve())
    config = Config(
        server=_server(table),
        key=table.secret("key"),
        poll_seconds=table.number("poll_seconds", default=5.0, low=0.1, high=60.0),
        spool=table.path("spool", default="spool.sqlite3"),
        spool_megabytes=table.number("spool_megabytes", default=64.0, low=5.0, high=100_000.0),
        printers=tuple(_printer(printer) for printer in table.tables("printer", "printer")),
    )
    table.finish()
    _refuse_the_same_serial_twice(table, config.printers)
    return replace(config, warnings=tuple(_open_to_everyone(table.holders)))


def _server(table: Table) -> str:
    server = table.text("server").rstrip("/")
    if not _is_base_url(server):
        raise table.error("server", 'the base URL of the server, such as "https://queue.example"')
    return server


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        has_more = url.query or url.fragment or url.username or url.port == 0
    except ValueError:
        return False
    return url.scheme in ("http", "https") and _is_host(url.hostname or "") and not has_more


def _host(table: Table) -> str:
    host = table.text("host")
    if not _is_host(host):
        raise table.error("host", 'an IP address or a host name, such as "192.0.2.10"')
    return host


def _is_host(text: str) -> bool:
    """Whether a connection to `text` can be tried: for a name like "a..b" that alone raises UnicodeError."""
    with suppress(ValueError):
        ipaddress.ip_address(text)
        return True
    try:
        name = text.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", name) is not None


def _printer(table: Table) -> Printer:
    serial = table.text("serial", max_length=MAX_SERIAL)
    name = table.optional_text("name", max_length=MAX_PRINTER_NAME)
    table.where = f"{table.where} ({serial})"
    printer = _READERS[table.choice("driver", tuple(_READERS))](table, serial, name)
    table.finish()
    return printer


def _bambu(table: Table, serial: str, name: str | None) -> BambuPrinter:
    if not re.fullmatch(r"[0-9A-Za-z]+", serial):
        raise table.error(
            "serial", "the serial as the printer shows it: letters and digits, upper and lower case matter"
        )
    return BambuPrinter(
        serial=serial,
        name=name,
        host=_host(table),
        port=table.whole_number("port", default=8883, low=1, high=65535),
        access_code=table.secret("access_code"),
        tls=_tls(table),
    )


def _tls(table: Table) -> Tls:
    mode = table.choice("tls", ("verify", "pin", "off"), default="verify")
    if mode == "verify":
        return Tls(mode, ca_file=_certificates(table, "tls_ca"))
    return _pin(table) if mode == "pin" else Tls(mode)


def _https(table: Table, url: str) -> Tls:
    """What is said of the certificate of a printer that is asked over HTTP; without https it has none."""
    if not url.lower().startswith("https:"):
        for key in ("tls", "tls_ca", "tls_sha256"):
            if table.optional_text(key) is not None:
                raise table.error(key, 'it only beside a `url` that begins with "https://"')
        return BY_KNOWN_AUTHORITIES
    if table.choice("tls", ("verify", "pin"), default="verify") == "pin":
        return _pin(table)
    return Tls("verify", ca_file=None if table.optional_text("tls_ca") is None else _certificates(table, "tls_ca"))


def _pin(table: Table) -> Tls:
    digest = table.text("tls_sha256").replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise table.error("tls_sha256", "the SHA-256 of the printer's certificate: 64 hexadecimal digits")
    return Tls("pin", sha256=digest)


def _certificates(table: Table, key: str) -> Path:
    path = table.file(key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # ssl.SSLError is one
        raise table.error(key, f"a file with certificates (PEM), which {path} is not") from error
    return path


def _moonraker(table: Table, serial: str, name: str | None) -> MoonrakerPrinter:
    url = _url(table, "http://192.0.2.11:7125")
    return MoonrakerPrinter(serial, name, url, table.optional_secret("api_key"), _https(table, url))


def _octoprint(table: Table, serial: str, name: str | None) -> OctoPrintPrinter:
    url = _url(table, "http://192.0.2.12:5000")
    return OctoPrintPrinter(serial, name, url, table.secret("api_key"), _https(table, url))


def _prusalink(table: Table, serial: str, name: str | None) -> PrusaLinkPrinter:
    url, api_key = _url(table, "http://192.0.2.12"), table.optional_secret("api_key")
    username, password = table.optional_text("username"), table.optional_secret("password")
    if (api_key is None) == (password is None):
        raise table.error("api_key", "either `api_key`, or `username` and `password`, each secret also as `…_file`")
    if (username is None) != (password is None):
        raise table.error("username", "the user name that goes with `password`, and only with it")
    return PrusaLinkPrinter(serial, name, url, api_key, username, password, _https(table, url))


def _url(table: Table, example: str) -> str:
    """The base URL of a printer that speaks HTTP."""
    url = table.text("url").rstrip("/")
    if not _is_base_url(url):
        raise table.error("url", f'the address of the printer as a URL, such as "{example}"')
    return url


def _simulated(table: Table, serial: str, name: str | None) -> SimulatedPrinter:
    return SimulatedPrinter(
        serial=serial,
        name=name,
        files=table.texts("files", default=[f"{serial}.gcode"]),
        seconds=table.number("seconds", default=600, low=1, high=A_WEEK_SECONDS),
        outcome=table.choice("outcome", OUTCOMES, default="completed"),
        speed=table.number("speed", default=1, low=0.01, high=10_000),
        rest_seconds=table.number("rest_seconds", default=60, low=1, high=A_WEEK_SECONDS),
        repeat=table.switch("repeat", default=True),
        start_at_seconds=table.number("start_at_seconds", default=0, low=0, high=A_WEEK_SECONDS),
        pause_at_percent=table.optional_number("pause_at_percent", low=1, high=99),
        pause_seconds=table.number("pause_seconds", default=60, low=1, high=A_WEEK_SECONDS),
    )


_READERS: Final[dict[str, Callable[[Table, str, str | None], Printer]]] = {
    "bambu": _bambu,
    "moonraker": _moonraker,
    "octoprint": _octoprint,
    "prusalink": _prusalink,
    "simulated": _simulated,
}


def _refuse_the_same_serial_twice(table: Table, printers: tuple[Printer, ...]) -> None:
    serials = [printer.serial for printer in printers]
    for serial in serials:
        if serials.count(serial) > 1:
            raise ConfigError(f"{table.where}: two [[printer]] have the serial `{serial}`; expected each once.")


def _open_to_everyone(files: Iterable[Path]) -> list[str]:
    """Return a sentence for each file with a secret that every user of this computer can read."""
    return [
        f"{file}: holds a secret, and everyone on this computer can read it. Run: chmod o= {file}"
        for file in sorted(files)
        if file.stat().st_mode & stat.S_IROTH
    ]
