"""A person entrusts another with the use of their licences.

The answer is the same whether or not the other person has an account, and whatever their name is: they see the offer on
their own page if number and name are theirs (attacks L-04, O-52).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.authorise import refusals_audited
from certstore.codes import CITIZEN_ID, Bearer, HolderCode, parse_party
from certstore.entrust.errors import entrustment_not_found, too_many, too_many_offers
from certstore.entrust.model import Entrustment, KnownPerson, Party, Side
from certstore.entrust.people import person_behind
from certstore.entrust.ports import EntrustmentStore, PersonDirectory
from certstore.entrust.rules import (
    ANSWER_WITHIN,
    MOST_LIVING,
    OFFERS_A_DAY,
    check_bounds,
    checked_name,
    checked_purpose,
    require_fit,
    types_invalid,
)
from certstore.entrust.telling import TellOtherSide
from certstore.holder_news import News
from certstore.reach import unknown_item
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from certstore.step_memory import StepMemory, memory_of
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx
from core.errors import InvalidInput
from core.idempotency import AlreadyDone
from core.ids import new_id
from core.kv.port import KeyValueStore
from core.principal import Principal
from core.text import Text
from keys.ports import TokenDigests

_DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class NewEntrustment:
    """Who, with what, for what, from when to when, for how many cases."""

    name: str = field(repr=False)
    code: str = field(repr=False)
    types: Sequence[str]
    purpose: str = field(repr=False)
    starts_on: dt.date
    ends_on: dt.date
    uses: int
    items: Sequence[str] = ()
    code_type: str = CITIZEN_ID
    idempotency_key: str | None = None  # the same key makes no second offer


class GiveEntrustment:
    """The use case."""

    def __init__(
        self,
        repository: Repository,
        store: EntrustmentStore,
        persons: PersonDirectory,
        kv: KeyValueStore,
        tell: TellOtherSide,
        digests: TokenDigests,
    ) -> None:
        self._repository = repository
        self._store = store
        self._persons = persons
        self._kv = kv
        self._tell = tell
        self._digests = digests

    async def __call__(self, new: NewEntrustment, actor: Principal) -> Entrustment:
        """Offer it; it is worth nothing until the other person has accepted.

        Raises:
            InvalidInput: number, name, types, items, purpose, days or uses are not acceptable; `agent-is-principal`.
            NotPermitted: `person-needed`, `real-name-level-too-low`, `not-of-age`.
            Conflict: `too-many-entrustments`, `idempotency-key-reused`.
            LimitExceeded: `too-many-offers`.
        """
        repository, today = self._repository, self._repository.today()
        async with refusals_audited(repository.database, "entrustment.give", actor, purpose=OWN_PURPOSE):
            person = await person_behind(self._persons, actor)
            require_fit(person, today)
            made = self._made(new, person)
            _check_another(made.agent.code, person)
            memory = self._memory(new, made, actor)
            async with repository.database.read() as tx:
                if memory is not None and (earlier := await memory.find(tx)) is not None:
                    return await self._earlier(tx, earlier)
                await self._check_known(tx, made)
            await self._count(actor)
            try:
                await self._write(made, person, memory, actor)
            except AlreadyDone as done:  # of several requests with one key the first has kept it
                async with repository.database.read() as tx:
                    return await self._earlier(tx, done.result)
        return made

    async def _write(self, made: Entrustment, person: KnownPerson, memory: StepMemory | None, actor: Principal) -> None:
        repository, today = self._repository, self._repository.today()
        agent = await self._tell.whom(made, Side.AGENT)
        async with repository.database.write() as tx:
            if memory is not None:
                await memory.keep(tx, repository.clock, made.id)
            count = 0
            for code in person.identity.codes:
                count += await self._store.living(tx, code, now=repository.now(), today=today)
            if count >= MOST_LIVING:
                raise too_many(MOST_LIVING)
            await self._store.add(tx, made)
            detail: Detail = {"types": len(made.types), "items": len(made.items), "uses": made.max_uses}
            tx.audit(AuditEvent("entrustment.give", "done", actor, made.id, OWN_PURPOSE, detail))
            told = await self._tell.write(tx, agent, News.ENTRUSTED, made)
            await tx.commit()
        self._tell.send(told)

    def _memory(self, new: NewEntrustment, made: Entrustment, actor: Principal) -> StepMemory | None:
        if new.idempotency_key is None:
            return None
        agent, days = made.agent, [made.starts_on.isoformat(), made.ends_on.isoformat()]
        said = [
            agent.code.kind,
            agent.code.number,
            agent.name,
            made.types,
            made.items,
            made.purpose,
            *days,
            made.max_uses,
        ]
        return memory_of(self._digests, "entrustment.give", new.idempotency_key, said, actor)

    async def _earlier(self, tx: ReadTx, entrustment_id: str) -> Entrustment:
        """What the first request with this key made, as it is now."""
        found = await self._store.entrustment(tx, entrustment_id)
        if found is None:  # swept since
            raise entrustment_not_found()
        return found

    def _made(self, new: NewEntrustment, person: KnownPerson) -> Entrustment:
        repository, today, identity = self._repository, self._repository.today(), person.identity
        types, items = tuple(dict.fromkeys(new.types)), tuple(dict.fromkeys(new.items))
        agent = Party(parse_party(new.code_type, new.code, today=today), checked_name(new.name))
        purpose = checked_purpose(new.purpose)
        check_bounds(types, items, new.starts_on, new.ends_on, new.uses, today)
        now = repository.now()
        return Entrustment(
            id=new_id(repository.clock, "ent"),
            principal=Party(identity.code, identity.name),
            agent=agent,
            types=types,
            items=items,
            purpose=purpose,
            starts_on=new.starts_on,
            ends_on=new.ends_on,
            max_uses=new.uses,
            created_at=now,
            answer_by=now + ANSWER_WITHIN,
        )

    async def _check_known(self, tx: ReadTx, made: Entrustment) -> None:
        catalogue = self._repository.catalogue
        if (await catalogue.newest_types(tx, made.types)).keys() != set(made.types):
            raise types_invalid()
        for item in made.items:
            if await catalogue.item(tx, item) is None:
                raise unknown_item()

    async def _count(self, actor: Principal) -> None:
        """Offers reach other people's pages: nobody sends them by the hundred."""
        who = hashlib.sha256(actor.id.encode()).hexdigest()[:32]
        if await self._kv.incr(f"certstore:entrust:offers:{who}", _DAY) > OFFERS_A_DAY:
            raise too_many_offers(OFFERS_A_DAY, _DAY)


def _check_another(agent: HolderCode, person: KnownPerson) -> None:
    if agent.bearer is not Bearer.PERSON:
        raise InvalidInput(
            "agent-not-a-person",
            Text("请填写受托人本人的证件号码，不是单位的。", "Give the number of a person, not of an organisation."),
            field="code",
        )
    if agent in person.identity.codes:
        raise InvalidInput(
            "agent-is-principal",
            Text("这是您自己的证件号码，不用委托给自己。", "This is your own number: you need not entrust yourself."),
            field="code",
        )
