"""Single fields of the national seal structures, strictly read and plainly written (DER, ITU-T X.690)."""

from __future__ import annotations

import datetime as dt

from keys.der import (
    BIT_STRING,
    BOOLEAN,
    GENERALIZED_TIME,
    IA5_STRING,
    OCTET_STRING,
    SEQUENCE,
    UTC_TIME,
    UTF8_STRING,
    Element,
    NotDer,
    boolean_of,
    dotted,
    oid,
    tlv,
)
from signing.eseal.model import Extension

PRINTABLE_STRING = 0x13
_GENERALIZED, _UTC = "%Y%m%d%H%M%SZ", "%y%m%d%H%M%SZ"
_MOST_TEXT = 1024
_MOST_EXTENSIONS = 64


def text_of(element: Element, tag: int) -> str:
    """
    Raises:
        NotDer: another tag, too long, or octets that its alphabet does not have.
    """
    content = element.of(tag).content
    if len(content) > _MOST_TEXT:
        raise NotDer("a text that is too long")
    try:
        found = content.decode("utf-8" if tag == UTF8_STRING else "ascii")
    except UnicodeDecodeError:
        raise NotDer("a text with octets of another alphabet") from None
    if not found.isprintable():
        raise NotDer("a text with characters that are not seen")
    return found


def bits_of(element: Element) -> bytes:
    """The octets of a BIT STRING without spare bits."""
    content = element.of(BIT_STRING).content
    if content[:1] != b"\x00":
        raise NotDer("bits that are no octets")
    return content[1:]


def bits(octets: bytes) -> bytes:
    return tlv(BIT_STRING, b"\x00", octets)


def moment_of(element: Element) -> dt.datetime:
    """A GeneralizedTime or UTCTime in UTC with seconds, the one form that DER has (X.690 §11.7, §11.8).

    Raises:
        NotDer: any other.
    """
    form = {GENERALIZED_TIME: _GENERALIZED, UTC_TIME: _UTC}.get(element.tag)
    if form is None or len(element.content) != (15 if form == _GENERALIZED else 13):
        raise NotDer("no time")
    try:
        return dt.datetime.strptime(element.content.decode("ascii"), form).replace(tzinfo=dt.UTC)
    except ValueError:
        raise NotDer("a time that is not on the calendar") from None


def moment(value: dt.datetime) -> bytes:
    return tlv(GENERALIZED_TIME, value.astimezone(dt.UTC).strftime(_GENERALIZED).encode("ascii"))


def extensions_of(element: Element) -> tuple[Extension, ...]:
    """ExtensionDatas; a `critical` that is false may be written out, as makers do, though DER leaves it out.

    Raises:
        NotDer: also for one that is there twice.
    """
    found = tuple(_extension(one) for one in element.of(SEQUENCE).items())
    if len(found) > _MOST_EXTENSIONS or len({one.oid for one in found}) != len(found):
        raise NotDer("too many extensions, or one twice")
    return found


def _extension(element: Element) -> Extension:
    parts = element.of(SEQUENCE).items()
    critical = len(parts) == 3 and boolean_of(parts[1])
    if len(parts) not in (2, 3):
        raise NotDer("not an extension")
    return Extension(dotted(parts[0]), critical, parts[-1].of(OCTET_STRING).content)


def extensions(values: tuple[Extension, ...]) -> bytes:
    written = (
        tlv(SEQUENCE, oid(one.oid), tlv(BOOLEAN, b"\xff") if one.critical else b"", tlv(OCTET_STRING, one.value))
        for one in values
    )
    return tlv(SEQUENCE, *written)


def ia5(text: str) -> bytes:
    return tlv(IA5_STRING, text.encode("ascii"))
