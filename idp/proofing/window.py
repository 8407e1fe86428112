"""Proof in person at a window: one clerk records who stands there, another one looks as well and decides.

Neither can do it alone, nobody for themselves, and no clerk for a person whom the population register does not know.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent, Detail
from core.clock import SHANGHAI, Clock, calendar_day
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.identifiers.documents import parse_document
from core.ids import new_id
from core.principal import Principal, Purpose
from core.text import Text
from idp.directory import Directory, Person, PersonVault
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.model import Account, AccountStatus
from idp.ports import AccountStore
from idp.proofing.check import AskRegister, differs
from idp.proofing.ports import Match, WindowProofStore
from idp.proofing.window_model import WindowDocument, WindowProof, WindowState
from idp.protocol.scopes import IDENTITY_PROVE

_LOOK_WITHIN = dt.timedelta(hours=1)  # the person is still there
_MOST_SHOWN = 50
_BASIS = "proof of identity in person"


@dataclass(frozen=True, slots=True)
class Presented:
    """What a clerk types in.

    Attributes:
        number: number of the document, as typed.
        document_until: last day of the document; None for one that is good for life.
        state: code of the state that issued a passport.
    """

    number: str = field(repr=False)
    document: WindowDocument
    document_until: dt.date | None
    state: str = ""


@dataclass(frozen=True, slots=True)
class WaitingProof:
    """A record with whom it is about, for the second clerk; `own` is one that they recorded themselves."""

    proof: WindowProof
    person: Person = field(repr=False)
    own: bool = False


class WindowProofing:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        directory: Directory,
        store: WindowProofStore,
        ask: AskRegister,
        book: EvidenceBook,
        vault: PersonVault,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._directory = directory
        self._store = store
        self._ask = ask
        self._book = book
        self._vault = vault
        self._clock = clock

    async def record(self, presented: Presented, clerk: Principal) -> str:
        """The first clerk's part: document and face agree. Answers the record's id.

        Raises:
            NotPermitted: not a clerk of a window, or it is about themselves; `person-reported-dead`.
            InvalidInput: the number is none; `document-expired`; `identity-differs`.
            NotFound: `person-unknown`: nobody here has this number.
            Conflict: `proof-waits-already`.
            SourceAway: the population register is connected and does not answer.
        """
        organisation = _organisation_of(clerk)
        today = calendar_day(self._clock.now())
        if presented.document_until is not None and presented.document_until < today:
            raise _document_expired()
        account = await self._account(presented, today)
        if account.id == clerk.id:
            raise _about_themselves()
        reference = await self._in_register(account, clerk)
        now = self._clock.now()
        proof = WindowProof(
            id=new_id(self._clock, "win"),
            account_id=account.id,
            organisation=organisation,
            state=WindowState.WAITING,
            document=presented.document,
            document_until=presented.document_until,
            reference=reference,
            recorded_by=clerk.id,
            recorded_at=now,
            expires_at=now + _LOOK_WITHIN,
        )
        async with self._database.write() as tx:
            if not await self._store.add(tx, proof):
                raise _waits_already()
            detail: Detail = {"proof": proof.id, "document": proof.document.value}
            tx.audit(AuditEvent("window.record", "done", clerk, account.id, Purpose(basis=_BASIS), detail))
            await tx.commit()
        return proof.id

    async def waiting(self, clerk: Principal) -> Sequence[WaitingProof]:
        """What waits in the clerk's organisation; each person shown is a look at personal data, on record.

        Raises:
            NotPermitted: not a clerk of a window.
        """
        organisation, now = _organisation_of(clerk), self._clock.now()
        async with self._database.read() as tx:
            waiting = await self._store.waiting(tx, organisation, now, _MOST_SHOWN)
        shown = [
            WaitingProof(one, await self._directory.person(one.account_id), one.recorded_by == clerk.id)
            for one in waiting
        ]
        async with self._database.write() as tx:
            for one in shown:
                if not one.own:
                    detail: Detail = {"claims": "name id_number", "proof": one.proof.id}
                    event = AuditEvent(
                        "identity.read", "done", clerk, one.proof.account_id, Purpose(basis=_BASIS), detail
                    )
                    tx.audit(event)
            await tx.commit()
        return shown

    async def decide(self, proof_id: str, *, agrees: bool, clerk: Principal) -> WindowState:
        """The second clerk's part; only one of many decides.

        Raises:
            NotPermitted: not a clerk of a window; the one who recorded it; the person themselves.
            NotFound: `proof-not-found`, also for another organisation's.
            Conflict: `proof-decided`.
        """
        proof = await self._of(_organisation_of(clerk), proof_id)
        if clerk.id in (proof.recorded_by, proof.account_id):
            event = AuditEvent("window.decide", "refused", clerk, proof.account_id, detail={"proof": proof.id})
            await self._database.record(event)
            raise _second_clerk_needed()
        state = WindowState.CONFIRMED if agrees else WindowState.REFUSED
        decided = dataclasses.replace(proof, state=state, decided_by=clerk.id, decided_at=self._clock.now())
        async with self._database.write() as tx:
            if not await self._store.decide(tx, decided):
                raise _decided_already()
            detail: Detail = {"proof": proof.id, "state": state.value}
            tx.audit(AuditEvent("window.decide", "done", clerk, proof.account_id, detail=detail))
            if agrees:
                await self._book.add(tx, proof.account_id, _evidence(decided), clerk)
            await tx.commit()
        return state

    async def _of(self, organisation: str, proof_id: str) -> WindowProof:
        async with self._database.read() as tx:
            proof = await self._store.get(tx, proof_id)
        if proof is None or proof.organisation != organisation:
            raise _not_found()
        return proof

    async def _account(self, presented: Presented, today: dt.date) -> Account:
        document = parse_document(presented.document.kind, presented.number, state=presented.state, today=today)
        account_id = await self._directory.account_by_document(document)
        async with self._database.read() as tx:
            account = None if account_id is None else await self._accounts.get(tx, account_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise _unknown()
        return account

    async def _in_register(self, account: Account, clerk: Principal) -> str:
        """The register's receipt; a city without one relies on its clerks."""
        person = self._vault.person(account)
        if not self._ask.connected or person.citizen_id is None:
            return ""
        answer = await self._ask(person.citizen_id.number, person.name)
        async with self._database.write() as tx:
            await self._ask.record(tx, account.id, answer, clerk)
            await tx.commit()
        if answer.match is not Match.AGREED:
            raise differs()
        return answer.reference


