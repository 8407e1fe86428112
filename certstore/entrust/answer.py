"""The person who was named accepts an entrustment, or declines it."""

from __future__ import annotations

import dataclasses

from certstore.authorise import refusals_audited
from certstore.entrust.errors import entrustment_not_found, too_many
from certstore.entrust.model import Entrustment, EntrustmentState, KnownPerson, Side
from certstore.entrust.people import person_behind
from certstore.entrust.ports import EntrustmentStore, PersonDirectory
from certstore.entrust.rules import MOST_LIVING, fit, is_agent, require_fit
from certstore.entrust.telling import TellOtherSide
from certstore.holder_news import News
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.principal import Principal


class AnswerEntrustment:
    """The use case."""

    def __init__(
        self, repository: Repository, store: EntrustmentStore, persons: PersonDirectory, tell: TellOtherSide
    ) -> None:
        self._repository = repository
        self._store = store
        self._persons = persons
        self._tell = tell

    async def __call__(self, entrustment_id: str, actor: Principal, *, accept: bool) -> Entrustment:
        """Say yes or no, once.

        Raises:
            NotFound: `entrustment-not-found`, also where number or name are not theirs.
            NotPermitted: `person-needed`; to accept, `real-name-level-too-low`, `not-of-age`.
            Conflict: `too-many-entrustments`.
        """
        repository, now, today = self._repository, self._repository.now(), self._repository.today()
        action = "entrustment.accept" if accept else "entrustment.decline"
        async with refusals_audited(repository.database, action, actor, subject=entrustment_id, purpose=OWN_PURPOSE):
            person = await person_behind(self._persons, actor)
            async with repository.database.read() as tx:
                one = await self._store.entrustment(tx, entrustment_id)
            if one is None or not is_agent(one, person.identity):
                raise entrustment_not_found()
            if accept:
                await self._check(one, person)
            principal = await self._tell.whom(one, Side.PRINCIPAL)
            async with repository.database.write() as tx:
                if accept:
                    await self._check_count(tx, person)
                decide = self._store.accept if accept else self._store.decline
                if not await decide(tx, one.id, now=now):
                    raise entrustment_not_found()
                tx.audit(AuditEvent(action, "done", actor, one.id, OWN_PURPOSE))
                told = await self._tell.write(tx, principal, News.ENTRUSTMENT_MOVED, one)
                await tx.commit()
        self._tell.send(told)
        state = EntrustmentState.ACTIVE if accept else EntrustmentState.DECLINED
        answered = dataclasses.replace(one, state=state, answered_at=now)
        return dataclasses.replace(answered, state=answered.state_at(now, today))

    async def _check(self, one: Entrustment, agent: KnownPerson) -> None:
        today = self._repository.today()
        require_fit(agent, today)
        principal = await self._persons.of_number(one.principal.code)
        if one.ends_on < today or principal is None or not fit(principal, today):
            raise entrustment_not_found()

    async def _check_count(self, tx: WriteTx, person: KnownPerson) -> None:
        count = 0
        for code in person.identity.codes:
            count += len(await self._store.in_force(tx, code, today=self._repository.today()))
        if count >= MOST_LIVING:
            raise too_many(MOST_LIVING)
