"""Proves the whole log, or its end, against everything that was signed: the first bad row is named (L-14).

The chain proves itself from within. The tree is computed anew from the rows and must give the root of every checkpoint
on the way, those from the database and those that were kept elsewhere; only the latter find a tail that was cut with
its checkpoints, or a log that was written anew by somebody who has the tables but not the key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from core.audit.chain import GENESIS, ChainDigest, ChainedRow
from core.audit.sql import read_chain, read_change, read_digest, read_head, read_row
from core.audit.walk import SEAM_BROKEN, ChainWalk, Seam
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.transparency.checkpoint_note import NoteRefused, SignedHead, read_note
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.merkle import Growing, fold, leaf_hash
from core.transparency.ports import NoteSigner, NoteVerifier
from core.transparency.tiles import RowsMissing

_MOST_CHECKPOINTS = 500_000


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """What was proved, or the first thing that is wrong.

    Attributes:
        start: rows before this verification's first: covered by a checkpoint that was taken as it is.
        end: the last good row.
        checkpoints: sizes of those whose signature and root were found right.
        outside: of them those that were given from outside.
        bad_row: number of the first bad row; None if everything is good.
        fault: of a row `gap`, `broken-link`, `changed`, `beyond-head`; `tail-cut`; `not-as-signed` for a row that
            was another when a checkpoint was signed; `checkpoint-forged` for one that none of our keys signed;
            `seam-broken` for a change to SM3 that is not what it says, or of which the head does not know.
        until: for `not-as-signed`, the last row that it may be; the first is `bad_row`.
        root: of the tree of `end` rows.
        hash: of the last good row.
        seam: where the chain changes to SM3, if that is among the rows that were looked at.
        digest: by which the last rows are chained.
    """

    start: int
    end: int
    checkpoints: Sequence[int]
    outside: Sequence[int]
    root: bytes
    hash: bytes
    bad_row: int | None = None
    fault: str | None = None
    until: int | None = None
    seam: Seam | None = None
    digest: ChainDigest = ChainDigest.SHA256

    @property
    def whole(self) -> bool:
        return self.fault is None


@dataclass(frozen=True, slots=True)
class _Claim:
    """A root that the tree must have when it has so many leaves."""

    size: int
    root: bytes
    outside: bool


class VerifyLog:
    """The use case; who may is for the caller to ask."""

    def __init__(self, database: Database, checkpoints: Checkpoints, signer: NoteSigner, clock: Clock) -> None:
        self._database = database
        self._checkpoints = checkpoints
        self._signer = signer
        self._clock = clock

    async def __call__(
        self, *, outside: Sequence[str] = (), pinned: Sequence[NoteVerifier] | None = None, last: int | None = None
    ) -> LogVerdict:
        """
        Args:
            outside: notes that were kept elsewhere.
            pinned: whose signatures count; None for the service's own keys.
            last: look only at so many rows at the end, from the next older checkpoint on; None for all.
        """
        keys = self._signer.keys(self._checkpoints.origin) if pinned is None else pinned
        async with self._database.read() as tx:
            kept = await self._checkpoints.page(tx, limit=_MOST_CHECKPOINTS)
            claims, forged = self._claims(kept, outside, keys)
            if forged is not None:
                return LogVerdict(0, 0, (), (), fold([]), GENESIS, forged, "checkpoint-forged")
            return await self._walk(tx, claims, await self._start(tx, claims, last))

    def _claims(
        self, kept: Sequence[KeptCheckpoint], outside: Sequence[str], keys: Sequence[NoteVerifier]
    ) -> tuple[list[_Claim], int | None]:
        """What was signed, the smallest first; or the size of a checkpoint that nobody signed whose word counts."""
        claims = []
        notes = [(one.note, False) for one in kept] + [(one, True) for one in outside]
        for note, from_outside in notes:
            signed = read_trusted(note, self._checkpoints.origin, keys, self._clock)
            if isinstance(signed, int):
                return [], signed
            claims.append(_Claim(signed.head.size, signed.head.root, from_outside))
        return sorted(claims, key=lambda one: one.size), None

    async def _start(self, tx: ReadTx, claims: Sequence[_Claim], last: int | None) -> int:
        if last is None:
            return 0
        size, _ = await read_head(tx.connection)
        return max((one.size for one in claims if one.size <= size - last), default=0)

    async def _walk(self, tx: ReadTx, claims: Sequence[_Claim], start: int) -> LogVerdict:
        end, next_digest = await read_head(tx.connection), await read_digest(tx.connection)
        try:
            peaks = await self._checkpoints.tree(tx).peaks(start)
        except RowsMissing:
            return LogVerdict(start, start, (), (), fold([]), GENESIS, start, "gap")
        chain = ChainWalk(await read_change(tx.connection), start, await _hash_at(tx, start))
        walk = _Walk(Growing(start, peaks), start, chain, [c for c in claims if c.size >= start])
        if (wrong := walk.check()) is not None:
            return await self._located(tx, walk, wrong)
        async for row in read_chain(tx.connection, after=start if start else -1):
            fault = chain.fault(row)
            if fault is None and row.number > end[0]:
                fault = "beyond-head"
            if fault is not None:
                return walk.verdict(walk.number + 1, fault)
            walk.take(row)
            if (wrong := walk.check()) is not None:
                return await self._located(tx, walk, wrong)
        if (walk.number, walk.hash) != end or walk.open:
            return walk.verdict(walk.number + 1, "tail-cut")
        if next_digest is not chain.digest:
            return walk.verdict(walk.number + 1, SEAM_BROKEN)
        return walk.verdict()

    async def _located(self, tx: ReadTx, walk: _Walk, wrong: _Claim) -> LogVerdict:
        """The first row that is not what a tile remembers; or else only the span in which it is."""
        first = walk.good + 1
        hashes = {row.number: row.hash async for row in _some(tx, walk.good, wrong.size)}
        async for place, leaf in self._checkpoints.tree(tx).kept_leaves(walk.good, wrong.size):
            if place + 1 in hashes and leaf != leaf_hash(hashes[place + 1]):
                return walk.verdict(place + 1, "not-as-signed", place + 1)
        return walk.verdict(first, "not-as-signed", wrong.size)


class _Walk:
    """How far a verification is.

    Attributes:
        good: size of the last checkpoint that was found right.
        open: claims that are still ahead.
    """

    def __init__(self, tree: Growing, start: int, chain: ChainWalk, claims: Sequence[_Claim]) -> None:
        self._tree = tree
        self._start = self.good = start
        self._chain = chain
        self.open = list(claims)
        self._passed: list[_Claim] = []

    @property
    def number(self) -> int:
        return self._chain.number

    @property
    def hash(self) -> bytes:
        return self._chain.hash

    def take(self, row: ChainedRow) -> None:
        self._tree.append(leaf_hash(row.hash))
        self._chain.take(row)

    def check(self) -> _Claim | None:
        """The first claim about the present size that does not hold."""
        while self.open and self.open[0].size == self.number:
            if self.open[0].root != self._tree.root():
                return self.open[0]
            self._passed.append(self.open.pop(0))
            self.good = self.number
        return None

    def verdict(self, bad_row: int | None = None, fault: str | None = None, until: int | None = None) -> LogVerdict:
        sizes = tuple(dict.fromkeys(one.size for one in self._passed))
        outside = tuple(one.size for one in self._passed if one.outside)
        end = self.number if fault != "not-as-signed" else self.good
        root, chain = self._tree.root(), self._chain
        return LogVerdict(
            self._start, end, sizes, outside, root, chain.hash, bad_row, fault, until, chain.seam, chain.digest
        )


def read_trusted(note: str, origin: str, keys: Sequence[NoteVerifier], clock: Clock) -> SignedHead | int:
    """A checkpoint of this log that one of `keys` signed; otherwise the size that it names, 0 for what is no note."""
    try:
        signed = read_note(note)
    except NoteRefused:
        return 0
    now = clock.now()
    good = signed.head.origin == origin and any(
        key.name == one.name and key.key_id == one.key_id and key.verify(signed.text, one.value, at=now)
        for key in keys
        for one in signed.signatures
    )
    return signed if good else signed.head.size


def verdict_facts(verdict: LogVerdict) -> Mapping[str, str | int | bool | None]:
    """For the audit log itself."""
    return {
        "whole": verdict.whole,
        "from": verdict.start + 1,
        "to": verdict.end,
        "checkpoints": len(verdict.checkpoints),
        "outside": len(verdict.outside),
        "bad_row": verdict.bad_row,
        "fault": verdict.fault,
        "digest": str(verdict.digest),
    }


async def _hash_at(tx: ReadTx, number: int) -> bytes:
    row = await read_row(tx.connection, number) if number else None
    return row.hash if row else GENESIS


async def _some(tx: ReadTx, after: int, until: int) -> AsyncIterator[ChainedRow]:
    async for row in read_chain(tx.connection, after=after):
        if row.number > until:
            return
        yield row
