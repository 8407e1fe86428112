"""Files as parts of a form: what a file is, its first octets say."""

from __future__ import annotations

_ZIP = b"PK\x03\x04"


def file_part(content: bytes, name: str | None = None) -> tuple[str, bytes, str]:
    """Name, content and media type of a PDF or an OFD."""
    ending, media_type = ("ofd", "application/ofd") if content.startswith(_ZIP) else ("pdf", "application/pdf")
    return name or f"document.{ending}", content, media_type
