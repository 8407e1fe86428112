"""The other side of an entrustment is told of it: on their page, and by a message; nobody is named in either."""

from __future__ import annotations

from certstore.entrust.model import Entrustment, KnownPerson, Side
from certstore.entrust.ports import PersonDirectory
from certstore.entrust.rules import is_agent
from certstore.holder_news import HolderNews, News
from core.db.database import WriteTx


class TellOtherSide:
    """Looks before the unit, writes in it, sends after it."""

    def __init__(self, persons: PersonDirectory, news: HolderNews) -> None:
        self._persons = persons
        self._news = news

    async def whom(self, one: Entrustment, side: Side) -> str | None:
        """The account of one side: the principal's, or that of whoever has both number and name of the agent.

        The giver's answer does not wait for what this finds.
        """
        party = one.principal if side is Side.PRINCIPAL else one.agent
        person: KnownPerson | None = await self._persons.of_number(party.code)
        if person is None or (side is Side.AGENT and not is_agent(one, person.identity)):
            return None
        return person.identity.account_id

    async def write(self, tx: WriteTx, account_id: str | None, news: News, one: Entrustment) -> object | None:
        """What is to be sent, for `send`."""
        return None if account_id is None else await self._news.write(tx, account_id, news, {"entrustment": one.id})

    def send(self, told: object | None) -> None:
        if told is not None:
            self._news.send(told)
