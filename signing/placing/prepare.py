"""From a command to a file that waits for its signature: places found, locks checked, update written."""

from __future__ import annotations

from pyhanko.pdf_utils.reader import PdfFileReader

from core.errors import InvalidInput
from core.text import Text
from signing.locks import NO_LOCKS
from signing.model import SealImage, SealPdfCommand
from signing.pades.append import SignatureText, append_signature
from signing.pades.permissions import check_locks
from signing.pades.update import Prepared
from signing.placing.resolve import resolve

_LONGEST_NOTE = 200


def prepare(
    command: SealPdfCommand, reader: PdfFileReader, words: SignatureText, *, octets: int, image: SealImage
) -> Prepared:
    """
    Raises:
        PlacementInvalid: a place cannot be had.
        PdfRefused, core.errors.InvalidInput: the locks do not go with the file.
    """
    check_locks(reader, command.locks)
    found = resolve(reader, command.pdf, command.places, image)
    return append_signature(
        command.pdf,
        reader,
        words,
        octets=octets,
        image=image,
        spots=found.spots,
        field=found.field,
        locks=command.locks,
    )


def check_notes(command: SealPdfCommand) -> None:
    """
    Raises:
        core.errors.InvalidInput: `note-invalid`.
    """
    for name, note in (("location", command.location), ("contact", command.contact)):
        if note is not None and (len(note) > _LONGEST_NOTE or not note.isprintable()):
            raise InvalidInput(
                "note-invalid",
                Text("地点和联系方式各最多 200 个字，不能换行。", "Place and contact take 200 characters in one line."),
                field=name,
            )


def fingerprint_parts(command: SealPdfCommand) -> tuple[str, ...]:
    """What of a command makes another file; commands that say no more than a place and a reason keep their old ones."""
    further = (command.location or "", command.contact or "", repr(command.locks))
    plain = not command.location and not command.contact and command.locks == NO_LOCKS
    return (repr(command.placement), command.reason or "", *(() if plain else further))
