"""What a file is, by its octets, whatever it is called: a PDF, or a package that may be an OFD."""

from __future__ import annotations

from typing import Literal

from core.files.scratch import FileBytes

_HEAD, _TAIL = 1024, 22 + 0xFFFF


def kind_of(content: FileBytes) -> Literal["pdf", "ofd"]:
    """Everything that is no ZIP goes the way of PDFs, which says what it is not.

    A ZIP with something before it is one all the same to many programs, unless it begins as a PDF does: then those
    that show it show the PDF.
    """
    head = bytes(content[:_HEAD])
    if head[:4] == b"PK\x03\x04":
        return "ofd"
    if b"%PDF-" in head:
        return "pdf"
    return "ofd" if b"PK\x05\x06" in bytes(content[max(0, len(content) - _TAIL) :]) else "pdf"
