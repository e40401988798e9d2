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
    if tls.ca_file is not None:
        return _verifying(str(tls.ca_file), serial)
    context = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT) if tls.sha256 else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if isinstance(context, _PinnedContext):
        context.sslsocket_class = _PinnedSocket
        context.sha256 = tls.sha256 or ""
    return context


def _verifying(ca_file: str, serial: str) -> ssl.SSLContext:
    context = _SerialContext(ssl.PROTOCOL_TLS_CLIENT)
    context.serial = serial
    context.hostname_checks_common_name = True
    # A v1 certificate cannot satisfy the strict profile, and newer models are issued by an intermediate authority
    # that may be all there is in the file.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(ca_file)
    return context


class _SerialContext(ssl.SSLContext):
    """Checks that the certificate names the serial, whatever address the connection goes to."""

    serial: str

    def wrap_socket(  # the signature is that of ssl.SSLContext
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        return super().wrap_socket(
            sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, self.serial, session
        )


class _PinnedContext(ssl.SSLContext):
    sha256: str


class _PinnedSocket(ssl.SSLSocket):
    """Refuses any other certificate at the end of the handshake, before the access code is sent."""

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        shown = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
        context: Any = self.context
        if shown != context.sha256:
            raise PinMismatchError(shown)
