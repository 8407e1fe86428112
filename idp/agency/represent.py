"""Somebody becomes known as an organisation's legal representative, because the register of organisations says so."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import Conflict, NotPermitted
from core.identifiers.uscc import parse_uscc
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.agency.ending import EndAuthorisation
from idp.agency.model import Agent, Authorisation, CompanyEntry, Reason, Role, State
from idp.agency.ports import AuthorisationStore, CompanyRegister
from idp.agency.sealing import AgentVault
from idp.directory import PersonVault, account_not_found
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, LogoutDelivery, Organisation, OrganisationStatus
from idp.ports import AccountStore, OrganisationStore
from idp.real_name import REACHED_BY_PHONE

ENTERPRISE = "enterprise"


class Represent:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        organisations: OrganisationStore,
        authorisations: AuthorisationStore,
        register: CompanyRegister,
        end: EndAuthorisation,
        deliver: DeliverLogouts,
        people: PersonVault,
        agents: AgentVault,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._organisations = organisations
        self._authorisations = authorisations
        self._register = register
        self._end = end
        self._deliver = deliver
        self._people = people
        self._agents = agents
        self._clock = clock

    async def __call__(self, person: Principal, typed: str) -> Authorisation:
        """
        Args:
            typed: unified social credit code, in any form.

        Raises:
            InvalidInput: `uscc-invalid`.
            NotPermitted: `real-name-level-too-low`; `not-its-representative`, also when there is no such organisation.
            Conflict: `representative-busy`, when two come at once.
            Unavailable: the register does not answer; nothing has changed.
        """
        uscc = parse_uscc(typed)
        account = await self._account(person)
        known = self._people.person(account)
        if known.document is None:
            raise level_too_low()
        agent = Agent(known.name, known.document.number)
        entry = await self._register.look(uscc, agent)  # before the transaction: it may take its time
        if entry is None or not entry.active or not entry.represented:
            await self._database.record(
                AuditEvent("organisation.represent", "refused", person, uscc, detail={"reason": "register"})
            )
            raise _not_represented()
        deliveries: list[LogoutDelivery] = []
        async with self._database.write() as tx:
            earlier = await self._authorisations.representative(tx, uscc)
            if earlier is not None and earlier.account_id == account.id:
                return earlier
            deliveries += await self._make_room(tx, earlier, person)
            made = await self._write(tx, uscc, entry, account, agent, person)
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return made

    async def _account(self, person: Principal) -> Account:
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, person.id)
        if account is None:
            raise account_not_found()
        if account.level < REACHED_BY_PHONE:
            raise level_too_low()
        return account

    async def _make_room(
        self, tx: WriteTx, earlier: Authorisation | None, person: Principal
    ) -> Sequence[LogoutDelivery]:
        """The former representative's authority ends, and with it all that rested on it."""
        return () if earlier is None else await self._end(tx, earlier, Reason.REPLACED, person)

    async def _write(
        self, tx: WriteTx, uscc: str, entry: CompanyEntry, account: Account, agent: Agent, person: Principal
    ) -> Authorisation:
        now = self._clock.now()
        if not await self._organisations.add(tx, Organisation(uscc, entry.name, ENTERPRISE), now):
            known = await self._organisations.get(tx, uscc)
            if known is None or known.status is not OrganisationStatus.ACTIVE:  # a code is never given out again
                raise _not_represented()
        made = Authorisation(
            id=new_id(self._clock, "aut"),
            organisation=uscc,
            role=Role.REPRESENTATIVE,
            state=State.ACTIVE,
            items=(),
            starts_on=calendar_day(now),
            ends_on=None,
            under=None,
            agent=b"",
            account_id=account.id,
            code_digest=None,
            offered_until=None,
            created_at=now,
            accepted_at=now,
        )
        made = dataclasses.replace(made, agent=self._agents.seal(made.id, agent))
        if not await self._authorisations.add(tx, made):
            raise Conflict(
                "representative-busy",
                Text("有人正在办同一件事，请再试一次。", "Somebody is doing the same just now. Try again."),
            )
        tx.audit(AuditEvent("organisation.represent", "done", person, uscc, detail={"authorisation": made.id}))
        return made


def level_too_low() -> NotPermitted:
    return NotPermitted(
        "real-name-level-too-low",
        Text(
            "代表单位办事需要实名二级：核对身份证号、姓名和手机号。请先在账号页提升实名等级。",
            "To act for an organisation you need identity level 2: ID number, name and phone checked. "
            "Raise your level on your account page first.",
        ),
    )


def _not_represented() -> NotPermitted:
    return NotPermitted(
        "not-its-representative",
        Text(
            "登记机关的记录里，您不是这个单位的法定代表人。请核对代码；刚变更的，等登记机关更新后再试。",
            "By the register, you are not the legal representative of this organisation. Check the code; "
            "after a recent change, try again when the register has it.",
        ),
    )
