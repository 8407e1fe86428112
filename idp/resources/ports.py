"""The store that the register of protected resources needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.text import Text
from idp.resources.model import ProtectedResource, ResourceStatus


class ProtectedResourceStore(Protocol):
    """Every method works inside the transaction it is given; where one answers False, the caller must not commit."""

    async def add(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        """False when the identifier is taken, or one of its scopes belongs to another resource."""

    async def get(self, tx: ReadTx, identifier: str) -> ProtectedResource | None: ...

    async def named(self, tx: ReadTx, identifiers: Sequence[str]) -> Sequence[ProtectedResource]:
        """Those of them that there are, in order of identifier."""

    async def of_client(self, tx: ReadTx, client_id: str) -> Sequence[ProtectedResource]:
        """The resources that come to introspect as this client, in order of identifier."""

    async def page(self, tx: ReadTx, *, after: str, limit: int) -> Sequence[ProtectedResource]:
        """In order of identifier, those behind `after`."""

    async def replace(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        """Write everything but identifier, status and time of creation.

        False when there is no such resource, or one of its scopes belongs to another.
        """

    async def change_status(self, tx: WriteTx, identifier: str, status: ResourceStatus) -> bool:
        """False when there is no such resource."""

    async def scope_words(self, tx: ReadTx, names: Sequence[str]) -> Mapping[str, Text]:
        """The words of those scopes that belong to a resource."""
