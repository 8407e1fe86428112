"""Revocation lists in DER (RFC 5280 §5): complete lists of version 2, or one part of a divided list.

Written by hand, since a list may have hundreds of thousands of entries. There are no lists of differences, so nothing
is ever said to be removed: what is good again is left out of the next list.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from keys.der import (
    BIT_STRING,
    CONTEXT_0,
    ENUMERATED,
    GENERALIZED_TIME,
    OCTET_STRING,
    SEQUENCE,
    UTC_TIME,
    integer,
    oid,
    tlv,
)
from keys.ports import Signer
from keys.spec import ALGORITHMS
from keys.x509.certificate import key_identifier, sign
from keys.x509.model import Revocation, RevocationReason

_AUTHORITY_KEY = oid("2.5.29.35")
_CRL_NUMBER = oid("2.5.29.20")
_ISSUING_POINT = oid("2.5.29.28")
_EXPIRED_ON_LIST = oid("2.5.29.60")  # ITU-T X.509 §9.5.2.8
_REASON = oid("2.5.29.21")
_INVALIDITY = oid("2.5.29.24")
_TRUE = b"\x01\x01\xff"
_MANY = 500  # entries
_URI = 0x86  # GeneralName, [6] IMPLICIT


@dataclass(frozen=True, slots=True)
class ListContent:
    """Everything in a list but its signature.

    Attributes:
        issuer: the authority's name, DER.
        number: higher than that of every list before (RFC 5280 §5.2.3).
        point: address of the distribution point, for one part of a divided list.
        expired_since: certificates that ended after this moment stay on the list.
    """

    issuer: bytes
    number: int
    this_update: dt.datetime
    next_update: dt.datetime
    revocations: Sequence[Revocation]
    point: str | None = None
    expired_since: dt.datetime | None = None


async def build_list(content: ListContent, signer: Signer) -> bytes:
    """A signed list, DER.

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    algorithm = ALGORITHMS[signer.algorithm].identifier
    if len(content.revocations) > _MANY:  # milliseconds and more: the loop must not wait for it
        message = await asyncio.to_thread(_to_sign, content, algorithm, signer.public_key)
    else:
        message = _to_sign(content, algorithm, signer.public_key)
    return tlv(SEQUENCE, message, algorithm, tlv(BIT_STRING, b"\0", await sign(signer, message)))


def _to_sign(content: ListContent, algorithm: bytes, public_key: bytes) -> bytes:
    """TBSCertList."""
    fields = [integer(1), algorithm, content.issuer, time(content.this_update), time(content.next_update)]
    if content.revocations:  # RFC 5280 §5.1.2.6: absent where there is none
        fields.append(tlv(SEQUENCE, *map(_entry, content.revocations)))
    return tlv(SEQUENCE, *fields, tlv(CONTEXT_0, tlv(SEQUENCE, *_extensions(content, public_key))))


def time(moment: dt.datetime) -> bytes:
    """RFC 5280 §5.1.2.4: UTCTime through 2049, GeneralizedTime from 2050."""
    if moment.year < 2050:
        return tlv(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return generalized(moment)


def generalized(moment: dt.datetime) -> bytes:
    """GeneralizedTime to the second."""
    return tlv(GENERALIZED_TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())


def extension(kind: bytes, value: bytes, *, critical: bool = False) -> bytes:
    """An Extension (RFC 5280 §4.1)."""
    return tlv(SEQUENCE, kind, _TRUE if critical else b"", tlv(OCTET_STRING, value))


def _extensions(content: ListContent, public_key: bytes) -> list[bytes]:
    found = [
        extension(_AUTHORITY_KEY, tlv(SEQUENCE, tlv(0x80, key_identifier(public_key)))),  # RFC 5280 §5.2.1
        extension(_CRL_NUMBER, integer(content.number)),  # RFC 5280 §5.2.3
    ]
    if content.point is not None:  # RFC 5280 §5.2.5
        name = tlv(CONTEXT_0, tlv(CONTEXT_0, tlv(_URI, content.point.encode("ascii"))))
        found.append(extension(_ISSUING_POINT, tlv(SEQUENCE, name), critical=True))
    if content.expired_since is not None:
        found.append(extension(_EXPIRED_ON_LIST, generalized(content.expired_since)))
    return found


_REASONS: dict[RevocationReason, bytes] = {
    reason: extension(_REASON, tlv(ENUMERATED, bytes((reason.code,))))
    for reason in RevocationReason
    if reason is not RevocationReason.UNSPECIFIED  # RFC 5280 §5.3.1: absent instead
}


def _entry(one: Revocation) -> bytes:
    extensions = _REASONS.get(one.reason, b"")
    if one.invalidity_at is not None:
        extensions += extension(_INVALIDITY, generalized(one.invalidity_at))  # RFC 5280 §5.3.2
    return tlv(SEQUENCE, integer(one.serial), time(one.at), tlv(SEQUENCE, extensions) if extensions else b"")
