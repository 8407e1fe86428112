"""From a command to a file that waits for its signature: places found, locks checked, update written.

All that takes the file's structure happens in a cell (`signing.isolation`); what comes out is the update's bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import AppError, InvalidInput
from core.files.scratch import FileBytes
from core.text import Text
from signing.isolation.asking import ask
from signing.isolation.port import Isolation
from signing.isolation.task import Task
from signing.locks import NO_LOCKS, Locks
from signing.model import SealImage, SealPdfCommand
from signing.pades.append import SignatureText, append_signature
from signing.pades.intake import damaged, open_for_sealing
from signing.pades.permissions import check_locks
from signing.pades.update import Prepared, Tail
from signing.placing.resolve import resolve
from signing.placing.words import FoundPlace, with_words_found
from signing.profiles import PADES_HANDLER, Handler

_LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file shall be sealed.

    Attributes:
        octets: room for the signature value.
        limit: the largest file, in octets.
        handler: what kind of value the signature will have.
    """

    places: Sequence[FoundPlace]
    locks: Locks
    words: SignatureText
    image: SealImage
    octets: int
    limit: int
    handler: Handler = PADES_HANDLER


def prepare(
    isolation: Isolation,
    command: SealPdfCommand,
    words: SignatureText,
    *,
    octets: int,
    image: SealImage,
    limit: int,
    handler: Handler = PADES_HANDLER,
) -> Prepared:
    """
    Raises:
        PlacementInvalid: a place cannot be had.
        PdfRefused, core.errors.InvalidInput: the file cannot be sealed, or the locks do not go with it.
        core.errors.LimitExceeded: `too-large`.
        core.errors.Unavailable: `isolation-failed`.
    """
    places = with_words_found(isolation, command.pdf, command.places, limit=limit)
    wish = Wish(places, command.locks, words, image, octets, limit, handler)
    return ask(isolation, UPDATE, command.pdf, wish).behind(command.pdf)


def write_update(pdf: FileBytes, wish: Wish) -> Tail:
    """Inside the cell."""
    reader = open_for_sealing(pdf, limit=wish.limit)
    try:
        check_locks(reader, wish.locks)
        found = resolve(reader, wish.places, wish.image)
        prepared = append_signature(
            pdf,
            reader,
            wish.words,
            octets=wish.octets,
            image=wish.image,
            spots=found.spots,
            field=found.field,
            locks=wish.locks,
            handler=wish.handler,
        )
        return Tail.of(prepared)
    except (AppError, MemoryError):
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e


UPDATE = Task(write_update, Tail)


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
    profile = () if command.profile is None else (f"profile {command.profile}",)
    return (repr(command.placement), command.reason or "", *(() if plain else further), *profile)
