"""Step 8 for all signatures of a file: which revisions each of them has to answer for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.scratch import FileBytes
from signing.verification.findings import SignatureFinding, TimestampFinding
from signing.verification.later_revisions import APPENDED, Last, later_fault

_LAST = 1024


def with_later_faults(
    content: FileBytes,
    reader: PdfFileReader,
    signatures: Sequence[SignatureFinding],
    stamps: Sequence[TimestampFinding] = (),
) -> tuple[SignatureFinding, ...]:
    """The signatures, with a fault where something that matters was added after one that is intact. A later intact
    signature accounts for the revisions it covers; whether its signer can be trusted is judged with that signature, and
    the worst of all counts. A document time-stamp accounts for itself and for validation data, whoever made it.

    Args:
        stamps: document time-stamps; those that are intact count.
    """
    ends = [(one.covered.until, one.revision) for one in signatures if one.covered and _intact(one)]
    if not ends:
        return tuple(signatures)
    stamped = [(one.covered.until, one.revision) for one in stamps if one.covered and one.intact]
    last = Last(signed=max(ends)[1], covered=max(ends + stamped)[1])
    return tuple(_with_later_fault(content, reader, one, max(ends + stamped)[0], last) for one in signatures)


def _with_later_fault(
    content: FileBytes, reader: PdfFileReader, one: SignatureFinding, until: int, last: Last
) -> SignatureFinding:
    covered, dictionary = one.covered, one.dictionary
    if covered is None or dictionary is None or not _intact(one) or covered.until == len(content):
        return one
    if _tail_is_hidden(content, reader, until, last.covered):
        return replace(one, faults=(*one.faults, APPENDED))
    try:
        fault = later_fault(reader, dictionary, revision=one.revision, last=last)
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        fault = APPENDED
    return replace(one, faults=(*one.faults, fault)) if fault else one


def _tail_is_hidden(content: FileBytes, reader: PdfFileReader, until: int, last_covered: int) -> bool:
    """True if bytes follow the last covered revision that are not a revision by the file's own tables."""
    if until == len(content):
        return False
    return last_covered >= reader.total_revisions - 1 or not _end_of(content).endswith(b"%%EOF")


def _end_of(content: FileBytes) -> bytes:
    """The last octets before the line ends that close the file."""
    return content[-_LAST:].rstrip(b"\r\n")


def _intact(one: SignatureFinding) -> bool:
    return one.intact and one.container is not None
