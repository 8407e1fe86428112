"""Files that people bring to the pages."""

from __future__ import annotations

import io

import pikepdf


def blank_pdf(pages: int = 1) -> bytes:
    """A PDF of empty A4 pages, without any signature."""
    document, out = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        document.add_blank_page(page_size=(595.28, 841.89))
    document.save(out)
    return out.getvalue()


def with_one_byte_changed(content: bytes) -> bytes:
    """The same file with one bit of its middle turned."""
    changed = bytearray(content)
    changed[len(changed) // 3] ^= 1
    return bytes(changed)


def saved_anew(content: bytes) -> bytes:
    """The file as another program would save it, with a page more."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.add_blank_page()
        document.save(out)
    return out.getvalue()
