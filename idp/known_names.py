"""By which names numbers are known: the proved names of many people at once, for whoever compares and does not show.

Opens personal data; the use case that asks writes the audit event, for it knows the purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.db.database import Database, ReadTx
from core.identifiers.documents import Document
from idp.directory import PersonVault


@dataclass(frozen=True, slots=True)
class KnownName:
    """Whose a blind index is; the name as sealed."""

    digest: bytes = field(repr=False)
    account_id: str
    name: bytes = field(repr=False)


class KnownNameStore(Protocol):
    """What it needs kept."""

    async def of_documents(self, tx: ReadTx, indexes: Sequence[bytes]) -> Sequence[KnownName]:
        """The people who proved the documents with these indexes; of merged accounts the one that went on. Closed
        accounts are nobody's."""


class KnownNames:
    """The look-up."""

    def __init__(self, database: Database, store: KnownNameStore, vault: PersonVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def __call__(self, documents: Iterable[Document]) -> Mapping[Document, str]:
        """The names of those whose documents were proved; the others are left out."""
        owners = {digest: one for one in documents for digest in self._vault.document_indexes(one)}
        if not owners:
            return {}
        async with self._database.read() as tx:
            found = await self._store.of_documents(tx, list(owners))
        return {owners[one.digest]: self._vault.open(one.account_id, "name", one.name) for one in found}
