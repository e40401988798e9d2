"""TLS to printers. They show certificates that no browser would take, so the owner says which one is the printer's.

Bambu Lab printers have one of the maker: X.509 v1, with the serial as common name and no alternative names. Printers that
speak https mostly have one that somebody made at home.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from typing import Any, Final

from printqueue.client.config import Tls

OUT_OF_DATE: Final = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
NAMES_ANOTHER: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class PinMismatchError(ssl.SSLError):
    """The printer showed another certificate than the pinned one; `shown` is its SHA-256."""

    def __init__(self, shown: str) -> None:
        super().__init__(f"certificate with SHA-256 {shown}")
        self.shown = shown


def context_for(tls: Tls, serial: str | None = None) -> ssl.SSLContext:
    """Return the context that checks a printer as `tls` says. Raises OSError when the CA file cannot be read.

    With `serial` the certificate has to name that, whatever address the connection goes to.
    """
    context = _PrinterContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _PrinterSocket
    context.sha256 = tls.sha256
    if tls.ca_file is not None:
        _verify(context, str(tls.ca_file), serial)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certificate_in_words(error: ssl.SSLError, address: str, tls: Tls, *, names_another: str) -> str | None:
    """Return what is wrong with the certificate that `address` shows and how to mend it; None for another error.

    `names_another` is what to say when the certificate is good and somebody else's.
    """
    if isinstance(error, PinMismatchError):
        return (
            f"{address} shows another certificate than tls_sha256 names (its SHA-256 is {error.shown}): if the printer or "
            "its certificate was replaced, put that value into the configuration"
        )
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    if error.verify_code in NAMES_ANOTHER:
        return names_another
    if error.verify_code in OUT_OF_DATE:
        return (
            f"the certificate of {address} is out of date ({error.verify_message}): is the clock of this computer right? "
            'Then renew the certificate, or use tls = "pin"'
        )
    authority = tls.ca_file or "an authority that this computer knows"
    return (
        f"the certificate of {address} is not signed by {authority} ({error.verify_message}): name the file of its "
        'authority as `tls_ca`, or use tls = "pin"'
    )


class _PrinterContext(ssl.SSLContext):
    """Checks the certificate against the serial, where there is one."""

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
    """Ends the handshake with the pin, before any secret is sent; and closes a connection that failed it.

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


def _verify(context: _PrinterContext, ca_file: str, serial: str | None) -> None:
    context.serial = serial
    context.hostname_checks_common_name = True
    # A v1 certificate cannot satisfy the strict profile, nor can most that were made at home; and newer Bambu models are
    # issued by an intermediate authority that may be all there is in the file.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(ca_file)
