"""Tells whoever had a file sealed how it is looked after: which level it is to have, and when something is due."""

from __future__ import annotations

from core.db.database import Database
from core.principal import Principal
from signing.longlife.model import Care
from signing.longlife.ports import CareStore
from signing.seals.look_up import Seals


class CareOfFiles:
    """Look-ups of the care for kept files."""

    def __init__(self, database: Database, seals: Seals, store: CareStore) -> None:
        self._database = database
        self._seals = seals
        self._store = store

    async def __call__(self, signature_id: str, *, caller: Principal) -> Care | None:
        """None for a file that is not looked after: it lasts as long as it was sealed to, or is not kept here.

        Raises:
            SignatureNotFound: also when it is somebody else's.
        """
        await self._seals.use(signature_id, caller=caller)
        async with self._database.read() as tx:
            return await self._store.find(tx, signature_id)
