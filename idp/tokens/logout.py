"""Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from __future__ import annotations

from core.clock import Clock
from core.ids import new_secret
from idp.model import Client, LogoutDelivery
from idp.settings import IdpSettings
from keys.jose.tokens import TokenSigner

TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = 120  # seconds; §2.4 recommends at most two minutes


class LogoutTokens:
    """Issues logout tokens."""

    def __init__(self, signer: TokenSigner, clock: Clock, settings: IdpSettings) -> None:
        self._signer = signer
        self._clock = clock
        self._settings = settings

    async def issue(self, client: Client, delivery: LogoutDelivery) -> str:
        """A token made anew for each attempt; it never holds a nonce (§2.4)."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self._settings.issuer,
            "aud": client.id,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": new_secret(16),
            "sub": delivery.subject,
            "sid": delivery.sid,
            "events": {EVENT: {}},
        }
        return await self._signer.sign_async(claims, typ=TYP, algorithm=client.id_token_alg)
