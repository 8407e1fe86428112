"""An attachment: what is known of it, and what it may be."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

MOST = 20  # of one licence
MOST_OCTETS = 5 * 1024 * 1024
MOST_NAME = 100
MEDIA_TYPES = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
"""By the first octets, whatever the name says."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file.

    Attributes:
        licence_id: the licence's, or the draft's that it was given to; both have the same id.
        ordinal: 1 to `MOST`; no two of a licence have the same.
        content: blob address of its encrypted octets.
        sha256: of the file itself, hexadecimal.
        size: octets.
    """

    id: str
    licence_id: str
    issuer: str
    ordinal: int
    name: str = field(repr=False)
    content: str
    media_type: str
    size: int
    sha256: str
    made_at: dt.datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class AttachmentFile:
    """One with its octets."""

    attachment: Attachment
    content: bytes = field(repr=False)
