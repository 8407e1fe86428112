"""DER, strictly read and plainly written (ITU-T X.690 §8, §10): just what a signature container needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT_0, CONTEXT_1, CONTEXT_2 = 0xA0, 0xA1, 0xA2


class NotDer(ValueError):
    """The bytes are not the one DER encoding of anything expected here."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value: its tag, its content, and the whole of its encoding."""

    tag: int
    content: bytes
    encoded: bytes

    def of(self, tag: int) -> Element:
        """Itself, if it has this tag."""
        if self.tag != tag:
            raise NotDer(f"tag {self.tag:#x} where {tag:#x} was due")
        return self

    def items(self) -> list[Element]:
        """The elements inside a constructed one."""
        return list(elements(self.content))


def tlv(tag: int, *parts: bytes) -> bytes:
    """Encode one value; the length takes the fewest octets (X.690 §10.1)."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def oid(dotted: str) -> bytes:
    """An object identifier from its dotted form (X.690 §8.19)."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (first * 40 + second, *rest):
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.append(0x80 | (arc & 0x7F))
        out += bytes(reversed(group))
    return tlv(OID, bytes(out))


def set_of(encoded: Iterable[bytes]) -> bytes:
    """A SET OF: its elements in ascending order of their encodings (X.690 §11.6)."""
    return tlv(SET, *sorted(encoded))


def elements(data: bytes) -> Iterator[Element]:
    """The values that `data` consists of, one after the other.

    Raises:
        NotDer: for indefinite or roundabout lengths, multi-byte tags, or a value that is cut off.
    """
    position = 0
    while position < len(data):
        element = first(data, position)
        yield element
        position += len(element.encoded)


def first(data: bytes, start: int = 0) -> Element:
    """The value at `start`; what follows it is left alone."""
    if len(data) < start + 2:
        raise NotDer("cut off")
    tag, size = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise NotDer("multi-byte tag")
    body = start + 2
    if size & 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4 or len(data) < body + octets:
            raise NotDer("bad length")
        size = int.from_bytes(data[body : body + octets], "big")
        # X.690 §10.1: the definite form with the fewest octets
        if size < 0x80 or size < 1 << (8 * (octets - 1)):
            raise NotDer("roundabout length")
        body += octets
    end = body + size
    if end > len(data):
        raise NotDer("cut off")
    return Element(tag, data[body:end], data[start:end])


def only(data: bytes) -> Element:
    """The one value that `data` is."""
    element = first(data)
    if len(element.encoded) != len(data):
        raise NotDer("more than one value")
    return element


def split(data: bytes) -> list[bytes]:
    """The encodings that `data` is a chain of."""
    return [element.encoded for element in elements(data)]
