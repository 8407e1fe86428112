"""Tells the national forms of a seal: its certificate and its SESeal are public, every stamped file carries both."""

from __future__ import annotations

from core.db.database import Database
from core.principal import Principal
from signing.errors import SealNotFound, SealNotYours
from signing.national.model import NationalForm
from signing.national.ports import NationalStore
from signing.policy import may_look
from signing.ports import SealStore


class NationalForms:
    """Look-ups; for anybody who may look at seals."""

    def __init__(self, database: Database, store: SealStore, national: NationalStore) -> None:
        self._database = database
        self._store = store
        self._national = national

    async def of(self, seal_id: str) -> list[NationalForm]:
        """Every edition, the newest first; none for a seal in the international form alone.

        Raises:
            SealNotFound
        """
        async with self._database.read() as tx:
            if await self._store.seal(tx, seal_id) is None:
                raise SealNotFound
            return await self._national.of_seal(tx, seal_id)

    async def download(self, seal_id: str, form_id: str, *, actor: Principal) -> NationalForm:
        """An edition for those who look after the seal: with SESeal, and the key alone missing, a stamp is made.

        Raises:
            SealNotFound: no such seal, or no such edition of it.
            SealNotYours
        """
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
            found = [] if seal is None else await self._national.of_seal(tx, seal_id)
        form = next((one for one in found if one.id == form_id), None)
        if seal is None or form is None:
            raise SealNotFound
        if not may_look(actor, seal.organisation):
            raise SealNotYours
        return form

    async def current(self, seal_id: str) -> NationalForm | None:
        """
        Raises:
            SealNotFound
        """
        found = await self.of(seal_id)
        return found[0] if found and found[0].ended_at is None else None
