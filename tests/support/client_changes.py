"""Clients of the test world with other metadata, whatever the paths of registration allow."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import update

from idp.client_metadata import to_stored
from idp.stores.tables import client
from tests.support.idp_world import IdpWorld


async def change_client(
    world: IdpWorld, client_id: str, *, columns: dict[str, Any] | None = None, **members: Any
) -> None:
    """Set members of a client's metadata, and plain columns of its row."""
    found = await world.idp.registry.active(client_id)
    assert found is not None, client_id
    metadata = to_stored(dataclasses.replace(found.metadata, **members))
    change = update(client).where(client.c.id == client_id).values(metadata=metadata, **(columns or {}))
    async with world.ground.database.write() as tx:
        await tx.connection.execute(change)
        await tx.commit()
    world.idp.registry.forget(client_id)
