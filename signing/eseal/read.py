"""Reads seals and stamps of the three editions (GM/T 0031-2014, GB/T 38540-2020, GM/T 0031-2025), strictly.

Which edition it is, the number of elements says, and the version in the header where that is not enough. What is under
a signature is taken as it came, never written anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

from keys.der import (
    CONTEXT_0,
    GENERALIZED_TIME,
    IA5_STRING,
    OCTET_STRING,
    SEQUENCE,
    UTC_TIME,
    UTF8_STRING,
    Element,
    NotDer,
    dotted,
    integer_of,
    only,
    tlv,
)
from signing.eseal.fields import PRINTABLE_STRING, bits_of, extensions_of, moment_of, text_of
from signing.eseal.model import Edition, Extension, ListKind, Picture, Seal, SealInfo, Signers, Stamp

LARGEST = 4 << 20
"""Octets of a structure: a picture is some hundred thousand at most."""

_MOST_SIGNERS = 1000
_LARGEST_CERTIFICATE = 64 * 1024
_OF_VERSIONS = {4: Edition.GBT_38540_2020, 5: Edition.GMT_0031_2025}
_OLD_VERSIONS = frozenset({1, 2, 3})
_MILLIMETRES = range(1, 1000)


class StructureRefused(ValueError):
    """Not a seal or stamp, or one that could be read in two ways; the argument says where."""


def read_seal(encoded: bytes) -> Seal:
    """
    Args:
        encoded: SESeal, DER.

    Raises:
        StructureRefused
    """
    return _refusing(lambda: _seal(_bounded(encoded)))


def read_stamp(encoded: bytes) -> Stamp:
    """
    Args:
        encoded: SES_Signature, DER.

    Raises:
        StructureRefused
    """
    return _refusing(lambda: _stamp(_bounded(encoded)))


_Made = TypeVar("_Made")


def _refusing(read: Callable[[], _Made]) -> _Made:
    try:
        return read()
    except NotDer as wrong:
        raise StructureRefused(str(wrong)) from None


def _bounded(encoded: bytes) -> Element:
    if len(encoded) > LARGEST:
        raise StructureRefused("too large")
    return only(encoded).of(SEQUENCE)


# -- seals -----------------------------------------------------------------------------------------------------------


def _seal(element: Element) -> Seal:
    parts = element.of(SEQUENCE).items()
    return _old_seal(element, parts) if len(parts) == 2 else _new_seal(element, parts)


def _new_seal(element: Element, parts: Sequence[Element]) -> Seal:
    if len(parts) not in (4, 5):
        raise NotDer("a seal of an unknown shape")
    info = _info(parts[0], old=False)
    edition = _OF_VERSIONS.get(info.version)
    if edition is None or (len(parts) == 5) > (edition is Edition.GMT_0031_2025):
        raise NotDer("the version in the header does not fit the shape")
    time_stamp = _time_stamp(parts[4]) if len(parts) == 5 else None
    maker, algorithm, signature = _certificate(parts[1]), dotted(parts[2]), bits_of(parts[3])
    return Seal(edition, info, maker, algorithm, signature, parts[0].encoded, element.encoded, time_stamp)


def _old_seal(element: Element, parts: Sequence[Element]) -> Seal:
    info, sign_info = _info(parts[0], old=True), parts[1].of(SEQUENCE).items()
    if len(sign_info) != 3 or info.version not in _OLD_VERSIONS:
        raise NotDer("a seal of an unknown shape")
    certificate, algorithm, signature = sign_info
    signed = tlv(SEQUENCE, parts[0].encoded, certificate.encoded, algorithm.encoded)  # GM/T 0031-2014
    maker = _certificate(certificate)
    return Seal(Edition.GMT_0031_2014, info, maker, dotted(algorithm), bits_of(signature), signed, element.encoded)


def _info(element: Element, *, old: bool) -> SealInfo:
    parts = element.of(SEQUENCE).items()
    if len(parts) not in (4, 5):
        raise NotDer("a SealInfo of an unknown shape")
    mark, version, vendor = _exactly(parts[0], 3)
    if text_of(mark, IA5_STRING) != "ES":
        raise NotDer("the header does not say ES")
    kind, name, *between, created, valid_from, valid_to = _exactly(parts[2], 6 if old else 7)
    return SealInfo(
        version=integer_of(version),
        vendor=text_of(vendor, IA5_STRING),
        seal_id=text_of(parts[1], IA5_STRING),
        kind=integer_of(kind),
        name=text_of(name, UTF8_STRING),
        signers=_signers(between, old=old),
        created_at=moment_of(created.of(UTC_TIME if old else GENERALIZED_TIME)),
        valid_from=moment_of(valid_from.of(created.tag)),
        valid_to=moment_of(valid_to.of(created.tag)),
        picture=_picture(parts[3]),
        extensions=_extensions(parts[4]) if len(parts) == 5 else (),
    )


def _signers(between: Sequence[Element], *, old: bool) -> Signers:
    if old:
        (listed,), kind = between, ListKind.CERTIFICATES
    else:
        number, listed = between
        kind = _list_kind(integer_of(number))
    entries = listed.of(SEQUENCE).items()
    if not 0 < len(entries) <= _MOST_SIGNERS:
        raise NotDer("a list of no or of too many signers")
    if kind is ListKind.CERTIFICATES:
        return Signers(certificates=tuple(_certificate(one) for one in entries))
    return Signers(digests=tuple(_digest(one) for one in entries))


def _list_kind(number: int) -> ListKind:
    try:
        return ListKind(number)
    except ValueError:
        raise NotDer("an unknown kind of list") from None


def _digest(element: Element) -> tuple[str, bytes]:
    name, value = _exactly(element, 2)
    return text_of(name, PRINTABLE_STRING), value.of(OCTET_STRING).content


def _picture(element: Element) -> Picture:
    kind, data, width, height = _exactly(element, 4)
    size = integer_of(width), integer_of(height)
    if any(side not in _MILLIMETRES for side in size):
        raise NotDer("a picture of no size")
    return Picture(text_of(kind, IA5_STRING), data.of(OCTET_STRING).content, *size)


# -- stamps ----------------------------------------------------------------------------------------------------------


def _stamp(element: Element) -> Stamp:
    parts = element.items()
    if len(parts) == 2:
        return _old_stamp(parts)
    if len(parts) not in (4, 5):
        raise NotDer("a stamp of an unknown shape")
    inner = parts[0].of(SEQUENCE).items()
    if len(inner) not in (5, 6):
        raise NotDer("a TBS_Sign of an unknown shape")
    seal = _seal(inner[1])
    if seal.edition is Edition.GMT_0031_2014:
        raise NotDer("a stamp of another edition than its seal")
    version = integer_of(inner[0])
    if version != seal.info.version:
        raise NotDer("the versions of stamp and seal differ")
    return Stamp(
        seal.edition,
        version,
        seal,
        moment_of(inner[2].of(GENERALIZED_TIME)),
        bits_of(inner[3]),
        text_of(inner[4], IA5_STRING),
        signer=_certificate(parts[1]),
        algorithm=dotted(parts[2]),
        signature=bits_of(parts[3]),
        signed=parts[0].encoded,
        extensions=_extensions(inner[5]) if len(inner) == 6 else (),
        time_stamp=_time_stamp(parts[4]) if len(parts) == 5 else None,
    )


def _old_stamp(parts: Sequence[Element]) -> Stamp:
    version, sealed, time, digest, subject, certificate, algorithm = _exactly(parts[0], 7)
    seal = _seal(sealed)
    if seal.edition is not Edition.GMT_0031_2014:
        raise NotDer("a stamp of another edition than its seal")
    return Stamp(
        seal.edition,
        integer_of(version),
        seal,
        _old_time(bits_of(time)),
        bits_of(digest),
        text_of(subject, IA5_STRING),
        signer=_certificate(certificate),
        algorithm=dotted(algorithm),
        signature=bits_of(parts[1]),
        signed=parts[0].encoded,
    )


def _old_time(octets: bytes) -> dt.datetime | None:
    """timeInfo of the old edition: a time in DER, or a time-stamp, which is not looked into."""
    try:
        return moment_of(only(octets))
    except NotDer:
        return None


# -- both ------------------------------------------------------------------------------------------------------------


def _exactly(element: Element, number: int) -> Sequence[Element]:
    parts = element.of(SEQUENCE).items()
    if len(parts) != number:
        raise NotDer(f"{len(parts)} elements where {number} were due")
    return parts


def _certificate(element: Element) -> bytes:
    content = element.of(OCTET_STRING).content
    if len(content) > _LARGEST_CERTIFICATE:
        raise NotDer("a certificate that is too large")
    return only(content).of(SEQUENCE).encoded


def _extensions(element: Element) -> tuple[Extension, ...]:
    """Untagged as makers write them in seals, or tagged [0] as the text has it in stamps: both occur."""
    return extensions_of(only(element.content) if element.tag == CONTEXT_0 else element)


def _time_stamp(element: Element) -> bytes:
    return bits_of(only(element.of(CONTEXT_0).content))
