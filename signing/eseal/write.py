"""Writes seals and stamps of GB/T 38540-2020 and GM/T 0031-2025 (DER)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from keys.der import CONTEXT_0, OCTET_STRING, SEQUENCE, UTF8_STRING, integer, oid, tlv
from signing.eseal.fields import PRINTABLE_STRING, bits, extensions, ia5, moment
from signing.eseal.model import ListKind, SealInfo, Signers

SM2_WITH_SM3 = "1.2.156.10197.1.501"

Sign = Callable[[bytes], bytes]
"""SM2 with SM3 over the octets: SEQUENCE { r, s }, DER."""


def write_info(info: SealInfo) -> bytes:
    """SES_SealInfo: what the maker signs."""
    return tlv(
        SEQUENCE,
        tlv(SEQUENCE, ia5("ES"), integer(info.version), ia5(info.vendor)),
        ia5(info.seal_id),
        tlv(
            SEQUENCE,
            integer(info.kind),
            tlv(UTF8_STRING, info.name.encode("utf-8")),
            *_signers(info.signers),
            moment(info.created_at),
            moment(info.valid_from),
            moment(info.valid_to),
        ),
        tlv(
            SEQUENCE,
            ia5(info.picture.kind),
            tlv(OCTET_STRING, info.picture.data),
            integer(info.picture.width),
            integer(info.picture.height),
        ),
        extensions(info.extensions) if info.extensions else b"",  # untagged, as the makers of readers expect
    )


def write_seal(info: SealInfo, maker: bytes, sign: Sign) -> bytes:
    """SESeal.

    Args:
        maker: the maker's certificate, DER.
        sign: by the maker's key.
    """
    return write_signed_seal(info, maker, sign(write_info(info)))


def write_signed_seal(info: SealInfo, maker: bytes, signature: bytes) -> bytes:
    """SESeal, for a maker whose key answers later.

    Args:
        maker: the maker's certificate, DER.
        signature: over `write_info` of the same.
    """
    return tlv(SEQUENCE, write_info(info), tlv(OCTET_STRING, maker), oid(SM2_WITH_SM3), bits(signature))


def write_stamp(
    seal: bytes,
    *,
    version: int,
    at: dt.datetime,
    digest: bytes,
    subject: str,
    signer: bytes,
    sign: Sign,
    time_stamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """SES_Signature.

    Args:
        seal: SESeal, DER.
        version: that of the seal's header.
        digest: SM3 of what is stamped, 32 octets.
        subject: what the digest is of.
        signer: the signer's certificate, DER, which the seal names.
        sign: by the signer's key.
        time_stamp: makes a time-stamp over the signature value, where one is wanted.
    """
    signed = tlv(SEQUENCE, integer(version), seal, moment(at), bits(digest), ia5(subject))
    signature = sign(signed)
    stamped = tlv(CONTEXT_0, bits(time_stamp(signature))) if time_stamp else b""
    return tlv(SEQUENCE, signed, tlv(OCTET_STRING, signer), oid(SM2_WITH_SM3), bits(signature), stamped)


def _signers(signers: Signers) -> tuple[bytes, bytes]:
    if signers.certificates:
        listed = tlv(SEQUENCE, *(tlv(OCTET_STRING, one) for one in signers.certificates))
        return integer(ListKind.CERTIFICATES), listed
    entries = (
        tlv(SEQUENCE, tlv(PRINTABLE_STRING, name.encode("ascii")), tlv(OCTET_STRING, value))
        for name, value in signers.digests
    )
    return integer(ListKind.DIGESTS), tlv(SEQUENCE, *entries)
