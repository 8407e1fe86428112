"""Proofs for auditors: that an event is in the log, and that an earlier log is the beginning of a later one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.audit.chain import ChainDigest, ChainedRow
from core.audit.event import AuditEvent, Detail
from core.audit.sql import read_change, read_row
from core.db.database import Database, ReadTx
from core.errors import InvalidInput, NotFound, NotPermitted
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal, PrincipalKind, Purpose
from core.text import Text
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.tiles import RowsMissing

AUDITS = "admin:audit"
AUDIT_PURPOSE = Purpose(basis="审计：核验审计日志")


@dataclass(frozen=True, slots=True)
class EventProof:
    """A row of the log, and the way from it to the root of a checkpoint.

    Attributes:
        index: of its leaf, from 0.
        path: RFC 9162 §2.1.3.
        digest: by which the row is hashed.
    """

    number: int
    content: Mapping[str, object] = field(repr=False)
    previous: bytes
    hash: bytes
    index: int
    path: Sequence[bytes]
    checkpoint: KeptCheckpoint
    digest: ChainDigest = ChainDigest.SHA256


@dataclass(frozen=True, slots=True)
class GrowthProof:
    """That the log of an earlier checkpoint is the beginning of a later one's (RFC 9162 §2.1.4)."""

    first: KeptCheckpoint
    second: KeptCheckpoint
    path: Sequence[bytes]


class Prove:
    """The use cases."""

    def __init__(self, database: Database, checkpoints: Checkpoints) -> None:
        self._database = database
        self._checkpoints = checkpoints

    async def checkpoints(
        self, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Page[KeptCheckpoint]:
        """The newest first.

        Raises:
            NotPermitted: `audit-duty-missing`.
        """
        require_audit(actor)
        size, before = page_size(limit), _number(cursor)
        async with self._database.read() as tx:
            found = await self._checkpoints.page(tx, before=before, limit=size + 1)
        return Page(found[:size], encode_cursor(found[size - 1].size) if len(found) > size else None)

    async def event(self, number: int, actor: Principal, *, size: int | None = None) -> EventProof:
        """
        Args:
            number: of the row, from 1.
            size: of the checkpoint to lead to; None for the newest.

        Raises:
            NotPermitted: `audit-duty-missing`.
            NotFound: `audit-event-not-covered`, `audit-checkpoint-not-found`.
            Conflict: `audit-log-changed`.
        """
        require_audit(actor)
        async with self._database.read() as tx:
            checkpoint = await self._checkpoint(tx, size, covering=number)
            row = await read_row(tx.connection, number) if number > 0 else None
            if row is None:
                raise _not_covered()
            change = await read_change(tx.connection)
            try:
                path = await self._checkpoints.tree(tx).inclusion(number - 1, checkpoint.size)
            except RowsMissing:
                raise self._checkpoints.log.changed(checkpoint.size) from None
        await self._note(actor, {"what": "event", "number": number, "size": checkpoint.size})
        return _event_proof(row, path, checkpoint, change)

    async def growth(self, first: int, second: int, actor: Principal) -> GrowthProof:
        """
        Args:
            first, second: sizes of two checkpoints.

        Raises:
            NotPermitted: `audit-duty-missing`.
            InvalidInput: `audit-sizes-out-of-order`.
            NotFound: `audit-checkpoint-not-found`.
            Conflict: `audit-log-changed`.
        """
        require_audit(actor)
        if first > second:
            raise InvalidInput(
                "audit-sizes-out-of-order",
                Text("前一个检查点不能比后一个大。", "The first checkpoint cannot be greater than the second."),
                field="first",
            )
        async with self._database.read() as tx:
            old, new = [await self._checkpoint(tx, size) for size in (first, second)]
            try:
                path = await self._checkpoints.tree(tx).consistency(first, second)
            except RowsMissing:
                raise self._checkpoints.log.changed(second) from None
        await self._note(actor, {"what": "growth", "first": first, "second": second})
        return GrowthProof(old, new, path)

    async def _checkpoint(self, tx: ReadTx, size: int | None, *, covering: int = 0) -> KeptCheckpoint:
        if size is None:
            newest = await self._checkpoints.newest(tx, covering=covering)
            if newest is None:
                raise _not_covered()
            return newest
        found = await self._checkpoints.of_size(tx, size)
        if found is None:
            raise NotFound(
                "audit-checkpoint-not-found",
                Text("没有这个大小的检查点，请从列表里选。", "No checkpoint has that size; choose a listed one."),
            )
        if found.size < covering:
            raise _not_covered()
        return found

    async def _note(self, actor: Principal, detail: Detail) -> None:
        await self._database.record(AuditEvent("audit.prove", "done", actor, None, AUDIT_PURPOSE, detail))


def require_audit(actor: Principal) -> None:
    """
    Raises:
        NotPermitted: `audit-duty-missing`. The command line (SYSTEM) may.
    """
    if actor.kind is not PrincipalKind.SYSTEM and not actor.may(AUDITS):
        raise NotPermitted(
            "audit-duty-missing",
            Text("审计日志只有审计管理员能核验。", "The audit log is for audit administrators to verify."),
        )


def _event_proof(row: ChainedRow, path: Sequence[bytes], checkpoint: KeptCheckpoint, change: int | None) -> EventProof:
    digest = ChainDigest.SM3 if change is not None and row.number >= change else ChainDigest.SHA256
    return EventProof(row.number, row.content, row.previous, row.hash, row.number - 1, path, checkpoint, digest)


def _number(cursor: str | None) -> int | None:
    if not cursor:
        return None
    (found,) = decode_cursor(cursor, 1)
    if not isinstance(found, int) or not 0 <= found < 1 << 62:
        raise InvalidInput(
            "cursor-invalid", Text("翻页标记无效，请从第一页开始。", "The cursor is not valid."), field="cursor"
        )
    return found


def _not_covered() -> NotFound:
    return NotFound(
        "audit-event-not-covered",
        Text(
            "这一条还没有被检查点覆盖，或者没有这个编号。新的检查点几分钟内就有。",
            "No checkpoint covers this row yet, or there is no such number. The next checkpoint comes within minutes.",
        ),
    )
