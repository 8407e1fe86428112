"""Names of people by the documents that they proved, many at once, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from core.db.database import ReadTx
from core.db.long_lists import among, plan_anew
from idp.identifiers import CITIZEN_ID
from idp.known_names import KnownName, KnownNameStore
from idp.model import AccountStatus
from idp.stores.person_tables import person_document, person_document_index
from idp.stores.tables import account, account_index

_AT_ONCE = 1000


class SqlKnownNameStore:
    """Implements `idp.known_names.KnownNameStore`."""

    async def of_documents(self, tx: ReadTx, indexes: Sequence[bytes]) -> list[KnownName]:
        found: list[KnownName] = []
        await plan_anew(tx)
        for first in range(0, len(indexes), _AT_ONCE):
            digests = indexes[first : first + _AT_ONCE]
            # an index stands only for what was proved
            numbers = select(account_index.c.digest, account_index.c.account_id).where(
                among(tx, account_index.c.digest, digests), account_index.c.kind == CITIZEN_ID
            )
            documents = (
                select(person_document_index.c.digest, person_document.c.account_id)
                .join(person_document, person_document.c.id == person_document_index.c.document_id)
                .where(among(tx, person_document_index.c.digest, digests))
            )
            held = numbers.union_all(documents).subquery("held")
            proved = account.alias("proved")
            query = (
                select(held.c.digest, account.c.id, account.c.name)
                .join(proved, proved.c.id == held.c.account_id)
                .join(account, account.c.id == func.coalesce(proved.c.merged_into, proved.c.id))
                .where(account.c.status != AccountStatus.CLOSED.value)
            )
            rows = await tx.connection.execute(query)
            found += [KnownName(bytes(row.digest), row.id, bytes(row.name)) for row in rows]
        return found


_: type[KnownNameStore] = SqlKnownNameStore
