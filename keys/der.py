"""DER, strictly read and plainly written (ITU-T X.690 §8, §10, §11), for signatures, time-stamps and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
UTF8_STRING, IA5_STRING = 0x0C, 0x16
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
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x10000:  # nearly all there are; every token and signature passes here a dozen times
        return bytes((tag, 0x81, size) if size < 0x100 else (tag, 0x82, size >> 8, size & 0xFF)) + content
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


def integer(value: int) -> bytes:
    """An INTEGER in the fewest octets (X.690 §8.3)."""
    return tlv(INTEGER, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True))


def integer_of(element: Element, tag: int = INTEGER) -> int:
    """The number of an INTEGER; `tag` for one that is tagged implicitly.

    Raises:
        NotDer: another tag, no octets, or more than the fewest.
    """
    content = element.of(tag).content
    if not content:
        raise NotDer("an empty number")
    if len(content) > 1 and content[0] == (0xFF if content[1] & 0x80 else 0x00):  # X.690 §8.3.2
        raise NotDer("a number with idle octets")
    return int.from_bytes(content, "big", signed=True)


def boolean_of(element: Element) -> bool:
    """
    Raises:
        NotDer: anything but the two encodings that DER has (X.690 §11.1).
    """
    content = element.of(BOOLEAN).content
    if content not in (b"\x00", b"\xff"):
        raise NotDer("neither true nor false")
    return content == b"\xff"


def dotted(element: Element) -> str:
    """An object identifier in its dotted form.

    Raises:
        NotDer: an arc is cut off, or longer than it need be (X.690 §8.19.2).
    """
    content = element.of(OID).content
    if not content or content[-1] & 0x80:
        raise NotDer("an object identifier that is cut off")
    arcs, value, fresh = [], 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise NotDer("an object identifier with idle octets")
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    head = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (head, arcs[0] - 40 * head, *arcs[1:]))


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
