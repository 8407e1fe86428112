"""Distinguished names as people write them (RFC 4514), made comparable with those in certificates.

Two spellings of a name are one name: `CN=a,O=b` and `2.5.4.3=A, o=b` compare alike (RFC 4514 §3, §4; RFC 5280 §7.1).
The order is the string's own: the most specific part comes first, in a certificate it comes last (RFC 4514 §2.1).
"""

from __future__ import annotations

import re

from keys.der import NotDer, only
from keys.trust.names import NameKey, folded

_LONGEST = 1024
_NAMES = {  # RFC 4514 §3, and what openssl and Java write besides
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "TITLE": "2.5.4.12",
    "GIVENNAME": "2.5.4.42",
    "ORGANIZATIONIDENTIFIER": "2.5.4.97",
    "DC": "0.9.2342.19200300.100.1.25",
    "UID": "0.9.2342.19200300.100.1.1",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
}
_TYPE = re.compile(r" *([A-Za-z][A-Za-z0-9-]*|[0-2](?:\.(?:0|[1-9][0-9]*))+) *= *", re.ASCII)
_HEX = re.compile(r"#((?:[0-9A-Fa-f]{2})+) *", re.ASCII)
_PIECE = re.compile(r"\\([0-9A-Fa-f]{2})|\\([ \"#+,;<=>\\])|([^\\\"+,;<>\x00])")
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x1E: "utf-16-be"}  # UTF8, Printable, IA5, BMP


def read_written_name(text: str) -> NameKey:
    """The name in the form in which `keys.trust.certificate.Certificate.subject` has it.

    Raises:
        ValueError: not a name after RFC 4514, of no part, or with an attribute that has no known short name.
    """
    if not 0 < len(text) <= _LONGEST:
        raise ValueError("a distinguished name of 1 to 1024 characters")
    rdns: list[frozenset[tuple[str, str]]] = []
    attributes: list[tuple[str, str]] = []
    place = 0
    while True:
        attribute, place = _attribute(text, place)
        if attribute[0] in (kind for kind, _ in attributes):
            raise ValueError("an attribute twice in one part")
        attributes.append(attribute)
        separator = text[place : place + 1]
        if separator in (",", ""):
            rdns.append(frozenset(attributes))
            attributes = []
        if separator == "":
            return tuple(reversed(rdns))
        place += 1


def _attribute(text: str, place: int) -> tuple[tuple[str, str], int]:
    """One attribute and where it ends: at `,`, at `+`, or with the text."""
    match = _TYPE.match(text, place)
    if match is None:
        raise ValueError("no attribute where one was due")
    kind = match[1] if match[1][0].isdigit() else _NAMES.get(match[1].upper())
    if kind is None:
        raise ValueError("an attribute without a known short name: write its object identifier")
    value, place = _value(text, match.end())
    if text[place : place + 1] not in (",", "+", ""):
        raise ValueError("a character that must be escaped")
    if not value:
        raise ValueError("an attribute without a value")
    return (kind, value), place


def _value(text: str, place: int) -> tuple[str, int]:
    encoded = _HEX.match(text, place)
    if encoded is not None:
        return folded(_of_encoding(bytes.fromhex(encoded[1]))), encoded.end()
    if text.startswith("#", place):  # RFC 4514 §2.4: as the first character of a text it is escaped
        raise ValueError("the octets after # are not hexadecimal")
    octets = bytearray()
    while match := _PIECE.match(text, place):
        octets += bytes.fromhex(match[1]) if match[1] else (match[2] or match[3]).encode("utf-8")
        place = match.end()
    return folded(octets.decode("utf-8")), place  # UnicodeDecodeError is a ValueError


def _of_encoding(ber: bytes) -> str:
    """RFC 4514 §2.4: after `#` come the octets of the value's encoding, here of one of the kinds of text."""
    try:
        element = only(ber)
    except NotDer:
        raise ValueError("the octets after # are no encoding of a value") from None
    if element.tag not in _TEXTS:
        raise ValueError("the value after # is no text")
    return element.content.decode(_TEXTS[element.tag])
