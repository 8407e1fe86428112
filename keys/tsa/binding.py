"""The binding of a token to the certificate that signed it (RFC 2634 §5.4, RFC 5035 §4, RFC 5816 §2.2.1).

Without it, anyone could put another certificate for the same key, with other powers, beside the signature. The older
attribute names the certificate by its SHA-1. That is not a digest which we accept for anything else; here a forger
would need a second certificate with the same SHA-1 as a given one, issued by an accepted authority, so tokens of
authorities that still write it are read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from keys.cms import SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2
from keys.der import OCTET_STRING, SEQUENCE, Element, NotDer, only
from keys.digests import digest_name
from keys.tsa.errors import Fault, TimestampRefused


@dataclass(frozen=True, slots=True)
class Binding:
    """The digest of the certificate, by the `hashlib` name of its algorithm.

    Attributes:
        issuer_serial: IssuerSerial, encoded, when the token names it.
    """

    digest: str
    value: bytes
    issuer_serial: bytes | None

    def names(self, certificate: bytes) -> bool:
        """Whether it is the digest of this certificate."""
        return hashlib.new(self.digest, certificate, usedforsecurity=self.digest != "sha1").digest() == self.value


def read_bindings(attributes: Mapping[bytes, bytes]) -> tuple[Binding, ...]:
    """The bindings in signed attributes; if both attributes are there, both bind.

    Raises:
        TimestampRefused: `BINDING`, when there is none.
        keys.der.NotDer, keys.digests.UnknownDigest.
    """
    found = []
    if SIGNING_CERTIFICATE_V2 in attributes:
        found.append(_binding_v2(_first_identifier(attributes[SIGNING_CERTIFICATE_V2])))
    if SIGNING_CERTIFICATE in attributes:
        found.append(_binding("sha1", _first_identifier(attributes[SIGNING_CERTIFICATE])))
    if not found:
        raise TimestampRefused(Fault.BINDING, "no signing-certificate attribute")
    return tuple(found)


def _first_identifier(value: bytes) -> list[Element]:
    """RFC 5035 §4: the first certificate identifier is the signer's own; the others limit its path."""
    parts = only(value).of(SEQUENCE).items()
    identifiers = parts[0].of(SEQUENCE).items() if parts else []
    if not identifiers:
        raise NotDer("a signing-certificate attribute without a certificate")
    return identifiers[0].of(SEQUENCE).items()


def _binding_v2(parts: list[Element]) -> Binding:
    digest = digest_name(parts.pop(0)) if parts and parts[0].tag == SEQUENCE else "sha256"  # the default
    return _binding(digest, parts)


def _binding(digest: str, parts: list[Element]) -> Binding:
    if len(parts) not in (1, 2):
        raise NotDer("not a certificate identifier")
    issuer_serial = parts[1].of(SEQUENCE).encoded if len(parts) == 2 else None
    return Binding(digest, parts[0].of(OCTET_STRING).content, issuer_serial)
