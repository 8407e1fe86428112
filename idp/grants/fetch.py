"""The first fetch of tokens that a person granted on another screen: once, and only while everything still stands."""

from __future__ import annotations

import dataclasses
import datetime as dt

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.principal import Principal, PrincipalKind
from idp.errors import InvalidGrant
from idp.model import Client, Confirmation, Standing, TokenFamily
from idp.ports import SessionStore, TokenStore
from idp.settings import IdpSettings
from idp.tokens.lifetimes import RefreshLifetimes


class FetchGranted:
    """Turns an approved family into one that lives; shared by the device grant and CIBA."""

    def __init__(
        self, database: Database, tokens: TokenStore, sessions: SessionStore, clock: Clock, settings: IdpSettings
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock
        self._settings = settings
        self._lifetimes = RefreshLifetimes(settings)

    async def __call__(self, family_id: str, client: Client, confirmation: Confirmation | None) -> Standing:
        """The family as it stands afterwards; from here on its session lives as long as its tokens.

        Args:
            confirmation: the key that the tokens are bound to.

        Raises:
            InvalidGrant: fetched before, or what was granted has ended meanwhile.
        """
        async with self._database.write() as tx:
            before = await self._tokens.standing(tx, family_id)
            if before is None or before.family.client_id != client.id or not before.alive(self._clock.now()):
                raise InvalidGrant("the grant is not valid any more", private="session, account or family is dead")
            await self._begin(tx, before.family, client, confirmation)
            standing = await self._tokens.standing(tx, family_id)
            assert standing is not None, "the row was just written"
            actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation)
            detail = {"scopes": " ".join(standing.family.scopes), "grant": standing.family.origin}
            tx.audit(AuditEvent("token.issue", "done", actor, standing.family.account_id, detail=detail))
            await tx.commit()
        return standing

    async def _begin(self, tx: WriteTx, family: TokenFamily, client: Client, confirmation: Confirmation | None) -> None:
        now = self._clock.now()
        session_ends = now + dt.timedelta(seconds=self._settings.session_absolute)
        bound = dataclasses.replace(family, confirmation=confirmation)
        ends = self._lifetimes.first(client, bound, session_ends=session_ends, now=now)
        # nothing else lives in this session: as long as its tokens do, the person finds it in their list
        await self._sessions.prolong(tx, family.session_id, until=ends.absolute)
        if not await self._tokens.redeem(
            tx, family.id, at=now, expires_at=ends.idle, ends_at=ends.absolute, confirmation=confirmation
        ):
            raise InvalidGrant("the grant was used already", private="redeemed before")
