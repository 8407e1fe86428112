"""The agent takes an offer, or declines it: found on their own page, or by the code that they were handed."""

from __future__ import annotations

from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx
from core.errors import NotFound
from core.identifiers.normal import canonical
from core.principal import Principal
from core.text import Text
from idp.agency.desk import OfferDesk
from idp.agency.model import Authorisation, State
from idp.agency.represent import level_too_low
from idp.directory import account_not_found
from idp.model import Account
from idp.real_name import REACHED_BY_PHONE
from idp.token_uses import AUTHORISATION_CODE

_MAX_TYPED = 64


class AnswerOffer:
    """The use case."""

    def __init__(self, desk: OfferDesk) -> None:
        self._desk = desk

    async def find(self, person: Principal, typed: str) -> Authorisation:
        """The open offer behind a code, if it is for this person.

        Raises:
            NotFound: `offer-not-found`: wrong code, decided, over, or for somebody else; the answer is the same.
        """
        code = canonical(typed[:_MAX_TYPED]).replace("-", "").upper()
        async with self._desk.database.read() as tx:
            one = await self._desk.authorisations.by_code(tx, self._desk.digests.digests(AUTHORISATION_CODE, code))
            account = await self._account(tx, person)
        if one is None or not self._is_theirs(one, account):
            raise _no_offer()
        return one

    async def __call__(self, person: Principal, authorisation_id: str, *, accept: bool) -> Authorisation:
        """
        Raises:
            NotFound: `offer-not-found`.
            NotPermitted: `real-name-level-too-low`.
        """
        now = self._desk.clock.now()
        async with self._desk.database.write() as tx:
            account = await self._account(tx, person)
            one = await self._desk.authorisations.get(tx, authorisation_id)
            if one is None or one.under is None or not self._is_theirs(one, account):
                raise _no_offer()
            if accept and account.level < REACHED_BY_PHONE:
                raise level_too_low()
            giver = await self._desk.authorisations.hold(tx, one.under)
            if giver is None or giver.state is not State.ACTIVE:
                raise _no_offer()
            decide = self._desk.authorisations
            done = (
                await decide.accept(tx, one.id, account_id=account.id, at=now)
                if accept
                else await decide.decline(tx, one.id, now)
            )
            if not done:
                raise _no_offer()
            detail: Detail = {"authorisation": one.id, "role": one.role.value}
            action = "authorisation.accept" if accept else "authorisation.decline"
            tx.audit(AuditEvent(action, "done", person, one.organisation, detail=detail))
            await tx.commit()
        return one

    async def _account(self, tx: ReadTx, person: Principal) -> Account:
        account = await self._desk.accounts.get(tx, person.id)
        if account is None:
            raise account_not_found()
        return account

    def _is_theirs(self, one: Authorisation, account: Account) -> bool:
        if one.state is not State.OFFERED or one.offered_until is None or one.offered_until <= self._desk.clock.now():
            return False
        known, named = self._desk.people.person(account), self._desk.agents.open(one)
        number = None if known.citizen_id is None else known.citizen_id.number
        return (number, known.name) == (named.number, named.name)


def _no_offer() -> NotFound:
    return NotFound(
        "offer-not-found",
        Text(
            "没有找到给您的授权。请核对授权码，或请对方重新授权：姓名和身份证号要和您的账号一致，授权码 7 天内有效。",
            "There is no such offer for you. Check the code, or ask for a new one: name and ID number must be those of "
            "your account, and a code is good for 7 days.",
        ),
    )
