"""TLS to a Bambu Lab printer, whose certificate is X.509 v1 with the serial as common name and no alternative names."""

from __future__ import annotations

import hashlib
import socket
import ssl
from typing import Any

from printqueue.client.config import Tls


class PinMismatchError(ssl.SSLError):
    """The printer showed another certificate than the pinned one; `shown` is its SHA-256."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"certificate with SHA-256 {shown}")
        self.shown = shown


def context_for(tls: Tls, serial: str) -> ssl.SSLContext:
    """Return the context that checks a printer as `tls` says. Raises OSError when the CA file cannot be read."""
    context = _PrinterContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _PrinterSocket
    context.sha256 = tls.sha256
    if tls.ca_file is not None:
        _verify(context, str(tls.ca_file), serial)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _PrinterContext(ssl.SSLContext):
    """Checks the certificate against the serial, whatever address the connection goes to."""

    sha256: str | None = None
    serial: str | None = None

    def wrap_socket(  # the signature is that of ssl.SSLContext
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        name = self.serial or server_hostname
        return super().wrap_socket(sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, name, session)


class _PrinterSocket(ssl.SSLSocket):
    """Ends the handshake with the pin, before the access code is sent; and closes a connection that failed it.

    paho leaves such a connection open, one more at each attempt.
    """

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
            self._check_pin()
        except OSError:
            self.close()
            raise

    def _check_pin(self) -> None:
        context: Any = self.context
        shown = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
        if context.sha256 not in (None, shown):
            raise PinMismatchError(shown)


def _verify(context: _PrinterContext, ca_file: str, serial: str) -> None:
    context.serial = serial
    context.hostname_checks_common_name = True
    # A v1 certificate cannot satisfy the strict profile, and newer models are issued by an intermediate authority
    # that may be all there is in the file.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(ca_file)
