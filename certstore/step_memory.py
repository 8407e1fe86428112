"""How a step in a licence's life is remembered under its Idempotency-Key: by whom, which step, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from core.clock import Clock
from core.db.database import ReadTx, WriteTx
from core.errors import InvalidInput
from core.idempotency import find_result, remember_result
from core.principal import Principal
from core.text import Text
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class StepMemory:
    """A key, for whom it counts, and what the request's content is known by; several while a digest key is rotated."""

    scope: str
    key: str
    fingerprints: tuple[str, ...]

    async def find(self, tx: ReadTx) -> str | None:
        """The id of the licence that took this step before; None where none did.

        Raises:
            InvalidInput: `idempotency-key-invalid`.
            Conflict: `idempotency-key-reused`.
        """
        return await find_result(tx, scope=self.scope, key=self.key, fingerprints=self.fingerprints)

    async def keep(self, tx: WriteTx, clock: Clock, licence_id: str) -> None:
        """Remember it, in the unit that takes the step and before its other writes.

        Raises:
            AlreadyDone: another request with the same key committed first.
        """
        await remember_result(
            tx, clock, scope=self.scope, key=self.key, fingerprints=self.fingerprints, result=licence_id
        )


def memory_of(digests: TokenDigests, action: str, key: str, said: Sequence[object], actor: Principal) -> StepMemory:
    """
    Args:
        action: `licence.…`, the step.
        said: all that the caller said; the same key with other content is refused.

    Raises:
        InvalidInput: `licence-data-invalid`, when what was said cannot be written as JSON.
    """
    # keyed: what is said may hold an ID number, and a plain digest of it could be guessed from a stolen table
    try:
        content = orjson.dumps(list(said), option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        raise InvalidInput(
            "licence-data-invalid", Text("照面信息读不懂。", "The face data cannot be read."), field="data"
        ) from None
    return StepMemory(f"{actor.id} {action}"[:128], key, digests.digests(f"idempotency/{action}", content))
