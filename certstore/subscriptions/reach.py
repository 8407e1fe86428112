"""Which changes an organisation may hear of: those of types that it has a grant for, and those that it made itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from certstore.authorise import acting_organisation
from certstore.subscriptions.model import Reach
from certstore.subscriptions.ports import ChangeStore
from core.db.database import ReadTx
from core.principal import Principal

READ = "licence:read"


async def reach_of(
    changes: ChangeStore, tx: ReadTx, organisation: str, day: dt.date, wanted: Collection[str] = ()
) -> Reach:
    """What the organisation may hear of on this day, cut down to the wanted types if there are any."""
    granted = await changes.granted_types(tx, organisation, day)
    if not wanted:
        return Reach(granted, organisation)
    asked = frozenset(wanted)
    return Reach(granted & asked, organisation, asked)


async def reach_of_actor(
    changes: ChangeStore, tx: ReadTx, actor: Principal, day: dt.date, wanted: Collection[str] = ()
) -> Reach:
    """The same for somebody who asks, as far as their own right reaches."""
    limit = actor.types.get(READ)
    asked = frozenset(wanted) if wanted else None
    if limit is not None:
        asked = limit if asked is None else asked & limit
    organisation = acting_organisation(actor)
    granted = await changes.granted_types(tx, organisation, day)
    return Reach(granted if asked is None else granted & asked, organisation, asked)
