"""What a person's certificate says about whose it is.

The citizen's ID number stands in the extension of GM/T 0015 for it (or the older one of RSA certificates), or in
the subject's serialNumber, plain or with the prefix of ETSI EN 319 412-1 §5.1.3. Nothing of it is true before
`keys.trust.judge` has said so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from keys.der import only
from keys.trust.certificate import Certificate, read_certificate
from keys.trust.peer import certificate_thumbprint

_EXTENSIONS = ("1.2.156.10260.4.1.1", "1.2.86.11.7.1")
_SEMANTICS = re.compile(r"(?:IDC|PNO)CN-(.+)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{17}[0-9Xx]|[0-9]{15}", re.ASCII)
_LONGEST = 64


class PersonCertificate:
    """A certificate with which a person logs in.

    Raises:
        keys.trust.certificate.CertificateUnreadable: not a certificate.
    """

    def __init__(self, der: bytes) -> None:
        self._certificate: Certificate = read_certificate(der)

    @property
    def der(self) -> bytes:
        return self._certificate.der

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self._certificate.public_key

    @property
    def thumbprint(self) -> str:
        return certificate_thumbprint(self._certificate.der)

    @property
    def not_after(self) -> dt.datetime:
        return self._certificate.not_after

    @property
    def id_numbers(self) -> frozenset[str]:
        """What has the form of an ID number, wherever it may stand; more than one is nobody's certificate."""
        return frozenset(match[0].upper() for text in self._places() if (match := _NUMBER.fullmatch(text.strip())))

    @property
    def issuer_name(self) -> str:
        """The authority's common name, else its organisation's; for the holder's list of certificates."""
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
            for one in self._certificate.parsed.issuer.get_attributes_for_oid(kind):
                return str(one.value)[:_LONGEST]
        return ""

    def _places(self) -> Iterator[str]:
        for one in self._certificate.parsed.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER):
            text = str(one.value)
            match = _SEMANTICS.fullmatch(text)
            yield match[1] if match else text
        for known in _EXTENSIONS:
            value = self._certificate.extensions.get(known)
            if isinstance(value, x509.UnrecognizedExtension):
                yield from _texts(value.value)


def _texts(content: bytes) -> Iterator[str]:
    """The one text in an extension: authorities wrap it in none, one or two layers of DER."""
    if len(content) > _LONGEST:
        return
    with contextlib.suppress(ValueError):  # not DER, not one text, or not ASCII
        element = only(content)
        while element.tag & 0x20:  # constructed: SEQUENCE, or the tag of the choice
            (element,) = element.items()
        yield element.content.decode("ascii")
        return
    with contextlib.suppress(ValueError):
        yield content.decode("ascii")
