"""Forges signed files, deterministically: edits of the signature dictionary, appended updates, raw appendices."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

Edit = Callable[[bytes], bytes]
Change = Callable[[IncrementalPdfFileWriter], None]


def edit_dictionary(sealed: bytes, edit: Edit) -> bytes:
    """Rewrite the last signature dictionary and mend the offset of the cross-references behind it."""
    start = sealed.rindex(b"<<\n/Type /Sig")
    end = sealed.index(b">>\nendobj", start) + 2
    made = edit(sealed[start:end])
    moved = len(made) - (end - start)
    out = sealed[:start] + made + sealed[end:]
    head, number, tail = re.fullmatch(rb"(.*startxref\n)(\d+)(\n%%EOF\n)", out, re.S).groups()  # type: ignore[union-attr]
    return head + b"%d" % (int(number) + moved) + tail


def update(sealed: bytes, change: Change) -> bytes:
    """Append a well-formed incremental update."""
    writer = IncrementalPdfFileWriter(BytesIO(sealed), strict=False)
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def last_startxref(content: bytes) -> int:
    return int(content[content.rindex(b"startxref") + 9 :].split()[0])


def raw_update(sealed: bytes, objects: dict[int, bytes], *, trailer: bytes = b"", previous: int | None = None) -> bytes:
    """Append objects by hand with a cross-reference table of their own.

    Args:
        trailer: entries besides /Size, /Root and /Prev.
        previous: what /Prev says; by default the last cross-references.
    """
    out = bytearray(sealed)
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    startxref = len(out)
    out += b"xref\n"
    for number, offset in sorted(offsets.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    root = re.findall(rb"/Root (\d+ \d+ R)", sealed)[-1]
    size = max(int(number) for number in re.findall(rb"/Size (\d+)", sealed))
    out += b"trailer\n<< /Size %d /Root %b /Prev %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (
        max(size, *(number + 1 for number in objects)) if objects else size,
        root,
        last_startxref(sealed) if previous is None else previous,
        trailer,
        startxref,
    )
    return bytes(out)


def repoint(sealed: bytes, number: int, offset: int) -> bytes:
    """Append only cross-references that make object `number` be the bytes at `offset`."""
    return raw_update(sealed, {}).replace(b"xref\ntrailer", b"xref\n%d 1\n%010d 00000 n \ntrailer" % (number, offset))


def page(writer: IncrementalPdfFileWriter, number: int = 0) -> generic.DictionaryObject:
    found = writer.find_page_for_modification(number)[0].get_object()
    assert isinstance(found, generic.DictionaryObject)
    return found


def content_stream(text: str) -> generic.StreamObject:
    return generic.StreamObject(stream_data=f"BT /F1 14 Tf 72 700 Td ({text}) Tj ET".encode())


def number_of(content: bytes, marker: bytes) -> tuple[int, int]:
    """Number and offset of the object that holds `marker` first."""
    at = content.index(marker)
    heads = list(re.finditer(rb"(\d+) 0 obj", content[:at]))
    return int(heads[-1][1]), heads[-1].start()
