"""What the certificate of a TLS client says about who holds its key (RFC 8705 §2.1, §3.1).

Whether an authority stands behind it is judged by `keys.trust.judge`; that its key is held was proved to whoever ended
the TLS connection.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from keys.primitives import base64url
from keys.trust.certificate import Certificate, read_certificate
from keys.trust.names import NameKey

_LONGEST = 16 * 1024
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*", re.ASCII)


def certificate_thumbprint(der: bytes) -> str:
    """`x5t#S256`: SHA-256 over the certificate, base64url (RFC 8705 §3.1; RFC 7515 §4.1.8)."""
    return base64url.encode(hashlib.sha256(der).digest())


def read_forwarded_certificate(value: str) -> bytes:
    """DER of the certificate in a header that a proxy wrote, in one of two forms: `:base64:` (RFC 9440 §2.1), or PEM
    with percent-encoding (nginx's `$ssl_client_escaped_cert`).

    Raises:
        keys.trust.certificate.CertificateUnreadable, ValueError: not exactly one certificate.
    """
    if len(value) > _LONGEST:
        raise ValueError("too large")
    try:
        if value.startswith(":") and value.endswith(":") and len(value) > 2:
            der = base64.b64decode(value[1:-1], validate=True)
        else:
            match = _PEM.fullmatch(unquote_to_bytes(value))
            if match is None:
                raise ValueError("neither an RFC 9440 field nor an escaped PEM certificate")
            der = base64.b64decode(b"".join(match[1].split()), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    return read_certificate(der).der


class PeerCertificate:
    """A client's certificate, to be compared with what was registered for the client.

    Raises:
        keys.trust.certificate.CertificateUnreadable: not a certificate.
    """

    def __init__(self, der: bytes) -> None:
        self._certificate: Certificate = read_certificate(der)

    @property
    def der(self) -> bytes:
        return self._certificate.der

    @property
    def thumbprint(self) -> str:
        return certificate_thumbprint(self._certificate.der)

    def is_named(self, name: NameKey) -> bool:
        """Whether this is its subject, whole and in order."""
        return self._certificate.subject == name

    def has_dns_name(self, name: str) -> bool:
        """Whether it names exactly this host; a wildcard in it stands for nobody in particular."""
        return name.lower() in (one.lower() for one in self._alternatives(x509.DNSName))

    def has_uri(self, uri: str) -> bool:
        return uri in self._alternatives(x509.UniformResourceIdentifier)

    def has_ip_address(self, address: str) -> bool:
        """Whether it names this address, however either of them is spelled."""
        try:
            return str(ip_address(address)) in self._alternatives(x509.IPAddress)
        except ValueError:
            return False

    def has_email(self, address: str) -> bool:
        """RFC 5280 §7.5: the local part is compared as it is, the host without regard to case."""
        return _mailbox(address) in (_mailbox(one) for one in self._alternatives(x509.RFC822Name))

    def _alternatives(self, kind: type[x509.GeneralName]) -> list[str]:
        names = self._certificate.extensions.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string, ())
        return [str(one.value) for one in names if isinstance(one, kind)]


NAMED_BY: dict[str, Callable[[PeerCertificate, str], bool]] = {
    "dns": PeerCertificate.has_dns_name,
    "uri": PeerCertificate.has_uri,
    "ip": PeerCertificate.has_ip_address,
    "email": PeerCertificate.has_email,
}
"""How a certificate is asked for a subject alternative name of each kind (RFC 8705 §2.1.2)."""


def _mailbox(address: str) -> tuple[str, str]:
    local, _, host = address.rpartition("@")
    return local, host.lower()
