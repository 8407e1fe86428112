"""The refresh grant: idle and absolute lifetimes, rotation, lost answers, reuse (RFC 6749 §6, §10.4; RFC 9700 §4.14.2).

1. A token whose holder proves a private key does not change: it is of no use to a thief (`idp.tokens.lifetimes`).
2. Any other token changes at every use. Whoever comes with an older one is told apart (ADR 26):
   - its answer was lost, if it is the immediate predecessor, a few seconds old, its successor was never used, and it
     comes from the same caller: a client that proved its secret again, or one that repeats its `Idempotency-Key`.
     That caller gets the very same successor again.
   - else it was stolen, or its successor was: the family ends, and the person is told.
"""

from __future__ import annotations

import datetime as dt

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.principal import Principal, PrincipalKind
from idp.binding.constraint import check_same_key
from idp.errors import InvalidGrant, InvalidRequest
from idp.grants.base import ForPerson, TokenRequest, narrowed
from idp.grants.narrowing import audiences_of, details_of
from idp.model import Client, GrantType, NoticeKind, Standing, TokenFamily
from idp.ports import TokenStore
from idp.settings import IdpSettings
from idp.telling import TellPerson
from idp.token_uses import RETRY
from idp.tokens.lifetimes import Holder, RefreshLifetimes, holder_of
from idp.tokens.refresh import RefreshToken, RefreshTokens
from keys.ports import TokenDigests

REUSED = "refresh-reused"
_NOT_GOOD = "the refresh token is not valid, was used already, or belongs to another client"
_MAX_KEY = 128


class RefreshTokenGrant:
    """Implements `idp.grants.base.Grant`.

    Rotation itself is no audit event: it changes nobody's rights and would make every refresh wait for the head of
    the audit chain. What begins and what ends a family is recorded.
    """

    def __init__(
        self,
        database: Database,
        tokens: TokenStore,
        refresh_tokens: RefreshTokens,
        lifetimes: RefreshLifetimes,
        tell: TellPerson,
        digests: TokenDigests,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens
        self._lifetimes = lifetimes
        self._tell = tell
        self._digests = digests
        self._clock = clock
        self._ours = settings.issuer
        self._window = dt.timedelta(seconds=settings.retry_window)

    @property
    def grant_type(self) -> GrantType:
        return GrantType.REFRESH_TOKEN

    async def decide(self, request: TokenRequest) -> ForPerson:
        token = self._refresh_tokens.read(request.parameters.required("refresh_token"))
        if token is None:
            raise InvalidGrant(_NOT_GOOD, private="not ours")
        _check_key(request.retry_key)
        async with self._database.quick_write() as tx:
            standing = await self._standing(tx, token, request.client)
            check_same_key(request.client, standing.family, request.confirmation)  # before anything is spent
            scopes = narrowed(request.parameters.get("scope"), standing.family.scopes)
            audiences = audiences_of(request, standing.family.resources, ours=self._ours)
            details = details_of(request, standing.family.authorization_details)
            generation = await self._generation(tx, token, standing.family, request)
        return ForPerson(standing, scopes, generation, audiences=audiences, authorization_details=details)

    async def _standing(self, tx: WriteTx, token: RefreshToken, client: Client) -> Standing:
        standing = await self._tokens.standing(tx, token.family_id)
        if standing is None or standing.family.client_id != client.id:  # RFC 6749 §6: bound to the client
            raise InvalidGrant(_NOT_GOOD, private="unknown family or another client")
        if not standing.alive(self._clock.now()):
            raise InvalidGrant(_NOT_GOOD, private="family, session or account is dead")
        return standing

    async def _generation(self, tx: WriteTx, token: RefreshToken, family: TokenFamily, request: TokenRequest) -> int:
        """The generation to hand out; what was decided is committed when this returns or raises."""
        if await self._step(tx, token, family, request):
            await tx.commit()
            return token.generation if self._stays(family, request) else token.generation + 1
        current = await self._tokens.standing(tx, token.family_id)  # whoever was faster has committed
        if current is not None and self._is_lost_answer(current.family, token, request):
            return current.family.generation
        await self._end(tx, token, family, request.client)
        raise InvalidGrant(_NOT_GOOD, private=REUSED)

    async def _step(self, tx: WriteTx, token: RefreshToken, family: TokenFamily, request: TokenRequest) -> bool:
        now = self._clock.now()
        until = self._lifetimes.after_use(request.client, family, now)
        if self._stays(family, request):
            return await self._tokens.use(tx, family.id, generation=token.generation, at=now, expires_at=until)
        key = request.retry_key
        return await self._tokens.rotate(
            tx,
            family.id,
            generation=token.generation,
            at=now,
            expires_at=until,
            retry_digest=None if key is None else self._digests.digest(RETRY, key),
        )

    def _stays(self, family: TokenFamily, request: TokenRequest) -> bool:
        return holder_of(request.client, family) is Holder.KEY

    def _is_lost_answer(self, family: TokenFamily, token: RefreshToken, request: TokenRequest) -> bool:
        return (
            self._same_caller(family, request)
            and family.revoked_at is None
            and family.generation == token.generation + 1  # its successor has not been used yet
            and family.rotated_at is not None
            and self._clock.now() - family.rotated_at <= self._window
        )

    def _same_caller(self, family: TokenFamily, request: TokenRequest) -> bool:
        if holder_of(request.client, family) is not Holder.NOTHING:
            return True  # it has just proved its secret: a thief of the token alone comes to nothing
        key = request.retry_key
        return key is not None and self._digests.matches(RETRY, key, family.retry_digest)

    async def _end(self, tx: WriteTx, token: RefreshToken, family: TokenFamily, client: Client) -> None:
        """Committed before the error is raised: a rollback would undo it. One of many callers does it."""
        now = self._clock.now()
        if not await self._tokens.revoke(tx, family.id, at=now, reason=REUSED):
            return
        actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation)
        detail: Detail = {"reason": REUSED, "generation": token.generation}
        tx.audit(AuditEvent("token.refresh", "refused", actor, family.account_id, detail=detail))
        told = await self._tell.write(tx, family.account_id, NoticeKind.REFRESH_REUSED, client_id=client.id)
        await tx.commit()
        self._tell.send(told)


def _check_key(key: str | None) -> None:
    if key is not None and not (16 <= len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise InvalidRequest("Idempotency-Key takes 16 to 128 printable ASCII characters")
