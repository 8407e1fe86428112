"""ID tokens (OpenID Connect Core §2, §3.1.3.6) and what can be read from one that comes back as a hint."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import Clock
from idp.model import Client, TokenFamily
from idp.settings import IdpSettings
from keys.errors import TokenRejected
from keys.jose.tokens import TokenSigner, TokenVerifier

TYP = "JWT"


@dataclass(frozen=True, slots=True)
class Hint:
    """An `id_token_hint` that we issued; it may have expired long ago."""

    client_id: str
    subject: str
    sid: str


class IdTokens:
    """Issues ID tokens and reads hints."""

    def __init__(self, signer: TokenSigner, verifier: TokenVerifier, clock: Clock, settings: IdpSettings) -> None:
        self._signer = signer
        self._verifier = verifier
        self._clock = clock
        self._settings = settings

    async def issue(
        self, client: Client, family: TokenFamily, *, access_token: str, nonce: str | None, extra: Mapping[str, str]
    ) -> str:
        """An ID token for `client`, signed with the algorithm that it registered.

        Args:
            extra: real-name claims that were asked for in the ID token and consented to.
        """
        now = int(self._clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": self._settings.issuer,
            "sub": family.subject,
            "aud": client.id,
            "iat": now,
            "exp": now + self._settings.id_token_lifetime,
            "auth_time": int(family.auth_time.timestamp()),
            "acr": family.acr,
            "amr": list(family.amr),  # RFC 8176 §2
            "sid": family.sid,
            "at_hash": at_hash(access_token),
            **extra,
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return await self._signer.sign_async(claims, typ=TYP, algorithm=client.id_token_alg)

    def read_hint(self, token: str) -> Hint | None:
        """The hint, or None when it is not an ID token of ours; expiry does not matter (RP-Initiated Logout §4)."""
        try:
            claims = self._verifier.verify(
                token, typ=TYP, issuer=self._settings.issuer, audience=None, accept_expired=True
            )
        except TokenRejected:
            return None
        parts = (claims.get("aud"), claims.get("sub"), claims.get("sid"))
        client_id, subject, sid = parts
        if isinstance(client_id, str) and isinstance(subject, str) and isinstance(sid, str):
            return Hint(client_id, subject, sid)
        return None


def at_hash(access_token: str) -> str:
    """Left half of SHA-256, base64url (OIDC Core §3.1.3.6); both our algorithms end in 256."""
    digest = hashlib.sha256(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
