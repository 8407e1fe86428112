"""Draws the audit log: how far checkpoints cover it, and the way from one row up to the signed root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.transparency.merkle import leaf_hash, node_hash

_STEP, _TOP, _BOX = 52, 8, 30


@dataclass(frozen=True, slots=True)
class LogBar:
    """The log from its first row to its last, in percent of the width.

    Attributes:
        covered: up to where the newest checkpoint reaches.
        marks: where checkpoints were signed, the newest first.
    """

    covered: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the way: the node so far, and the hash that is put to it from the left or the right.

    Attributes:
        y: of the upper edges of both boxes.
        side: `left` or `right`; empty at the root.
    """

    y: int
    own: str
    side: str
    beside: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The way from a row (at the bottom) to the root (at the top)."""

    height: int
    rungs: tuple[Rung, ...]


def log_bar(size: int, checkpoints: Sequence[int]) -> LogBar:
    """Of a log of `size` rows."""
    if not size:
        return LogBar("0%", ())
    at = [f"{min(one / size, 1.0) * 100:.2f}%" for one in checkpoints]
    return LogBar(at[0] if at else "0%", tuple(dict.fromkeys(at)))


def ladder(row_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> Ladder:
    """The steps of `core.transparency.merkle.root_by_inclusion`, the root first."""
    rungs, own, place, last = [], leaf_hash(row_hash), index, size - 1
    for beside in path:
        left = bool(place & 1) or place == last
        rungs.append((own, "left" if left else "right", beside))
        own = node_hash(beside, own) if left else node_hash(own, beside)
        while left and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    rungs.append((own, "", b""))
    drawn = [
        Rung(_TOP + number * _STEP, own.hex()[:12], side, beside.hex()[:12])
        for number, (own, side, beside) in enumerate(reversed(rungs))
    ]
    return Ladder(_TOP + (len(drawn) - 1) * _STEP + _BOX + _TOP, tuple(drawn))
