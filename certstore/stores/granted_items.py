"""Service items of an organisation's grants, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select

from certstore.exchange.ports import GrantedItems
from certstore.stores.tables import consumer_grant
from core.db.database import ReadTx


class SqlGrantedItems:
    """Implements `certstore.exchange.ports.GrantedItems`."""

    async def of_type(self, tx: ReadTx, organisation: str, type_code: str, day: dt.date) -> Sequence[str]:
        columns = consumer_grant.c
        query = select(columns.service_item).where(
            columns.organisation == organisation,
            columns.type_code == type_code,
            columns.valid_from <= day,
            or_(columns.valid_until.is_(None), columns.valid_until >= day),
        )
        return (await tx.connection.execute(query.order_by(columns.service_item))).scalars().all()


_: type[GrantedItems] = SqlGrantedItems
