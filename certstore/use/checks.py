"""Opens an exemption check that can be gone on with, and finds it again for whoever opened it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from certstore.authorise import acting_organisation, require_scope
from certstore.errors import CheckNotFound
from certstore.exemption import Asked, CheckExemption, ExemptionAnswer, ExemptionQuery
from certstore.repository import Repository
from certstore.use.model import CaseCheck, Delivered, same_caller
from certstore.use.ports import CheckStore
from core.db.database import ReadTx, WriteTx
from core.ids import new_id
from core.principal import Principal

KEPT_FOR = dt.timedelta(days=90)  # a case is decided in this time; deliveries stand in the copies themselves


@dataclass(frozen=True, slots=True)
class OpenedCheck:
    """The answer, and the id under which the case goes on."""

    id: str
    answer: ExemptionAnswer


class CaseChecks:
    """Opens and finds."""

    def __init__(self, repository: Repository, check: CheckExemption, store: CheckStore) -> None:
        self._repository = repository
        self._check = check
        self._store = store

    async def open(self, query: ExemptionQuery, actor: Principal) -> OpenedCheck:
        """Check, and keep who and what it was about, sealed, in the unit that records it.

        Raises as `certstore.exemption.CheckExemption` does.
        """
        check_id = new_id(self._repository.clock, "exc")

        async def keep(tx: WriteTx, asked: Asked) -> None:
            await self._store.add(tx, self._kept(check_id, asked, actor))

        return OpenedCheck(check_id, await self._check(query, actor, keep))

    async def again(self, check_id: str, actor: Principal) -> ExemptionAnswer:
        """The same question once more, under today's facts.

        Raises:
            NotFound: `check-not-found`.
        """
        return await self._check(query_of(await self.find(check_id, actor)), actor)

    async def find(self, check_id: str, actor: Principal) -> CaseCheck:
        """
        Raises:
            NotFound: `check-not-found`; also for everybody but the caller and, in an office, the colleagues.
            NotPermitted: no `licence:read`.
        """
        require_scope(actor, "licence:read")
        acting_organisation(actor)
        async with self._repository.database.read() as tx:
            return await self.found(tx, check_id, actor)

    async def found(self, tx: ReadTx, check_id: str, actor: Principal) -> CaseCheck:
        """`find` within a unit."""
        check = await self._store.check(tx, check_id)
        if check is None or not same_caller(check.client_id, check.organisation, actor):
            raise CheckNotFound
        if self._repository.now() >= check.ends_at:
            raise CheckNotFound
        return check

    async def delivered(self, check_id: str, actor: Principal) -> Sequence[Delivered]:
        """What was delivered under it so far. Raises as `find` does."""
        await self.find(check_id, actor)
        async with self._repository.database.read() as tx:
            return await self._store.delivered(tx, check_id)

    def _kept(self, check_id: str, asked: Asked, actor: Principal) -> CaseCheck:
        now = self._repository.now()
        return CaseCheck(
            id=check_id,
            client_id=actor.id,
            organisation=acting_organisation(actor),
            holder=asked.holder,
            agent=asked.agent,
            purpose=asked.purpose,
            to_ask=asked.to_ask,
            created_at=now,
            ends_at=now + KEPT_FOR,
        )


def query_of(check: CaseCheck) -> ExemptionQuery:
    """The question that a kept check answers."""
    purpose, agent = check.purpose, check.agent
    return ExemptionQuery(
        purpose.service_item or "",
        purpose.case_number or "",
        check.holder.kind,
        check.holder.number,
        purpose.basis or "",
        agent.kind if agent else None,
        agent.number if agent else None,
    )
