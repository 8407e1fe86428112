"""Writes one incremental update of a PDF (ISO 32000-1 §7.5.6): objects, cross-references, and room for a value.

What is there already is read and never copied: an update is the bytes that follow it, so a file of any size can lie on
disk and be extended there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.reading import hashed, joined, whole
from core.files.scratch import FileBytes
from signing.pades.pdf_objects import array, dictionary, name, number, serialised

_RANGE_WIDTH = 60  # room for the byte range's numbers
RANGE_AND_VALUE = b"/ByteRange " + b" " * _RANGE_WIDTH + b"/Contents "
"""How a signature dictionary ends; the numbers are written in when the update is finished."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An update that waits for its signature value.

    Attributes:
        before: the file so far.
        tail: the update: in it the hole `<…>` lies from `start` to before `end`.
    """

    before: FileBytes
    tail: bytearray
    start: int
    end: int

    def digest(self, name: str) -> bytes:
        """The digest (`hashlib` name) of everything but the hole."""
        running = hashed(self.before, name)
        running.update(self.tail[: self.start])
        running.update(self.tail[self.end :])
        return running.digest()

    def fill_tail(self, value: bytes) -> bytes:
        """The finished update, to be written behind the file."""
        digits = value.hex().encode()
        room = self.end - self.start - 2
        if len(digits) > room:
            raise ValueError("the signature is larger than the room kept for it")
        self.tail[self.start + 1 : self.end - 1] = digits.ljust(room, b"0")
        return bytes(self.tail)

    def finished(self, value: bytes) -> FileBytes:
        """The finished file, where the file so far lies."""
        return joined(self.before, self.fill_tail(value))

    def fill(self, value: bytes) -> bytes:
        """The finished file in memory."""
        return whole(self.before) + self.fill_tail(value)


@dataclass(frozen=True, slots=True)
class Tail:
    """A prepared update without the file that it follows, as a cell hands it out."""

    tail: bytes
    start: int
    end: int

    @classmethod
    def of(cls, prepared: Prepared) -> Tail:
        return cls(bytes(prepared.tail), prepared.start, prepared.end)

    def behind(self, before: FileBytes) -> Prepared:
        """
        Raises:
            ValueError: there is no hole where one was said to be.
        """
        hole = self.tail[self.start : self.end]
        if not 0 <= self.start < self.end or hole != b"<%b>" % (b"0" * (self.end - self.start - 2)):
            raise ValueError("an update without a hole for its value")
        return Prepared(before, bytearray(self.tail), self.start, self.end)


class Update:
    """Collects new and changed objects and writes the appended section.

    Args:
        before: the file so far, of which `reader` reads.
    """

    def __init__(self, before: FileBytes, reader: PdfFileReader) -> None:
        self.reader = reader
        self._before = before
        self._next = int(reader.trailer["/Size"])
        self._bodies: dict[tuple[int, int], bytes] = {}  # by number and generation

    def reserve(self) -> generic.Reference:
        """A number for a new object."""
        self._next += 1
        return generic.Reference(self._next - 1, 0, self.reader)

    def add(self, reference: generic.Reference, value: generic.PdfObject) -> None:
        """Write `value` under `reference`, be it new or changed."""
        self._bodies[reference.idnum, reference.generation] = serialised(value, reference)

    def add_container_of(self, value: generic.PdfObject) -> None:
        """Write the indirect object that holds `value` again."""
        reference = value.container_ref
        if not isinstance(reference, generic.Reference):
            raise ValueError("an object outside any indirect object")
        self.add(reference, reference.get_object())

    def finish(self, signature: generic.Reference, head: bytes, octets: int) -> Prepared:
        """The update with one more object under `signature`: a signature dictionary with room for a value.

        Args:
            head: the dictionary from its beginning up to `RANGE_AND_VALUE`, which ends it.
            octets: the longest value that fits.
        """
        size, out, offsets = self._objects()
        offsets[signature.idnum, 0] = size + len(out)
        out += b"%d 0 obj\n" % signature.idnum + head
        range_at = len(out) - _RANGE_WIDTH - len(b"/Contents ")
        start = len(out)
        out += b"<%b>\n>>\nendobj\n" % (b"0" * (2 * octets))
        end = start + 2 * octets + 2
        self._write_xref(size, out, offsets)
        byte_range = b"[0 %d %d %d]" % (size + start, size + end, len(out) - end)
        out[range_at : range_at + len(byte_range)] = byte_range
        return Prepared(self._before, out, start, end)

    def finish_unsigned(self) -> bytes:
        """The update as it is, to be written behind the file."""
        size, out, offsets = self._objects()
        self._write_xref(size, out, offsets)
        return bytes(out)

    def _objects(self) -> tuple[int, bytearray, dict[tuple[int, int], int]]:
        """The size of the file so far, the objects that follow it, and where each of them begins in the whole."""
        size, ends_line = len(self._before), self._before[-1:] in (b"\n", b"\r")
        out = bytearray() if ends_line else bytearray(b"\n")
        offsets: dict[tuple[int, int], int] = {}
        for identifier, body in self._bodies.items():
            offsets[identifier] = size + len(out)
            out += b"%d %d obj\n%b\nendobj\n" % (*identifier, body)
        return size, out, offsets

    def _write_xref(self, size: int, out: bytearray, offsets: dict[tuple[int, int], int]) -> None:
        trailer = self._trailer(size, out)
        startxref = size + len(out)
        if self.reader.has_xref_stream:  # the same form as before (ISO 32000-1 §7.5.8.4)
            offsets[self._next, 0] = startxref
            trailer[name("/Size")] = number(self._next + 1)
            _write_xref_stream(out, self._next, trailer, offsets)
        else:
            _write_xref_table(out, trailer, offsets)
        out += b"startxref\n%d\n%%%%EOF\n" % startxref

    def _trailer(self, size: int, so_far: bytearray) -> generic.DictionaryObject:
        old = self.reader.trailer
        # ISO 32000-1 §14.4: the first identifier stays, the second changes with the file
        former = old["/ID"][1].original_bytes if "/ID" in old else b""
        changed = hashlib.sha256(b"%d:%b:" % (size, former) + so_far).digest()[:16]
        fresh = generic.ByteStringObject(changed)
        identifier = old["/ID"][0] if "/ID" in old else fresh
        entries: dict[str, generic.PdfObject] = {
            "/Size": number(self._next),
            "/Root": old.raw_get("/Root"),
            "/Prev": number(int(self.reader.last_startxref or 0)),
            "/ID": array([generic.ByteStringObject(identifier.original_bytes), fresh]),
        }
        if "/Info" in old:
            entries["/Info"] = old.raw_get("/Info")
        return dictionary(entries)


def _write_xref_table(out: bytearray, trailer: generic.DictionaryObject, offsets: dict[tuple[int, int], int]) -> None:
    out += b"xref\n"
    for first, run in _runs(offsets):
        out += b"%d %d\n" % (first, len(run))
        for offset, generation in run:
            out += b"%010d %05d n \n" % (offset, generation)
    out += b"trailer\n%b\n" % serialised(trailer)


def _write_xref_stream(
    out: bytearray, own_number: int, trailer: generic.DictionaryObject, offsets: dict[tuple[int, int], int]
) -> None:
    index, rows = [], bytearray()
    for first, run in _runs(offsets):
        index += [first, len(run)]
        for offset, generation in run:
            rows += b"\x01" + offset.to_bytes(8, "big") + generation.to_bytes(2, "big")
    entries: dict[str, generic.PdfObject] = {
        "/Type": name("/XRef"),
        "/W": array(number(width) for width in (1, 8, 2)),
        "/Index": array(number(value) for value in index),
        "/Length": number(len(rows)),
    }
    trailer.update(dictionary(entries))
    out += b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (own_number, serialised(trailer), bytes(rows))


def _runs(offsets: dict[tuple[int, int], int]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Runs of consecutive object numbers, each with its offsets and generations."""
    out: list[tuple[int, list[tuple[int, int]]]] = []
    for (object_number, generation), offset in sorted(offsets.items()):
        if out and out[-1][0] + len(out[-1][1]) == object_number:
            out[-1][1].append((offset, generation))
        else:
            out.append((object_number, [(offset, generation)]))
    return out
