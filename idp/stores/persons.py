"""Changes of who somebody is, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from idp.identifiers import CITIZEN_ID, PHONE
from idp.model import Account, AccountStatus
from idp.persons.model import CloseReason
from idp.persons.ports import PersonStore
from idp.stores.people import account_of
from idp.stores.tables import account, account_index


class SqlPersonStore:
    """Implements `idp.persons.ports.PersonStore`."""

    async def hold(self, tx: WriteTx, account_ids: Sequence[str]) -> Sequence[Account]:
        # in one order, so that two who meet wait for each other and not in a ring
        query = select(account).where(account.c.id.in_(list(account_ids))).order_by(account.c.id).with_for_update()
        return [account_of(row, row.id) for row in await tx.connection.execute(query)]

    async def change_name(self, tx: WriteTx, account_id: str, sealed: bytes) -> None:
        await tx.connection.execute(update(account).where(account.c.id == account_id).values(name=sealed))

    async def change_phone(self, tx: WriteTx, account_id: str, sealed: bytes, indexes: Sequence[bytes]) -> bool:
        return await self._change(tx, account_id, PHONE, {"phone": sealed}, indexes)

    async def change_number(self, tx: WriteTx, account_id: str, sealed: bytes, indexes: Sequence[bytes]) -> bool:
        return await self._change(tx, account_id, CITIZEN_ID, {"number": sealed}, indexes)

    async def merge(self, tx: WriteTx, account_id: str, *, into: str) -> None:
        closed = {"status": AccountStatus.CLOSED.value, "status_reason": CloseReason.MERGED.value, "merged_into": into}
        goes = or_(account.c.id == account_id, account.c.merged_into == account_id)
        await tx.connection.execute(update(account).where(goes).values(closed))

    async def merged_into(self, tx: ReadTx, account_id: str) -> Sequence[str]:
        query = select(account.c.id).where(account.c.merged_into == account_id).order_by(account.c.id)
        return list((await tx.connection.execute(query)).scalars())

    async def _change(
        self, tx: WriteTx, account_id: str, kind: str, sealed: dict[str, bytes], indexes: Sequence[bytes]
    ) -> bool:
        rows = [{"digest": digest, "account_id": account_id, "kind": kind} for digest in sorted(indexes)]
        own = (account_index.c.account_id == account_id, account_index.c.kind == kind)
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(delete(account_index).where(*own))
                await tx.connection.execute(insert(account_index), rows)
                await tx.connection.execute(update(account).where(account.c.id == account_id).values(sealed))
        except IntegrityError:
            return False
        return True


_: type[PersonStore] = SqlPersonStore
