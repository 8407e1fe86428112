"""Tells people what changed about how they log in: on their own page, and at once by a message.

The notice is written in the transaction that makes the change; the message and the event for those who watch go out
after its commit, without letting anybody wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.db.database import WriteTx
from idp.model import NoticeKind
from idp.notices import Notices
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents

_EVENTS: Mapping[NoticeKind, SecurityEventKind] = {
    NoticeKind.NEW_DEVICE: SecurityEventKind.NEW_DEVICE,
    NoticeKind.PASSWORD_CHANGED: SecurityEventKind.PASSWORD_CHANGED,
    NoticeKind.PASSWORD_RESET: SecurityEventKind.PASSWORD_RESET,
    NoticeKind.FACTOR_ADDED: SecurityEventKind.FACTOR_ADDED,
    NoticeKind.FACTOR_REMOVED: SecurityEventKind.FACTOR_REMOVED,
    NoticeKind.PHONE_CHANGED: SecurityEventKind.PHONE_CHANGED,
    NoticeKind.REFRESH_REUSED: SecurityEventKind.REFRESH_REUSED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a person was told, to be sent after the commit."""

    account_id: str
    kind: NoticeKind
    detail: Mapping[str, str] = field(default_factory=dict)
    source: str | None = field(default=None, repr=False)
    client_id: str | None = None


class Reach(Protocol):
    """Reaches a person by message."""

    def send(self, told: Told) -> None:
        """Does not wait and never fails."""


class NoReach:
    """Where no gateway for messages is set up: the notice on the person's page stays."""

    def send(self, told: Told) -> None:
        return None


class TellPerson:
    """The use case, in two steps."""

    def __init__(self, notices: Notices, events: SecurityEvents, reach: Reach) -> None:
        self._notices = notices
        self._events = events
        self._reach = reach

    async def write(
        self,
        tx: WriteTx,
        account_id: str,
        kind: NoticeKind,
        *,
        detail: Mapping[str, str] | None = None,
        source: str | None = None,
        client_id: str | None = None,
    ) -> Told:
        """In the transaction of the change; the caller commits, then hands the answer to `send`.

        Args:
            detail: short words for the notice; no personal data.
            client_id: the portal that it is about.
        """
        told = Told(account_id, kind, dict(detail or {}), source, client_id)
        await self._notices.tell(tx, account_id, kind, client_id=client_id, detail=told.detail)
        return told

    def send(self, told: Told) -> None:
        """After the commit: those who watch hear of it, and the person by message. Does not wait and never fails."""
        event = _EVENTS.get(told.kind)
        if event is not None:
            self._events.note(event, account_id=told.account_id, source=told.source, client_id=told.client_id)
        self._reach.send(told)
