"""Finds the national form of our seals, ready to stamp."""

from __future__ import annotations

from core.db.database import Database
from signing.errors import SealFormMissing
from signing.model import Seal
from signing.national.ports import NationalKeys, NationalStore
from signing.national.workshop import VERSION
from signing.ports import NationalSigner, NationalSigners


class RegisteredSigners:
    """Implements `signing.ports.NationalSigners` over the register."""

    def __init__(self, database: Database, store: NationalStore, keys: NationalKeys) -> None:
        self._database = database
        self._store = store
        self._keys = keys

    async def of(self, seal: Seal) -> NationalSigner:
        """
        Raises:
            SealFormMissing: the seal was made in the international form alone.
            core.errors.Unavailable: the key does not answer.
        """
        async with self._database.read() as tx:
            form = await self._store.current(tx, seal.id)
        if form is None:
            raise SealFormMissing
        signer = await self._keys.signer_of(form.key_id)
        return NationalSigner(form.encoded, VERSION, form.certificates, signer.sign)


_: type[NationalSigners] = RegisteredSigners
