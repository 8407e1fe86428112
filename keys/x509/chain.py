"""A short path check (RFC 5280 §6.1) for certificates of our own authority, before they are stored or handed out.

Judging other people's signatures needs revocation, policies and points in time: that is `signing`'s validator.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cryptography import x509

from keys.errors import ChainRefused, SignatureRefused
from keys.x509.signed_by import check_issued

_KNOWN_CRITICAL = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid})


def check_chain(chain: Sequence[bytes], *, moment: dt.datetime) -> None:
    """Check a path from an end entity to its root, each in DER, the root last.

    Raises:
        ChainRefused: names the certificate (0 is the end entity) and the reason.
    """
    certificates = [_parse(der, position) for position, der in enumerate(chain)]
    if not certificates:
        raise ChainRefused("no certificate")
    for position, certificate in enumerate(certificates):
        issuer = certificates[min(position + 1, len(certificates) - 1)]  # the root has issued itself
        _check_issued(certificate, issuer, moment, position)  # 1. names and signatures chain
        _check_moment(certificate, moment, position)  # 2. valid at the moment
        _check_extensions(certificate, position)  # 3. nothing critical that we do not know
        if position > 0 or len(certificates) == 1:
            _check_authority(certificate, below=max(position - 1, 0), position=position)  # 4. issuers may issue


def _parse(der: bytes, position: int) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        raise ChainRefused(f"{position}: not a certificate") from None


def _check_issued(certificate: x509.Certificate, issuer: x509.Certificate, moment: dt.datetime, position: int) -> None:
    try:
        check_issued(certificate, issuer, at=moment)
    except SignatureRefused as refused:
        raise ChainRefused(f"{position}: not issued by the next one ({refused.private})") from None


def _check_moment(certificate: x509.Certificate, moment: dt.datetime, position: int) -> None:
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:  # RFC 5280 §6.1.3 (a)(2)
        raise ChainRefused(f"{position}: not valid at the moment")


def _check_extensions(certificate: x509.Certificate, position: int) -> None:
    try:
        extensions = certificate.extensions
    except (ValueError, x509.DuplicateExtension):
        raise ChainRefused(f"{position}: malformed extensions") from None
    if any(extension.critical and extension.oid not in _KNOWN_CRITICAL for extension in extensions):
        raise ChainRefused(f"{position}: unknown critical extension")  # RFC 5280 §6.1.4 (o)


def _check_authority(certificate: x509.Certificate, *, below: int, position: int) -> None:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise ChainRefused(f"{position}: does not say that it is an authority") from None
    if not constraints.ca or not usage.key_cert_sign:  # RFC 5280 §6.1.4 (k), (n)
        raise ChainRefused(f"{position}: must not issue certificates")
    if constraints.path_length is not None and below > constraints.path_length:  # RFC 5280 §6.1.4 (m)
        raise ChainRefused(f"{position}: too many authorities below it")
