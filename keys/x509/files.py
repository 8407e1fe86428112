"""Certificates as files hold them: DER, or PEM one after the other (RFC 7468 §5)."""

from __future__ import annotations

from asn1crypto import pem

from core.text import Text
from keys.errors import CertificateRefused

LARGEST = 256 * 1024


def certificates_in(content: bytes) -> list[bytes]:
    """The certificates in a file, DER, in their order; whether they are good is not looked at.

    Raises:
        CertificateRefused: there is none, or the file is too large.
    """
    if len(content) > LARGEST:
        raise _refused()
    if not pem.detect(content):
        return [content]
    try:
        found = [der for kind, _, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE"]
    except ValueError:
        raise _refused() from None
    if not found:
        raise _refused()
    return found


def to_pem(der: bytes) -> str:
    """A certificate as text."""
    armored: bytes = pem.armor("CERTIFICATE", der)
    return armored.decode("ascii")


def _refused() -> CertificateRefused:
    return CertificateRefused(
        Text("文件中没有证书（DER 或 PEM）。", "The file holds no certificate in DER or PEM."), field="certificate"
    )
