"""Names in living licences by their holders' numbers, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from certstore.bulk.model import HeldName
from certstore.bulk.ports import HeldNames
from certstore.codes import HolderCode
from certstore.lifecycle import State
from certstore.stores.holder_index import holder_indexes
from certstore.stores.places import holder_place
from certstore.stores.tables import licence, licence_holder
from core.db.database import ReadTx
from core.db.long_lists import among, plan_anew
from keys.ports import BlindIndex, FieldCipher

_AT_ONCE = 1000
_NEWEST = 5
_LIVING = (State.VALID.value, State.SUSPENDED.value)


class SqlHeldNames:
    """Implements `certstore.bulk.ports.HeldNames`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index

    async def names(self, tx: ReadTx, codes: Sequence[HolderCode]) -> dict[HolderCode, list[HeldName]]:
        owners = {digest: code for code in codes for digest in holder_indexes(self._index, code)}
        found: dict[HolderCode, list[HeldName]] = {}
        digests = list(owners)
        await plan_anew(tx)  # the very work that asks adds licences
        for first in range(0, len(digests), _AT_ONCE):
            for row in await tx.connection.execute(_newest(tx, digests[first : first + _AT_ONCE])):
                place = holder_place("name", row.licence_id, row.version, row.position)
                name = self._fields.decrypt(bytes(row.name_enc), context=place)
                found.setdefault(owners[bytes(row.code_index)], []).append(HeldName(row.issuer, name))
        return found


def _newest(tx: ReadTx, digests: Sequence[bytes]) -> Select[Any]:
    """Of each holder the newest licences of each type from each office: an organisation may hold thousands."""
    columns = licence_holder.c
    # the holders first, by their index: a planner that begins with the licences compares each with all the numbers
    holders = (
        select(columns.licence_id, columns.version, columns.position, columns.code_index, columns.name_enc)
        .where(among(tx, columns.code_index, digests))
        .cte("holders")
        .prefix_with("MATERIALIZED")
    )
    place = func.row_number().over(
        partition_by=(holders.c.code_index, licence.c.type_code, licence.c.issuer), order_by=licence.c.id.desc()
    )
    living = (
        select(holders, licence.c.issuer, place.label("place"))
        .join(licence, (licence.c.id == holders.c.licence_id) & (licence.c.version == holders.c.version))
        .where(licence.c.state.in_(_LIVING))
        .subquery("living")
    )
    return select(living).where(living.c.place <= _NEWEST)


_: type[HeldNames] = SqlHeldNames
