"""A legal representative or a manager authorises somebody to act for the organisation.

The answer never says whether the person has an account here. They see the offer on their own page if the name and the
ID number are theirs, and everybody can be handed the code, which is worth nothing to anybody else (attacks O-52).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent, Detail
from core.clock import calendar_day
from core.db.database import ReadTx
from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.ids import new_code, new_id
from core.principal import Principal
from core.text import Text
from idp.agency.desk import OfferDesk
from idp.agency.model import Agent, Authorisation, Role, State
from idp.agency.rules import check_days, check_items, check_may_give, not_yours
from idp.identifiers import CITIZEN_ID
from idp.model import AccountStatus
from idp.token_uses import AUTHORISATION_CODE

OFFER_DAYS = 7
CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789"  # no vowels, nothing that looks alike
CODE_LENGTH = 12  # 57 bits: nobody guesses one in its seven days
_NAME = 60


@dataclass(frozen=True, slots=True)
class NewAuthorisation:
    """What is to be given.

    Attributes:
        under: the giver's own authorisation.
        items: service items; empty for all that the giver has.
    """

    under: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    role: Role
    items: Sequence[str]
    starts_on: dt.date
    ends_on: dt.date


@dataclass(frozen=True, slots=True)
class Given:
    """The offer, and the code to hand to the agent: shown once."""

    authorisation: Authorisation
    code: str = field(repr=False)


class GiveAuthorisation:
    """The use case."""

    def __init__(self, desk: OfferDesk) -> None:
        self._desk = desk

    async def __call__(self, person: Principal, new: NewAuthorisation) -> Given:
        """
        Raises:
            InvalidInput: name, ID number, items or days are not acceptable; `agent-is-giver`.
            NotPermitted: `authorisation-not-yours`, `authorisation-too-wide`.
        """
        now = self._desk.clock.now()
        today = calendar_day(now)
        agent = Agent(_name(new.name), parse_citizen_id(new.number, today=today).number)
        items = check_items(new.items)
        check_days(new.starts_on, new.ends_on, today)
        code = new_code(CODE_ALPHABET, CODE_LENGTH)
        async with self._desk.database.write() as tx:
            giver = await self._desk.authorisations.hold(tx, new.under)
            if giver is None or giver.account_id != person.id:
                raise not_yours()
            check_may_give(giver, new.role, items, new.starts_on, new.ends_on, today)
            account_id = await self._known(tx, agent)
            if account_id == person.id or self._desk.agents.open(giver).number == agent.number:
                raise InvalidInput(
                    "agent-is-giver",
                    Text("这是您自己的身份证号，不用授权给自己。", "This is your own ID number."),
                    field="number",
                )
            made = self._made(giver, new, items, agent, account_id, code, now)
            await self._desk.authorisations.add(tx, made)
            detail: Detail = {"authorisation": made.id, "role": made.role.value, "under": giver.id}
            tx.audit(AuditEvent("authorisation.give", "done", person, giver.organisation, detail=detail))
            await tx.commit()
        return Given(made, code)

    async def _known(self, tx: ReadTx, agent: Agent) -> str | None:
        """The agent's account, if there is one of this number *and* name."""
        account = await self._desk.accounts.by_identifier(tx, self._desk.people.indexes(CITIZEN_ID, agent.number))
        if (
            account is None
            or account.status is not AccountStatus.ACTIVE
            or self._desk.people.name(account) != agent.name
        ):
            return None
        return account.id

    def _made(
        self,
        giver: Authorisation,
        new: NewAuthorisation,
        items: tuple[str, ...],
        agent: Agent,
        account_id: str | None,
        code: str,
        now: dt.datetime,
    ) -> Authorisation:
        authorisation_id = new_id(self._desk.clock, "aut")
        return Authorisation(
            id=authorisation_id,
            organisation=giver.organisation,
            role=new.role,
            state=State.OFFERED,
            items=items or giver.items,
            starts_on=new.starts_on,
            ends_on=new.ends_on,
            under=giver.id,
            agent=self._desk.agents.seal(authorisation_id, agent),
            account_id=account_id,
            code_digest=self._desk.digests.digest(AUTHORISATION_CODE, code),
            offered_until=now + dt.timedelta(days=OFFER_DAYS),
            created_at=now,
        )


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not 0 < len(name) <= _NAME:
        raise InvalidInput("name-invalid", Text("请填写经办人的姓名。", "Enter the agent's name."), field="name")
    return name
