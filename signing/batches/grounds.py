"""What a batch rests on: whose it is, and which grant of its owner's."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from core.principal import Principal
from signing.batches.errors import BatchNotFound
from signing.batches.model import Batch
from signing.batches.ports import BatchStore
from signing.errors import SealUsesSpent
from signing.model import SealGrant


def approval_grant(grants: Sequence[SealGrant]) -> SealGrant | None:
    """The grant under which a second person must approve; None if one without that has uses left.

    Raises:
        SealUsesSpent: none of them has uses left.
    """
    left = [grant for grant in grants if not grant.spent]
    if not left:
        raise SealUsesSpent
    return None if any(not grant.approval for grant in left) else left[0]


async def own_batch(database: Database, store: BatchStore, batch_id: str, actor: Principal) -> Batch:
    """
    Raises:
        BatchNotFound: also when it is somebody else's.
    """
    async with database.read() as tx:
        batch = await store.batch(tx, batch_id)
    if batch is None or not batch.owner.is_(actor):
        raise BatchNotFound
    return batch
