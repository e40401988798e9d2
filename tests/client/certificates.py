"""Certificates of the kind Bambu printers carry: X.509 v1, CN = serial, no alternative names, issued by a maker's CA.

`cryptography` writes only v3, so the version field is taken out of its certificate and the rest is signed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

DER_SEQUENCE = 0x30
DER_BIT_STRING = 0x03
VERSION_3 = bytes.fromhex("a003020102")
SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


@dataclass(frozen=True)
class Authority:
    """A certificate authority such as `BBL CA`."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls) -> Authority:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "BBL Technologies Co., Ltd"),
                x509.NameAttribute(NameOID.COMMON_NAME, "BBL CA"),
            ]
        )
        builder = _builder(name, name, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue_v1(self, serial: str, *, days: float = 1) -> tuple[bytes, bytes]:
        """Return the DER certificate, good for `days` from now, and the PEM key of the printer `serial`."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial)])
        v3 = _builder(subject, self.certificate.subject, key, days=days).sign(self.key, hashes.SHA256())
        return self._as_v1(v3.tbs_certificate_bytes), _pem_key(key)

    def issue_for(self, host: str, *, days: float = 1) -> tuple[bytes, bytes]:
        """Return certificate and key (PEM) of an https server at the IP address `host`, good for `days` from now."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "printer")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        builder = _builder(subject, self.certificate.subject, key, days=days).add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), _pem_key(key)

    def _as_v1(self, to_be_signed: bytes) -> bytes:
        content = to_be_signed[2 + _length_octets(to_be_signed) :]
        body = _der(DER_SEQUENCE, content.removeprefix(VERSION_3))
        signature = self.key.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return _der(DER_SEQUENCE, body + SHA256_WITH_RSA + _der(DER_BIT_STRING, b"\0" + signature))


def write_printer_files(
    directory: Path, authority: Authority, serial: str, *, days: float = 1
) -> tuple[Path, Path, Path]:
    """Write the CA, the printer's certificate with its chain and the printer's key; return their paths."""
    der, key = authority.issue_v1(serial, days=days)
    leaf_pem = x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
    ca_file, chain_file, key_file = (directory / name for name in ("ca.pem", "printer.pem", "printer.key"))
    ca_file.write_bytes(authority.pem)
    chain_file.write_bytes(leaf_pem + authority.pem)
    key_file.write_bytes(key)
    return ca_file, chain_file, key_file


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, *, days: float = 1
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
    )


def _pem_key(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _der(tag: int, content: bytes) -> bytes:
    """Encode one DER element (X.690 §8.1)."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _length_octets(element: bytes) -> int:
    """How many octets follow the first length octet of a DER element."""
    return element[1] & 0x7F if element[1] & 0x80 else 0
