"""Tells the national forms of a seal: its certificate and its SESeal are public, every stamped file carries both."""

from __future__ import annotations

from core.db.database import Database
from signing.errors import SealNotFound
from signing.national.model import NationalForm
from signing.national.ports import NationalStore
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

    async def current(self, seal_id: str) -> NationalForm | None:
        """
        Raises:
            SealNotFound
        """
        found = await self.of(seal_id)
        return found[0] if found and found[0].ended_at is None else None
