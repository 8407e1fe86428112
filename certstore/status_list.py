"""The states of many licences in a few bits each, for anybody to look up without saying whose licence they hold.

Token Status List (draft-ietf-oauth-status-list §4 bits and compression, §5.1 the token, §6.2 the reference, §7 the
values). A verifier fetches a whole list, so that we do not learn which licence it asks about.
"""

from __future__ import annotations

import base64
import datetime as dt
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from certstore.status import Status

BITS = 2
LIST_SIZE = 1 << 16
"""Entries of one list: 16 KiB before compression, and a crowd large enough to hide in (§12.2)."""


class StatusValue(IntEnum):
    """§7.1; the last one is ours to define."""

    VALID = 0
    INVALID = 1  # ended, run out or replaced: for good
    SUSPENDED = 2  # not now, but perhaps later
    INSPECTION_OVERDUE = 3  # valid, but the inspection that it needs was not passed in time


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the state of one version of a licence is told: `{"status_list": {"idx": …, "uri": …}}` (§6.2)."""

    uri: str
    index: int

    def claim(self) -> dict[str, object]:
        return {"status_list": {"idx": self.index, "uri": self.uri}}


_SUSPENDED = frozenset({Status.SUSPENDED, Status.NOT_YET_VALID, Status.NOT_ISSUED})


def status_value(status: Status, *, inspected_until: dt.date | None, today: dt.date) -> StatusValue:
    """The entry of a licence with this status."""
    if status in _SUSPENDED:
        return StatusValue.SUSPENDED
    if status is not Status.VALID:
        return StatusValue.INVALID
    overdue = inspected_until is not None and today > inspected_until
    return StatusValue.INSPECTION_OVERDUE if overdue else StatusValue.VALID


def pack(values: Mapping[int, int], *, bits: int = BITS, size: int = LIST_SIZE) -> bytes:
    """The array of §4.1: the entry with index 0 is in the lowest bits of the first byte; what is not named is 0.

    Raises:
        ValueError: an index or a value that does not fit.
    """
    packed = bytearray(size * bits // 8)
    for index, value in values.items():
        if not (0 <= index < size and 0 <= value < 1 << bits):
            raise ValueError("an entry does not fit the list")
        at, shift = divmod(index * bits, 8)
        packed[at] |= value << shift
    return bytes(packed)


def encode(packed: bytes, *, bits: int = BITS) -> dict[str, object]:
    """The claim `status_list` (§4.2): DEFLATE in the ZLIB form at the highest level, base64url without padding."""
    return {"bits": bits, "lst": base64.urlsafe_b64encode(zlib.compress(packed, 9)).rstrip(b"=").decode("ascii")}


def decode(claim: Mapping[str, object], *, most: int = 1 << 24) -> tuple[bytes, int]:
    """The array and its bits per entry.

    Args:
        most: bytes that a list may have when unpacked: a bomb goes off small.

    Raises:
        ValueError: no list of this form, or too large.
    """
    bits, text = claim.get("bits"), claim.get("lst")
    if bits not in (1, 2, 4, 8) or not isinstance(bits, int) or not isinstance(text, str):
        raise ValueError("not a status list")
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), most
        )
    except zlib.error as error:
        raise ValueError("not a compressed list") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("a list that is too large, or cut off")
    return packed, bits


def value_at(packed: bytes, index: int, *, bits: int = BITS) -> int:
    """One entry.

    Raises:
        ValueError: the list has no such entry (§8.3: then the state is not known).
    """
    at, shift = divmod(index * bits, 8)
    if index < 0 or at >= len(packed):
        raise ValueError("no such entry")
    return packed[at] >> shift & (1 << bits) - 1


def entries(listed: Iterable[tuple[int, Status, dt.date | None]], today: dt.date) -> dict[int, int]:
    """Indexes and values of the licences in a list; those whose value is 0 need no entry."""
    values = {
        index: status_value(status, inspected_until=inspected, today=today) for index, status, inspected in listed
    }
    return {index: int(value) for index, value in values.items() if value}
