"""An entrustment is taken back by whoever gave it, or laid down by whoever has it; it works at once.

民法典 Art. 173(2): either may, at any time. What was agreed to in the principal's name binds them (Art. 162) until they
take it back; taking the entrustment back does so in one step, laying it down leaves it to the principal.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from certstore.authorise import refusals_audited
from certstore.entrust.errors import entrustment_not_found
from certstore.entrust.model import EndReason, Entrustment, EntrustmentState, Side
from certstore.entrust.people import person_behind
from certstore.entrust.ports import EntrustmentStore, PersonDirectory
from certstore.entrust.rules import shown_to_agent
from certstore.entrust.telling import TellOtherSide
from certstore.holder_news import News
from certstore.ports import Deed, HolderIdentity
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from certstore.use.ports import UseCodeStore
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.principal import Principal

_ALL = 100_000  # what was done under one: more than its uses can ever lead to


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended with it."""

    entrustment: Entrustment
    reason: EndReason
    consents: int = 0
    codes: int = 0


class EndEntrustment:
    """The use case."""

    def __init__(
        self,
        repository: Repository,
        store: EntrustmentStore,
        persons: PersonDirectory,
        codes: UseCodeStore,
        tell: TellOtherSide,
    ) -> None:
        self._repository = repository
        self._store = store
        self._persons = persons
        self._codes = codes
        self._tell = tell

    async def __call__(self, entrustment_id: str, actor: Principal) -> Ended:
        """From the return of this call on nothing can be done under it. Twice is once.

        Raises:
            NotFound: `entrustment-not-found`, also for somebody else's.
            NotPermitted: `person-needed`.
        """
        repository, now = self._repository, self._repository.now()
        identity = (await person_behind(self._persons, actor)).identity
        async with refusals_audited(repository.database, "entrustment.end", actor, subject=entrustment_id):
            async with repository.database.read() as look:
                one, reason = await self._own(look, entrustment_id, identity)
            other = await self._other(one, reason)
            async with repository.database.write() as tx:
                if not await self._store.end(tx, one.id, reason=reason, now=now):
                    return Ended(one, reason)
                codes, consents = 0, 0
                if reason is EndReason.TAKEN_BACK:
                    # codes first, then consents: the order in which a code is redeemed
                    codes = await self._end_codes(tx, one, now)
                    consents = await self._withdraw(tx, one, actor, now)
                detail: Detail = {"reason": reason.value, "consents": consents, "codes": codes}
                tx.audit(AuditEvent("entrustment.end", "done", actor, one.id, OWN_PURPOSE, detail))
                told = await self._tell.write(tx, other, News.ENTRUSTMENT_MOVED, one)
                await tx.commit()
        self._tell.send(told)
        return Ended(one, reason, consents, codes)

    async def _other(self, one: Entrustment, reason: EndReason) -> str | None:
        """Who is told: nobody of an offer that was not accepted."""
        if one.state is not EntrustmentState.ACTIVE:
            return None
        return await self._tell.whom(one, Side.AGENT if reason is EndReason.TAKEN_BACK else Side.PRINCIPAL)

    async def _own(self, tx: ReadTx, entrustment_id: str, identity: HolderIdentity) -> tuple[Entrustment, EndReason]:
        repository = self._repository
        one = await self._store.entrustment(tx, entrustment_id)
        if one is not None and one.principal.code in identity.codes:
            return one, EndReason.TAKEN_BACK
        if one is None or not shown_to_agent(one, identity, repository.now(), repository.today()):
            raise entrustment_not_found()
        return one, EndReason.LAID_DOWN

    async def _end_codes(self, tx: WriteTx, one: Entrustment, now: dt.datetime) -> int:
        done = await self._store.done(tx, one.id, limit=_ALL)
        issued = sorted(subject for each in done if each.deed is Deed.CODES for subject in each.subjects)
        return await self._codes.end(tx, issued, now=now)

    async def _withdraw(self, tx: WriteTx, one: Entrustment, actor: Principal, now: dt.datetime) -> int:
        consents, count = self._repository.consents, 0
        for consent in await consents.granted_under(tx, one.principal.code, one.id):
            if await consents.withdraw(tx, consent.id, now=now):
                detail: Detail = {"authority": one.id}
                tx.audit(AuditEvent("consent.withdraw", "done", actor, consent.id, consent.purpose, detail))
                count += 1
        return count
