"""Ports of the upstream log-in: what it keeps. Each method works inside the transaction that it is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.model import Session
from idp.upstream.model import Link, Provider, UpstreamSession


class ProviderStore(Protocol):
    """Registered providers."""

    async def add(self, tx: WriteTx, provider: Provider) -> bool:
        """False, and nothing changes, when its id or its issuer is taken."""

    async def get(self, tx: ReadTx, provider_id: str) -> Provider | None: ...

    async def all(self, tx: ReadTx) -> Sequence[Provider]:
        """In the order in which they were registered."""

    async def replace(self, tx: WriteTx, provider: Provider, *, revision: int) -> bool:
        """Write everything but id, issuer and the time of making, if the row still has `revision`."""


class LinkStore(Protocol):
    """Which identity at a provider belongs to which account."""

    async def add(self, tx: WriteTx, link: Link) -> bool:
        """False, and nothing changes, when the identity is linked already, or the account to another one there."""

    async def by_subject(self, tx: ReadTx, *, provider_id: str, subject: str) -> Link | None: ...

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Link]:
        """The oldest first."""

    async def used(self, tx: WriteTx, link: Link, at: dt.datetime) -> None: ...

    async def remove(self, tx: WriteTx, *, provider_id: str, account_id: str) -> bool:
        """True for the one caller who removed it."""

    async def bar(self, tx: WriteTx, *, provider_id: str, account_id: str, at: dt.datetime) -> None:
        """Remember that the person does not want the provider to log them in, until they link it themselves."""

    async def unbar(self, tx: WriteTx, *, provider_id: str, account_id: str) -> None: ...

    async def is_barred(self, tx: ReadTx, *, provider_id: str, account_id: str) -> bool: ...


class UpstreamSessionStore(Protocol):
    """Which of our sessions were begun through which provider."""

    async def put(self, tx: WriteTx, begun: UpstreamSession) -> None:
        """Set it, replacing an earlier one of the same session and provider."""

    async def of_session(self, tx: ReadTx, session_id: str) -> Sequence[UpstreamSession]:
        """The newest first."""

    async def live(
        self, tx: ReadTx, *, provider_id: str, subject: str | None = None, sid: str | None = None
    ) -> Sequence[Session]:
        """Sessions that have not ended, begun by the subject, under the `sid`, or both where both are given."""
