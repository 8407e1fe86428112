"""What a national e-seal (SESeal) and a stamp made with it (SES_Signature) say (GB/T 38540-2020 §6, §7; GM/T 0031).

Three editions are in use. They differ in places, not in meaning; `read` brings all to this form and keeps the octets
that were signed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Edition(StrEnum):
    """Which text a structure follows."""

    GMT_0031_2014 = "GM/T 0031-2014"
    GBT_38540_2020 = "GB/T 38540-2020"
    GMT_0031_2025 = "GM/T 0031-2025"


class ListKind(IntEnum):
    """How a seal names those who may use it (certListType)."""

    CERTIFICATES = 1
    DIGESTS = 2


@dataclass(frozen=True, slots=True)
class Picture:
    """What is seen of a seal.

    Attributes:
        kind: `PNG`, `SVG`, `OFD`, ….
        width, height: millimetres.
    """

    kind: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Signers:
    """Who may use a seal: their certificates in DER, or digests of them by the name of the digest."""

    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    digests: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of a seal or a stamp."""

    oid: str
    critical: bool
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealInfo:
    """What the maker of a seal signs (SES_SealInfo); times are aware.

    Attributes:
        version: of the header.
        vendor: who made the software (Vid).
        seal_id: esID.
        kind: number of the kind of seal.
    """

    version: int
    vendor: str
    seal_id: str
    kind: int
    name: str
    signers: Signers
    created_at: dt.datetime
    valid_from: dt.datetime
    valid_to: dt.datetime
    picture: Picture
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal, signed by its maker.

    Attributes:
        maker: the maker's certificate, DER.
        algorithm: dotted OID.
        signed: the octets under the signature.
        time_stamp: over the signature, where the edition has one.
        encoded: the whole structure.
    """

    edition: Edition
    info: SealInfo
    maker: bytes = field(repr=False)
    algorithm: str
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    encoded: bytes = field(repr=False)
    time_stamp: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Stamp:
    """One use of a seal (SES_Signature).

    Attributes:
        made_at: None where an old edition has no time that can be read.
        digest: of what is stamped (dataHash): SM3.
        subject: what the digest is of (propertyInfo): in a package the path of its Signature.xml.
        signer: the signer's certificate, DER.
        signed: the octets under the signature.
    """

    edition: Edition
    version: int
    seal: Seal
    made_at: dt.datetime | None
    digest: bytes = field(repr=False)
    subject: str
    signer: bytes = field(repr=False)
    algorithm: str
    signature: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    extensions: tuple[Extension, ...] = ()
    time_stamp: bytes | None = field(default=None, repr=False)
