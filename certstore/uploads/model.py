"""What a QR code turned out to be, and the answer to an upload."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from certstore.presentation.offline import OfflineVerdict
from certstore.verify import LicenceVerdict
from certstore.verify_file import LicenceFileVerdict


class CodeKind(StrEnum):
    """What the text of a QR code is to us."""

    LICENCE = "licence"  # the address on a face or a copy
    SIGNED_FACE = "signed-face"  # shown offline
    ONE_TIME = "one-time"  # shown by a holder: only an office reads it, and verification does not use it up
    FOREIGN = "foreign"  # not ours


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """One QR code. Text that is not ours is not passed on: it may be an address that somebody wants to be opened."""

    kind: CodeKind
    licence: LicenceVerdict | None = None
    face: OfflineVerdict | None = None


@dataclass(frozen=True, slots=True)
class UploadVerdict:
    """The answer to a file, and to the QR codes that it shows.

    Attributes:
        is_picture: a photo or a scan: nothing in it can prove that it is unchanged.
    """

    file: LicenceFileVerdict
    codes: tuple[CodeAnswer, ...] = ()
    is_picture: bool = False
