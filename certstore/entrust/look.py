"""Both sides see their entrustments, and what was done under each."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.authorise import refusals_audited
from certstore.entrust.errors import entrustment_not_found
from certstore.entrust.model import (
    Done,
    DoneLine,
    Entrustment,
    EntrustmentLine,
    EntrustmentStory,
    Side,
)
from certstore.entrust.people import person_behind
from certstore.entrust.ports import EntrustmentStore, PersonDirectory
from certstore.entrust.rules import shown_to_agent
from certstore.own_numbers import newest_first
from certstore.ports import HolderIdentity, OrganisationDirectory
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.db.database import ReadTx
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text


class LookAtEntrustments:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        store: EntrustmentStore,
        persons: PersonDirectory,
        organisations: OrganisationDirectory,
    ) -> None:
        self._repository = repository
        self._store = store
        self._persons = persons
        self._organisations = organisations

    async def mine(
        self, side: Side, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Page[EntrustmentLine]:
        """What somebody gave, or what others entrusted to them, newest first.

        Raises:
            NotPermitted: `person-needed`.
            InvalidInput: `cursor-invalid`.
        """
        repository, before, size = self._repository, last_id(cursor), page_size(limit)
        identity = (await person_behind(self._persons, actor)).identity
        of_number = self._store.given if side is Side.PRINCIPAL else self._store.held
        async with repository.database.write() as tx:
            found = await newest_first(
                identity,
                lambda code: of_number(tx, code, before=before, limit=size + 1),
                key=lambda one: one.id,
            )
            rows = [await self._line(tx, one, side) for one in found[:size] if self._shown(one, side, identity)]
            tx.audit(AuditEvent("holder.look", "done", actor, None, OWN_PURPOSE, {"what": "entrustments"}))
            await tx.commit()
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def one(self, entrustment_id: str, actor: Principal) -> EntrustmentStory:
        """
        Raises:
            NotFound: `entrustment-not-found`, also for somebody else's.
            NotPermitted: `person-needed`.
        """
        repository = self._repository
        identity = (await person_behind(self._persons, actor)).identity
        async with (
            refusals_audited(repository.database, "entrustment.view", actor, subject=entrustment_id),
            repository.database.write() as tx,
        ):
            one = await self._store.entrustment(tx, entrustment_id)
            side = None if one is None else self._side(one, identity)
            if one is None or side is None:
                raise entrustment_not_found()
            line = await self._line(tx, one, side)
            done = [await self._done(tx, each) for each in await self._store.done(tx, one.id)]
            tx.audit(AuditEvent("holder.look", "done", actor, one.id, OWN_PURPOSE, {"what": "entrustment"}))
            await tx.commit()
        return EntrustmentStory(line, done)

    def _side(self, one: Entrustment, identity: HolderIdentity) -> Side | None:
        if one.principal.code in identity.codes:
            return Side.PRINCIPAL
        return Side.AGENT if self._shown(one, Side.AGENT, identity) else None

    def _shown(self, one: Entrustment, side: Side, identity: HolderIdentity) -> bool:
        repository = self._repository
        return side is Side.PRINCIPAL or shown_to_agent(one, identity, repository.now(), repository.today())

    async def _line(self, tx: ReadTx, one: Entrustment, side: Side) -> EntrustmentLine:
        repository = self._repository
        types, items = await self._types(tx, one.types), [await self._item(tx, item) for item in one.items]
        return EntrustmentLine(one, side, one.state_at(repository.now(), repository.today()), types, items)

    async def _done(self, tx: ReadTx, done: Done) -> DoneLine:
        name = await self._organisations.name(done.organisation) or Text(done.organisation, done.organisation)
        return DoneLine(done, name, await self._item(tx, done.service_item), await self._types(tx, done.types))

    async def _types(self, tx: ReadTx, codes: Sequence[str]) -> Sequence[Text]:
        known = await self._repository.catalogue.newest_types(tx, codes)
        return [known[code].name for code in codes if code in known]

    async def _item(self, tx: ReadTx, code: str) -> Text:
        item = await self._repository.catalogue.item(tx, code)
        return item.name if item else Text(code, code)
