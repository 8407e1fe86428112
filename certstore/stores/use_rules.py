"""What an organisation may use for a service item, in SQL: one statement for item, grants and newest versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, bindparam, func, select

from certstore.model import LicenceType
from certstore.ports import CatalogueStore, UseRules, UseRuleStore
from certstore.stores.catalogue import grant_of
from certstore.stores.tables import consumer_grant, licence_type, service_item
from core.db.database import ReadTx
from core.prepared import Prepared, Row

_MOST_KEPT = 2_000

_NEWEST = (
    select(func.max(licence_type.c.version))
    .where(licence_type.c.code == consumer_grant.c.type_code)
    .correlate(consumer_grant)
    .scalar_subquery()
)
_RULES = Prepared(
    select(service_item.c.code.label("item"), consumer_grant, _NEWEST.label("newest"))
    .outerjoin(
        consumer_grant,
        and_(
            consumer_grant.c.service_item == service_item.c.code,
            consumer_grant.c.organisation == bindparam("organisation"),
        ),
    )
    .where(service_item.c.code == bindparam("item"))
)


class SqlUseRuleStore:
    """Implements `certstore.ports.UseRuleStore`. Versions of types never change, so those that were read are kept."""

    def __init__(self, catalogue: CatalogueStore) -> None:
        self._catalogue = catalogue
        self._kept: dict[tuple[str, int], LicenceType] = {}

    async def rules(self, tx: ReadTx, organisation: str, service_item: str) -> UseRules | None:
        rows = await tx.rows(_RULES, {"organisation": organisation, "item": service_item})
        if not rows:
            return None
        granted = [row for row in rows if row.type_code is not None]
        types = await self._types(tx, [row for row in granted if row.newest is not None])
        return UseRules({row.type_code: grant_of(row) for row in granted}, types)

    async def _types(self, tx: ReadTx, rows: Sequence[Row]) -> Mapping[str, LicenceType]:
        found, missing = {}, []
        for row in rows:
            kept = self._kept.get((row.type_code, row.newest))
            if kept is None:
                missing.append(row.type_code)
            else:
                found[row.type_code] = kept
        if missing:
            read = await self._catalogue.newest_types(tx, missing)
            if len(self._kept) + len(read) > _MOST_KEPT:
                self._kept.clear()
            self._kept |= {(one.code, one.version): one for one in read.values()}
            found |= read
        return found


_: type[UseRuleStore] = SqlUseRuleStore
