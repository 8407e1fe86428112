"""TSTInfo: what a time-stamp token says (RFC 3161 §2.4.2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from keys.der import (
    BOOLEAN,
    CONTEXT_0,
    CONTEXT_1,
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    Element,
    NotDer,
    boolean_of,
    dotted,
    integer_of,
    only,
)
from keys.tsa.imprint import Imprint, read_imprint
from keys.tsa.moments import read_accuracy, read_time

_MAX_SERIAL = 20  # octets and a sign: RFC 3161 §2.4.2 asks for readers of up to 160 bits
_MAX_NONCE = 128  # octets


@dataclass(frozen=True, slots=True)
class TimestampInfo:
    """What a token says, none of it proved yet.

    Attributes:
        policy: dotted object identifier.
        accuracy: how far `time` may be off either way; None when the token does not say.
        nonce: of the request that it answers.
        authority: the GeneralName of the `tsa` field, encoded.
    """

    policy: str
    imprint: Imprint
    serial: int
    time: dt.datetime
    accuracy: dt.timedelta | None
    ordering: bool
    nonce: int | None
    authority: bytes | None


def read_info(der: bytes) -> TimestampInfo:
    """
    Raises:
        keys.der.NotDer: malformed, of another version, or with an extension: we know none.
        keys.digests.UnknownDigest: an imprint of SHA-1, for one.
    """
    parts = only(der).of(SEQUENCE).items()
    if len(parts) < 5 or integer_of(parts[0]) != 1:
        raise NotDer("not a TSTInfo of version 1")
    serial = integer_of(parts[3])
    if serial < 0 or len(parts[3].content) > _MAX_SERIAL + 1:
        raise NotDer("a serial number out of range")
    rest = _optional(parts[5:])
    return TimestampInfo(
        policy=dotted(parts[1]),
        imprint=read_imprint(parts[2]),
        serial=serial,
        time=read_time(parts[4].of(GENERALIZED_TIME)),
        accuracy=read_accuracy(rest[SEQUENCE]) if SEQUENCE in rest else None,
        ordering=_ordering(rest.get(BOOLEAN)),
        nonce=_nonce(rest.get(INTEGER)),
        authority=_authority(rest.get(CONTEXT_0)),
    )


def _optional(parts: list[Element]) -> dict[int, Element]:
    due = [SEQUENCE, BOOLEAN, INTEGER, CONTEXT_0, CONTEXT_1]
    found: dict[int, Element] = {}
    for part in parts:
        if part.tag not in due:
            raise NotDer("a part that is not due")
        due = due[due.index(part.tag) + 1 :]
        found[part.tag] = part
    if CONTEXT_1 in found:
        _check_extensions(found[CONTEXT_1])
    return found


def _check_extensions(extensions: Element) -> None:
    """An extension that is not critical may be passed over; a critical one changes the meaning (RFC 5280 §4.2)."""
    if not extensions.items():
        raise NotDer("no extension where one was due")
    for extension in extensions.items():
        parts = extension.of(SEQUENCE).items()
        if len(parts) not in (2, 3):
            raise NotDer("not an extension")
        dotted(parts[0])
        if len(parts) == 3 and boolean_of(parts[1]):
            raise NotDer("a critical extension that is not known")


def _ordering(element: Element | None) -> bool:
    if element is not None and not boolean_of(element):
        raise NotDer("a default that is written out")  # X.690 §11.5
    return element is not None


def _nonce(element: Element | None) -> int | None:
    if element is None:
        return None
    if len(element.content) > _MAX_NONCE:
        raise NotDer("a nonce that is too long")
    return integer_of(element)


def _authority(element: Element | None) -> bytes | None:
    return None if element is None else only(element.content).encoded
