"""Writes a PDF (ISO 32000-2 §7): objects, streams, a table of where they are; nothing of it depends on the time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from signing.ofd.geometry import Matrix
from signing.ofd.package import PackageRefused

LARGEST_PDF = 56 << 20
"""Octets; more would not come out of a cell."""


class PdfFile:
    """Objects by their number, from 1."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []
        self._size = 0

    def reserve(self) -> int:
        """A number for an object that is put later."""
        self._objects.append(b"null")
        return len(self._objects)

    def put(self, number: int, content: str | bytes) -> None:
        """
        Raises:
            PackageRefused: `too-complex`: the PDF grows too large.
        """
        data = content.encode() if isinstance(content, str) else content
        self._size += len(data)
        if self._size > LARGEST_PDF:
            raise PackageRefused("too-complex", "the PDF is too large")
        self._objects[number - 1] = data

    def add(self, content: str | bytes) -> int:
        number = self.reserve()
        self.put(number, content)
        return number

    def add_stream(self, entries: str, data: bytes, *, deflated: bool = True) -> int:
        """
        Args:
            entries: of its dictionary, without its length.
            deflated: whether to compress; False where the data come with a filter of their own.
        """
        body = zlib.compress(data, 6) if deflated else data
        filtered = " /Filter /FlateDecode" if deflated else ""
        head = f"<< {entries}{filtered} /Length {len(body)} >>\nstream\n".encode()
        return self.add(head + body + b"\nendstream")

    def finished(self, root: int) -> bytes:
        """The file; `root` is the number of its catalogue."""
        out, places = [b"%PDF-1.7\n%\xe4\xb8\x80\xe8\xaf\x81\n"], []
        at = len(out[0])
        for number, content in enumerate(self._objects, 1):
            places.append(at)
            out.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
            at += len(out[-1])
        table = "".join(f"{place:010d} 00000 n \n" for place in places)
        size = len(self._objects) + 1
        out.append(
            f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root {root} 0 R >>\n"
            f"startxref\n{at}\n%%EOF\n".encode()
        )
        return b"".join(out)


def digits(value: float) -> str:
    """A number as PDFs write it."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def written(values: Iterable[float]) -> str:
    return " ".join(digits(value) for value in values)


def matrix_text(matrix: Matrix) -> str:
    return written((matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f))
