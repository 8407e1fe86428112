"""ID tokens (OpenID Connect Core §2, §3.1.3.6, §3.3.2.11) and what can be read from one that comes back as a hint."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import Clock
from idp.model import Client, TokenFamily
from idp.settings import IdpSettings
from idp.tokens.for_client import ClientTokens, id_token_protection
from keys.errors import TokenRejected
from keys.jose.decryption_keys import DecryptionKeys
from keys.jose.jwe import decrypt
from keys.jose.tokens import ID_TOKEN, TokenVerifier
from keys.spec import ALGORITHMS, SignatureAlgorithm

TYP = ID_TOKEN.typ
JWE_DOTS = 4  # RFC 7516 §7.1


@dataclass(frozen=True, slots=True)
class Hint:
    """An `id_token_hint` that we issued; it may have expired long ago."""

    client_id: str
    subject: str
    sid: str
    expires_at: int = 0


class IdTokens:
    """Issues ID tokens and reads hints."""

    def __init__(
        self,
        tokens: ClientTokens,
        verifier: TokenVerifier,
        decryption: DecryptionKeys,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._tokens = tokens
        self._verifier = verifier
        self._decryption = decryption
        self._clock = clock
        self._settings = settings

    async def issue(
        self,
        client: Client,
        family: TokenFamily,
        *,
        nonce: str | None,
        extra: Mapping[str, str],
        access_token: str | None = None,
        code: str | None = None,
        state: str | None = None,
    ) -> str:
        """An ID token for `client`, signed and encrypted as it registered.

        Args:
            extra: claims about the person that were asked for in the ID token and consented to.
            access_token, code, state: what it comes with, so that none can be exchanged for another on the way.
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
            **extra,
        }
        if family.acting_for is not None:
            claims["organisation"] = dict(family.acting_for)
        if nonce is not None:
            claims["nonce"] = nonce
        if access_token is not None:
            claims["at_hash"] = half_hash(access_token, client.id_token_alg)  # OIDC Core §3.1.3.6, §3.2.2.10
        if code is not None:
            claims["c_hash"] = half_hash(code, client.id_token_alg)  # OIDC Core §3.3.2.11
            if state is not None:
                claims["s_hash"] = half_hash(state, client.id_token_alg)  # FAPI 1.0 Part 2 §5.1
        return await self._tokens.make(client, claims, ID_TOKEN, id_token_protection(client))

    def read_hint(self, token: str) -> Hint | None:
        """The hint, or None when it is not an ID token of ours; expiry does not matter (RP-Initiated Logout §4).

        A client that got it encrypted may send it encrypted to our key (Core §3.1.2.1); what is encrypted to the
        client's own key we cannot read.
        """
        return self._read(token, accept_expired=True)

    def read(self, token: str) -> Hint | None:
        """The same of one that is still good: as proof of who is there (RFC 8693 §3)."""
        return self._read(token, accept_expired=False)

    def _read(self, token: str, *, accept_expired: bool) -> Hint | None:
        try:
            claims = self._verifier.verify(
                self._opened(token), typ=TYP, issuer=self._settings.issuer, audience=None, accept_expired=accept_expired
            )
        except TokenRejected:
            return None
        parts = (claims.get("aud"), claims.get("sub"), claims.get("sid"))
        client_id, subject, sid = parts
        if isinstance(client_id, str) and isinstance(subject, str) and isinstance(sid, str):
            return Hint(client_id, subject, sid, int(claims["exp"]))
        return None

    def _opened(self, token: str) -> str:
        if token.count(".") != JWE_DOTS:
            return token
        content = decrypt(token, self._decryption.private()).content
        return content.decode("ascii", errors="replace")  # what is no token is refused as one


def half_hash(value: str, algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256) -> str:
    """`at_hash`, `c_hash`, `s_hash`: the left half of the digest of the ID token's algorithm: of SHA-256, with SM2 of
    SM3.
    """
    digest = hashlib.new(ALGORITHMS[algorithm].digest, value.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
