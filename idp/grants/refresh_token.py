"""The refresh grant: rotation at every use, reuse kills the family (RFC 6749 §6, §10.4; RFC 9700 §4.14.2).

A lost answer is no reuse: a client that sends an `Idempotency-Key` may repeat the very same request within a few
seconds and gets the same refresh token again. Without the header, and for anybody who has only the token, the second
use of a token ends the family. So the common pain of rotation (a lost reply logs people out) has a remedy that
opens no window to a thief.
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
from idp.model import Client, GrantType, Standing, TokenFamily
from idp.ports import TokenStore
from idp.settings import IdpSettings
from idp.token_uses import RETRY
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
        digests: TokenDigests,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens
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
        retry_key = _checked(request.retry_key)
        async with self._database.write() as tx:
            standing = await self._standing(tx, token, request.client)
            check_same_key(request.client, standing.family, request.confirmation)  # before anything is spent
            scopes = narrowed(request.parameters.get("scope"), standing.family.scopes)
            audiences = audiences_of(request, standing.family.resources, ours=self._ours)
            details = details_of(request, standing.family.authorization_details)
            generation = await self._step(tx, token, standing, retry_key, request.client)
        return ForPerson(standing, scopes, generation, audiences=audiences, authorization_details=details)

    async def _standing(self, tx: WriteTx, token: RefreshToken, client: Client) -> Standing:
        standing = await self._tokens.standing(tx, token.family_id)
        if standing is None or standing.family.client_id != client.id:  # RFC 6749 §6: bound to the client
            raise InvalidGrant(_NOT_GOOD, private="unknown family or another client")
        if not standing.alive(self._clock.now()):
            raise InvalidGrant(_NOT_GOOD, private="family, session or account is dead")
        return standing

    async def _step(
        self, tx: WriteTx, token: RefreshToken, standing: Standing, retry_key: str | None, client: Client
    ) -> int:
        """Rotate and commit; answers the generation to hand out."""
        now = self._clock.now()
        retry_digest = None if retry_key is None else self._digests.digest(RETRY, retry_key)
        if await self._tokens.rotate(
            tx, token.family_id, generation=token.generation, at=now, retry_digest=retry_digest
        ):
            await tx.commit()
            return token.generation + 1
        current = await self._tokens.standing(tx, token.family_id)  # whoever was faster has committed
        if current is not None and self._is_lost_answer(current.family, token, retry_key):
            return current.family.generation
        if await self._tokens.revoke(tx, token.family_id, at=now, reason=REUSED):
            actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation)
            detail: Detail = {"reason": REUSED, "generation": token.generation}
            tx.audit(AuditEvent("token.refresh", "refused", actor, standing.family.account_id, detail=detail))
            await tx.commit()  # before the error: a rollback would undo the revocation
        raise InvalidGrant(_NOT_GOOD, private=REUSED)

    def _is_lost_answer(self, family: TokenFamily, token: RefreshToken, retry_key: str | None) -> bool:
        return (
            retry_key is not None
            and self._digests.matches(RETRY, retry_key, family.retry_digest)
            and family.revoked_at is None
            and family.generation == token.generation + 1  # its successor has not been used yet
            and family.rotated_at is not None
            and self._clock.now() - family.rotated_at <= self._window
        )


def _checked(key: str | None) -> str | None:
    if key is not None and not (16 <= len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise InvalidRequest("Idempotency-Key takes 16 to 128 printable ASCII characters")
    return key
