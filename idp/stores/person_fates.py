"""What becomes of every row that belongs to an account, when it is closed and when it is merged into another.

Each table with such rows is named here, and a test sees to it that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, delete, exists, select, update

from core.db.database import WriteTx
from core.tables import metadata
from idp.identifiers import PHONE
from idp.persons.ports import PersonalTraces
from idp.stores.tables import account, account_index


class Merged(StrEnum):
    """What a merge does with the rows of the account that goes."""

    MOVE = "move"  # they are the other's now; where it has such a row already, that one stands
    DROP = "drop"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class Fate:
    """The fate of a table's rows.

    Attributes:
        erased: whether they go when the account is closed.
        apart: columns by which rows of one account are told apart; a moved row gives way to one of the other's.
    """

    erased: bool
    merged: Merged
    apart: tuple[str, ...] | None = None


FATES: Final[Mapping[str, Fate]] = {
    # names: a closed account's are free for whoever registers next, a merged one's lead to the other
    "account_index": Fate(True, Merged.STAY),
    "person_document": Fate(True, Merged.MOVE),
    "account_departure": Fate(True, Merged.DROP),
    "person_proposal": Fate(True, Merged.STAY),
    # the book of evidence hands over what speaks for the person
    "identity_evidence": Fate(True, Merged.STAY),
    "window_proof": Fate(True, Merged.DROP),
    # what opens an account opens no other
    "passkey": Fate(True, Merged.DROP),
    "person_certificate": Fate(True, Merged.DROP),
    "authenticator": Fate(True, Merged.DROP),
    "recovery_codes": Fate(True, Merged.DROP),
    "known_device": Fate(True, Merged.DROP),
    "upstream_link": Fate(True, Merged.MOVE, ("provider_id",)),
    "upstream_bar": Fate(True, Merged.MOVE, ("provider_id",)),
    "backchannel_request": Fate(True, Merged.DROP),
    # what the person has and was told
    "account_profile": Fate(True, Merged.MOVE, ()),
    "account_notice": Fate(True, Merged.MOVE),
    "login_record": Fate(True, Merged.MOVE),
    "data_export": Fate(True, Merged.DROP),
    "portal_consent": Fate(True, Merged.MOVE, ("client_id",)),
    # offices
    "staff_role": Fate(True, Merged.MOVE, ("organisation", "role")),
    "staff_member": Fate(True, Merged.MOVE, ()),
    "staff_proposal": Fate(False, Merged.STAY),
    # an organisation's own record of who acted for it; ended when the account is closed
    "authorisation": Fate(False, Merged.MOVE),
    # a portal's own name for somebody is never given to another person
    "pairwise_subject": Fate(False, Merged.MOVE),
    # ended by then, and swept in their time
    "session": Fate(False, Merged.STAY),
    "token_family": Fate(False, Merged.STAY),
    # for those who watch; nobody is named
    "security_event": Fate(False, Merged.STAY),
}


_IDENTITY = ("account_index", "person_document")


class SqlPersonalTraces:
    """Implements `idp.persons.ports.PersonalTraces`."""

    async def erase(self, tx: WriteTx, account_id: str, *, empty: bytes | None) -> None:
        kept = _IDENTITY if empty is None else ()
        for name, fate in FATES.items():
            if fate.erased and name not in kept:
                column = metadata.tables[name].c.account_id
                await tx.connection.execute(delete(metadata.tables[name]).where(column == account_id))
        await self._let_go(tx, account_id)
        if empty is not None:
            change = update(account).where(account.c.id == account_id).values(number=None, name=empty, level=0)
            await tx.connection.execute(change)

    async def hand_over(self, tx: WriteTx, *, account_id: str, to: str) -> None:
        await self._let_go(tx, account_id)
        for name, fate in FATES.items():
            if fate.merged is Merged.MOVE:
                await self._move(tx, name, fate, account_id, to)
            elif fate.merged is Merged.DROP:
                column = metadata.tables[name].c.account_id
                await tx.connection.execute(delete(metadata.tables[name]).where(column == account_id))

    async def _let_go(self, tx: WriteTx, account_id: str) -> None:
        """Phone and password: the number may be somebody else's tomorrow."""
        phones = and_(account_index.c.account_id == account_id, account_index.c.kind == PHONE)
        await tx.connection.execute(delete(account_index).where(phones))
        bare = update(account).where(account.c.id == account_id).values(phone=None, password_hash="")
        await tx.connection.execute(bare)

    async def _move(self, tx: WriteTx, name: str, fate: Fate, account_id: str, to: str) -> None:
        table = metadata.tables[name]
        move = update(table).where(table.c.account_id == account_id).values(account_id=to)
        if fate.apart is not None:
            other = table.alias()
            same = [other.c[column] == table.c[column] for column in fate.apart]
            move = move.where(~exists(select(1).select_from(other).where(other.c.account_id == to, *same)))
        await tx.connection.execute(move)
        await tx.connection.execute(delete(table).where(table.c.account_id == account_id))


_: type[PersonalTraces] = SqlPersonalTraces
