"""Walks along the chain, row by row, over the change from SHA-256 to SM3 too.

The row of the change (`CHANGE`) is the first one by SM3. It follows the last hash by SHA-256, and says what that is and
what the rows before it are under SM3: the hash that a chain by SM3 from the first row on would have reached. So whoever
trusts SM3 alone need not trust the old chain: its rows are computed under both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.audit.chain import CHANGE, GENESIS, ChainDigest, ChainedRow, fault_of, row_hash

SEAM_BROKEN = "seam-broken"


@dataclass(frozen=True, slots=True)
class Seam:
    """The change as it was found.

    Attributes:
        row: number of the row of the change.
        old: what the rows before it are under SM3.
        proved: those rows were computed under SM3 too; not so where the walk began behind the first of them.
    """

    row: int
    old: bytes
    proved: bool


class OldRows:
    """The chain by SM3 that the rows before the change would be."""

    def __init__(self) -> None:
        self.hash = GENESIS

    def take(self, row: ChainedRow) -> None:
        """The next row; only its number and content count."""
        self.hash = row_hash(row.number, self.hash, row.content, ChainDigest.SM3)


def change_detail(rows: int, head: bytes, old: bytes) -> Mapping[str, str | int]:
    """What the row of the change says of the rows before it."""
    return {"digest": str(ChainDigest.SM3), "rows": rows, "head": head.hex(), "old": old.hex()}


class ChainWalk:
    """How far a walk is.

    Args:
        number, hash: of the row before the first that comes.
        change: number of the row of the change, if there is one; that it is there is not believed but found out.

    Attributes:
        digest: of the next row.
        seam: the change, once it was passed.
    """

    def __init__(self, change: int | None, number: int = 0, digest_before: bytes = GENESIS) -> None:
        self.number, self.hash = number, digest_before
        passed = change is not None and number >= change
        self.digest = ChainDigest.SM3 if passed else ChainDigest.SHA256
        self.seam: Seam | None = None
        self._old = OldRows() if change is not None and number == 0 else None

    def fault(self, row: ChainedRow) -> str | None:
        """What is wrong with the next row, or None."""
        change = row.content.get("action") == CHANGE
        digest = ChainDigest.SM3 if change else self.digest
        fault = fault_of(row, expected_number=self.number + 1, expected_previous=self.hash, digest=digest)
        if fault is None and change and not self._is_the_change(row):
            return SEAM_BROKEN
        return fault

    def take(self, row: ChainedRow) -> None:
        """Go on to a row without a fault."""
        if row.content.get("action") == CHANGE:
            old = self._old.hash if self._old is not None else bytes.fromhex(_detail(row)["old"])
            self.digest, self.seam = ChainDigest.SM3, Seam(row.number, old, self._old is not None)
            self._old = None
        elif self._old is not None:
            self._old.take(row)
        self.number, self.hash = row.number, row.hash

    def _is_the_change(self, row: ChainedRow) -> bool:
        """The only one, and it tells the truth of the rows before it."""
        if self.digest is not ChainDigest.SHA256:
            return False
        said = row.content.get("detail")
        if not isinstance(said, Mapping) or not isinstance(said.get("old"), str):
            return False
        old = self._old.hash.hex() if self._old is not None else str(said["old"])
        return len(old) == 2 * len(GENESIS) and said == change_detail(self.number, self.hash, _unhexed(old))


def _detail(row: ChainedRow) -> Mapping[str, str]:
    detail = row.content["detail"]
    assert isinstance(detail, Mapping), "a row without a fault"
    return detail


def _unhexed(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
