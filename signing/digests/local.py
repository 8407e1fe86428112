"""Prepares a file where it lies, for a digest to be signed elsewhere: the writer and the places of the service itself.

Nothing of this needs keys, a database or the network; it may run on the machine of whoever holds the document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import AppError
from signing.digests.model import DigestTerms
from signing.locks import NO_LOCKS, Locks
from signing.pades.append import SignatureText, append_signature
from signing.pades.intake import damaged, open_for_sealing
from signing.pades.page_geometry import page_count
from signing.pades.permissions import check_locks
from signing.pades.update import Prepared
from signing.places import Place
from signing.placing.resolve import resolve
from signing.placing.words import find_all


@dataclass(frozen=True, slots=True)
class FileWords:
    """What stands in the file in words; all but the time may be empty.

    Attributes:
        field_name: of the signature field, which must be free.
    """

    field_name: str
    signed_at: dt.datetime
    reason: str = ""
    location: str = ""
    contact: str = ""


def prepare_file(
    pdf: bytes, terms: DigestTerms, words: FileWords, places: Sequence[Place] = (), locks: Locks = NO_LOCKS
) -> Prepared:
    """The file with room for the signature: `digest(terms.algorithm)` goes to the service, `fill` takes its answer.

    Raises:
        signing.errors.PdfRefused, signing.errors.PlacementInvalid, core.errors.InvalidInput: as when a file is sealed
            by the service.
    """
    reader = open_for_sealing(pdf, limit=len(pdf))
    text = SignatureText(words.field_name, terms.signer, words.signed_at, words.reason, words.location, words.contact)
    try:
        check_locks(reader, locks)
        found = resolve(reader, find_all(pdf, places, page_count(reader)), terms.image)
        return append_signature(
            pdf,
            reader,
            text,
            octets=terms.octets,
            image=terms.image,
            spots=found.spots,
            field=found.field,
            locks=locks,
        )
    except AppError:
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e
