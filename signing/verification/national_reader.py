"""Reads the SM2 signatures that a PDF may carry: stamps (SES_Signature) and SignedData of GM/T 0010.

The sub-filter says which of the two it must be, and the value must be that, whatever program the filter names. What a
stamp is worth beyond its own signature say the ten steps of `signing.eseal.judge`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from keys.der import NotDer
from keys.errors import KeyRefused, LibraryMissing
from keys.primitives.sm2 import Sm2PublicKey
from keys.public_key import public_key_of
from keys.spec import SignatureAlgorithm, Use
from keys.verification import counts, load_verification_key
from signing.eseal.read import StructureRefused, read_stamp
from signing.eseal.write import SM2_WITH_SM3
from signing.gmcms.read import read_signed_data
from signing.profiles import LEVEL_NAMES, SM2_SEAL_SUB_FILTER
from signing.verification.cms_reader import UnsupportedSignature

NATIONAL_PROFILES = {f"/{name}": told for name, told in LEVEL_NAMES.items()}
"""What signatures are called, by their sub-filter as it stands in the file."""

_STAMP = LEVEL_NAMES[SM2_SEAL_SUB_FILTER]
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class NationalContainer:
    """A well-formed SM2 signature.

    Attributes:
        certificates: all that it carries.
        digest: SM3 of the covered bytes, as the signer says; None where the signature is over the bytes themselves.
        signature: SEQUENCE { r, s }, DER.
        signing_time: the time that it claims in itself; None where it claims none.
        timestamps: tokens over the signature, DER; nothing of them has been looked at.
        stamp: the whole of a stamp; None for SignedData.
        signed: the octets under the signature; None where they are the covered bytes.
    """

    certificates: tuple[x509.Certificate, ...]
    signer: x509.Certificate
    digest: bytes | None
    signature: bytes
    signing_time: dt.datetime | None
    timestamps: tuple[bytes, ...]
    stamp: bytes | None = field(default=None, repr=False)
    signed: bytes | None = field(default=None, repr=False)
    digest_name = "sm3"

    def signature_is_good(self, covered: Iterable[bytes]) -> bool:
        """True if the signer's key made the signature, under the customary user ID (GM/T 0009 §10).

        Args:
            covered: the bytes under the byte range, in parts.

        Raises:
            UnsupportedSignature
        """
        key = self._key()
        if self.signed is None:
            return key.verify_parts(self.signature, covered)
        return key.verify(self.signature, self.signed)

    def counts_at(self, moment: dt.datetime) -> bool:
        """Whether algorithm and key count for a seal that was certainly used by `moment`.

        Raises:
            UnsupportedSignature
        """
        return counts(SignatureAlgorithm.SM2_SM3, self._key().bits, use=Use.ESEAL, at=moment)

    @property
    def algorithm_name(self) -> str | None:
        try:
            self._key()
            return SignatureAlgorithm.SM2_SM3.value
        except UnsupportedSignature:
            return None

    def _key(self) -> Sm2PublicKey:
        try:
            key = load_verification_key(public_key_of(self.signer), SignatureAlgorithm.SM2_SM3)
        except (KeyRefused, LibraryMissing, NotDer) as refused:  # without libcrypto nothing can be said, good or bad
            raise UnsupportedSignature from refused
        if not isinstance(key, Sm2PublicKey):
            raise UnsupportedSignature
        return key


def read_national(profile: str, der: bytes) -> NationalContainer:
    """
    Args:
        profile: one of `NATIONAL_PROFILES`.

    Raises:
        NotDer: it is not what the profile calls for.
        UnsupportedSignature: another algorithm than SM2 with SM3, or a certificate that cannot be read.
    """
    return _stamp(der) if profile == _STAMP else _signed_data(der)


def _stamp(der: bytes) -> NationalContainer:
    try:
        stamp = read_stamp(der)
    except StructureRefused as refused:
        raise NotDer(str(refused)) from None
    if stamp.algorithm != SM2_WITH_SM3:
        raise UnsupportedSignature
    signer = _certificate(stamp.signer)
    return NationalContainer(
        (signer,),
        signer,
        stamp.digest,
        stamp.signature,
        stamp.made_at,
        () if stamp.time_stamp is None else (stamp.time_stamp,),
        der,
        stamp.signed,
    )


def _signed_data(der: bytes) -> NationalContainer:
    read = read_signed_data(der)
    return NationalContainer(
        tuple(map(_certificate, read.certificates)),
        _certificate(read.signer),
        read.digest,
        read.signature,
        read.signing_time,
        read.timestamps,
        signed=read.signed,
    )


def _certificate(der: bytes) -> x509.Certificate:
    try:
        found = x509.load_der_x509_certificate(der)
        _ = found.issuer, found.subject, found.extensions  # names are read only when somebody asks for them
        return found
    except _UNREADABLE as e:
        raise NotDer("a certificate that cannot be read") from e