def _organisation_of(clerk: Principal) -> str:
    if clerk.organisation is None or not clerk.may(IDENTITY_PROVE):
        raise NotPermitted(
            "not-a-window-clerk",
            Text("只有实名核验窗口的工作人员可以办理。", "Only clerks of an identity window can do this."),
        )
    return clerk.organisation


def _evidence(proof: WindowProof) -> NewEvidence:
    until = None
    if proof.document_until is not None:  # to the end of that day
        day_after = proof.document_until + dt.timedelta(days=1)
        until = dt.datetime.combine(day_after, dt.time(), SHANGHAI).astimezone(dt.UTC)
    return NewEvidence(
        EvidenceKind.IN_PERSON,
        f"window:{proof.organisation}",
        by=f"{proof.recorded_by}+{proof.decided_by}",
        reference=f"{proof.document.value}:{proof.id}",
        until=until,
    )


def _document_expired() -> InvalidInput:
    return InvalidInput(
        "document-expired",
        Text("证件已经过期，请换领新证后再来。", "The document has run out. Have it renewed first."),
        field="document_until",
    )


def _unknown() -> NotFound:
    return NotFound(
        "person-unknown",
        Text(
            "没有用这个号码的账号，或账号已停用。请先用手机注册。",
            "No active account has this number. The person registers first.",
        ),
    )


def _about_themselves() -> NotPermitted:
    return NotPermitted(
        "own-identity",
        Text("不能给自己办理，请由其他窗口办理。", "You cannot do this for yourself; let another window do it."),
    )


def _second_clerk_needed() -> NotPermitted:
    return NotPermitted(
        "second-clerk-needed",
        Text(
            "登记人和本人都不能复核，请由另一位工作人员复核。",
            "Neither who recorded it nor the person themselves can decide. Another clerk must look.",
        ),
    )


def _waits_already() -> Conflict:
    return Conflict(
        "proof-waits-already",
        Text("这个人已有一条待复核的记录，请先复核。", "A record of this person waits already. Decide that one first."),
    )


def _decided_already() -> Conflict:
    return Conflict(
        "proof-decided",
        Text(
            "这条记录已经复核过，或超过一小时作废了。请刷新看最新情况。",
            "This record was decided already, or is older than an hour. Reload to see how it stands.",
        ),
    )


def _not_found() -> NotFound:
    return NotFound("proof-not-found", Text("没有这条记录。", "There is no such record."))
