"""What happened to a person's account, for the person: log-ins, portals entered, consents, what portals were told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.about import Recorded, recorded_about
from core.db.database import Database
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal, PrincipalKind

LOGGED_IN, LOGGED_OUT, ENTERED = "session.start", "session.end", "portal.enter"
AGREED, WITHDREW, TOLD, REFUSED = "portal-consent.grant", "portal-consent.withdraw", "identity.read", "token.refresh"
LISTED = "scim.read"
LOOKS = (TOLD, LISTED)
"""What somebody learned about who the person is."""

ALL_ACTIONS = (LOGGED_IN, LOGGED_OUT, ENTERED, AGREED, WITHDREW, TOLD, REFUSED)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event.

    Attributes:
        done: False where it was refused.
        client_id: the portal that it is about; None for log-ins of our own.
        told: claims that the portal, or the office, was told.
        office: code of the organisation of a member of staff, where one did it.
        basis: what they said it was for.
    """

    at: dt.datetime
    action: str
    done: bool
    client_id: str | None
    told: tuple[str, ...] = ()
    office: str | None = None
    basis: str | None = None


class OwnHistory:
    """The use case; it reads the audit log, which nobody can leave a line out of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self,
        person: Principal,
        cursor: str | None = None,
        limit: int | None = None,
        *,
        actions: Sequence[str] = ALL_ACTIONS,
    ) -> Page[Happened]:
        """The newest first.

        Raises:
            InvalidInput: `cursor-invalid`.
        """
        size, before = page_size(limit), _before(cursor)
        async with self._database.read() as tx:
            found = await recorded_about(tx.connection, person.id, actions, limit=size + 1, before=before)
        more = encode_cursor(found[size - 1].number) if len(found) > size else None
        return Page([_happened(one) for one in found[:size]], more)


def _before(cursor: str | None) -> int | None:
    """
    Raises:
        InvalidInput: `cursor-invalid`.
    """
    if not cursor:
        return None
    (number,) = decode_cursor(cursor, 1)
    return number if isinstance(number, int) and 0 <= number < 2**63 else 0  # made up: nothing comes after it


def _happened(one: Recorded) -> Happened:
    by_client = one.actor_kind == PrincipalKind.CLIENT.value
    client = one.actor_id if by_client else one.detail.get("client")
    told = str(one.detail.get("claims") or "").split() if one.action == TOLD else ()
    return Happened(
        dt.datetime.fromisoformat(one.at),
        one.action,
        one.outcome == "done",
        None if client is None else str(client),
        tuple(told),
        None if by_client else one.organisation,
        one.basis,
    )
