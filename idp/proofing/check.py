"""Asks the population register about a person, and keeps what it says as evidence."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput, LimitExceeded, NotPermitted
from core.kv.port import KeyValueStore
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence, Result
from idp.model import Account
from idp.proofing.ports import Match, PersonNews, PopulationAnswer, PopulationSource

REGISTER = "population-register"
_PER_DAY, _DAY = 5, 86400


class AskRegister:
    """Puts the question and writes the answer down; for everybody who proofs."""

    def __init__(self, source: PopulationSource, book: EvidenceBook, news: PersonNews, clock: Clock) -> None:
        self._source = source
        self._book = book
        self._news = news
        self._clock = clock

    @property
    def connected(self) -> bool:
        return self._source.connected

    async def __call__(self, number: str, name: str) -> PopulationAnswer:
        """The register's answer about a living person. Whoever is reported dead is passed on.

        Raises:
            SourceAway: it does not answer.
            NotPermitted: `person-reported-dead`.
        """
        answer = await self._source.check(number, name)
        if answer.match is Match.AGREED and not answer.alive:
            await self._news.died(number, calendar_day(self._clock.now()))
            raise NotPermitted(
                "person-reported-dead",
                Text(
                    "登记状态不允许办理。如有错误，请带身份证到公安户籍窗口更正。",
                    "The register's state does not allow this. If that is wrong, bring your ID card to the household "
                    "registration window of the police.",
                ),
            )
        return answer

    async def record(self, tx: WriteTx, account_id: str, answer: PopulationAnswer, actor: Principal) -> int:
        """Write it down in the caller's transaction; answers the level that the account has then."""
        result = Result.AGREED if answer.match is Match.AGREED else Result.DIFFERED
        new = NewEvidence(
            EvidenceKind.NUMBER_AND_NAME, REGISTER, by=actor.id, reference=answer.reference, result=result
        )
        return await self._book.add(tx, account_id, new, actor)


class CheckIdentity:
    """The use case: a person has their own number and name checked."""

    def __init__(self, database: Database, ask: AskRegister, vault: PersonVault, kv: KeyValueStore) -> None:
        self._database = database
        self._ask = ask
        self._vault = vault
        self._kv = kv

    async def __call__(self, account: Account, actor: Principal) -> int:
        """The level that follows.

        Raises:
            Conflict: `no-citizen-number`.
            InvalidInput: `identity-differs`.
            LimitExceeded: `too-many-checks`.
            NotPermitted: `person-reported-dead`.
            SourceAway: the register does not answer; it does not count as a try.
        """
        person = self._vault.person(account)
        if person.citizen_id is None:
            raise _another_document()
        key = f"idp:proofing:checks:{account.id}"
        if await self._kv.incr(key, _DAY) > _PER_DAY:
            raise _too_many()
        answer = await self._ask(person.citizen_id.number, person.name)
        async with self._database.write() as tx:
            level = await self._ask.record(tx, account.id, answer, actor)
            if answer.match is not Match.AGREED:
                tx.audit(AuditEvent("identity.check", "refused", actor, account.id, detail={"says": answer.match}))
            await tx.commit()
        if answer.match is not Match.AGREED:
            raise differs()
        return level


def differs() -> InvalidInput:
    """Says nothing of what the register holds: neither the name, nor whether it knows the number."""
    return InvalidInput(
        "identity-differs",
        Text(
            "人口库里的登记和您账号上的姓名、证件号不一致。请带身份证到政务服务大厅更正。",
            "The population register does not agree with the name and number of your account. Bring your ID card to a "
            "service hall to have it put right.",
        ),
    )


def _another_document() -> Conflict:
    return Conflict(
        "no-citizen-number",
        Text(
            "人口库只有公民身份号码。您用的是其他证件，请带证件到政务服务大厅核验。",
            "The population register knows citizen ID numbers only. Bring your document to a service hall.",
        ),
    )


def _too_many() -> LimitExceeded:
    return LimitExceeded(
        "too-many-checks",
        Text("今天核对的次数用完了，请明天再试。", "No more checks today. Try again tomorrow."),
        retry_after=_DAY,
    )
