"""Idempotency keys: a repeated write answers with the first one's result and does nothing again.

The key is remembered in the same transaction as the write, so the two stand or fall together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from sqlalchemy import Column, String, Table, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db.database import ReadTx, WriteTx
from core.errors import Conflict, InvalidInput
from core.tables import UtcDateTime, metadata
from core.text import Text

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("scope", String(128), primary_key=True),  # who and what: "client:abc licence.issue"
    Column("key", String(128), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # of the request's content
    Column("result", String(128), nullable=False),  # id of what was made
    Column("at", UtcDateTime, nullable=False, index=True),
)


class AlreadyDone(Exception):  # a signal between use case and store, not a failure
    """Another request with the same key committed first; `result` is what it made."""

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


def fingerprint_of(*parts: str | bytes) -> str:
    """A digest over the request's parts, each with its length before it."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


async def find_result(tx: ReadTx, *, scope: str, key: str, fingerprints: Collection[str]) -> str | None:
    """The result of an earlier write with this key, or None.

    Args:
        fingerprints: what the request's content may have been remembered as; several while a key is rotated.

    Raises:
        InvalidInput: `idempotency-key-invalid`.
        Conflict: `idempotency-key-reused`, when the earlier request had another content.
    """
    if not key or len(key) > 128 or not key.isascii() or not key.isprintable():
        raise InvalidInput(
            "idempotency-key-invalid",
            Text(
                "Idempotency-Key 应为 1 到 128 个可见 ASCII 字符。",
                "Idempotency-Key takes 1 to 128 printable ASCII characters.",
            ),
            field="Idempotency-Key",
        )
    query = select(idempotency_key).where(idempotency_key.c.scope == scope, idempotency_key.c.key == key)
    row = (await tx.connection.execute(query)).one_or_none()
    if row is None:
        return None
    if row.fingerprint not in fingerprints:
        raise Conflict(
            "idempotency-key-reused",
            Text(
                "这个 Idempotency-Key 已用于另一个请求，请换一个。",
                "This Idempotency-Key was used for another request. Use a new one.",
            ),
        )
    return str(row.result)


async def remember_result(
    tx: WriteTx, clock: Clock, *, scope: str, key: str, fingerprints: Sequence[str], result: str
) -> None:
    """Tie `result` to the key, in the transaction that makes it. Call it before the other writes.

    The first of the fingerprints is the one that is kept.

    Raises:
        AlreadyDone: another request with the same key and content committed first; the transaction is of no more use.
    """
    values = {"scope": scope, "key": key, "fingerprint": fingerprints[0], "result": result, "at": clock.now()}
    try:
        async with tx.connection.begin_nested():
            await tx.connection.execute(insert(idempotency_key).values(values))
    except IntegrityError:
        earlier = await find_result(tx, scope=scope, key=key, fingerprints=fingerprints)
        assert earlier is not None
        raise AlreadyDone(earlier) from None
