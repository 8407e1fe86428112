"""How we prove who we are at a provider: client_secret_basic or private_key_jwt (OIDC Core §9, RFC 7523 §2.2).

The key that signs assertions is a key of its own in the ring: what it signs can never pass for a token of ours.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from core.clock import Clock
from core.ids import new_secret
from idp.upstream.model import Provider, UpstreamAuthMethod
from keys.errors import KeyMissing, KeyStateConflict
from keys.jose.jwk import public_jwks
from keys.jose.tokens import TokenSigner
from keys.ports import FieldCipher, KeyProvider
from keys.spec import SignatureAlgorithm

PURPOSE = "oidc.upstream"
LIFETIME = 60  # seconds
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientCredentials:
    """Seals secrets, and presents credentials."""

    def __init__(self, provider: KeyProvider, fields: FieldCipher, clock: Clock) -> None:
        self._provider = provider
        self._fields = fields
        self._clock = clock
        self._signer = TokenSigner(provider, {SignatureAlgorithm.ES256: PURPOSE})

    def seal(self, provider_id: str, secret: str) -> bytes:
        return self._fields.encrypt(secret, context=secret_context(provider_id))

    async def present(self, provider: Provider) -> tuple[dict[str, str], dict[str, str]]:
        """Form members and headers that go with a request to the provider."""
        if provider.auth_method is UpstreamAuthMethod.PRIVATE_KEY_JWT:
            form = {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": await self._assertion(provider)}
            return {"client_id": provider.client_id, **form}, {}
        assert provider.secret_sealed is not None, "registration asks for it"
        secret = self._fields.decrypt(provider.secret_sealed, context=secret_context(provider.id))
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"  # RFC 6749 §2.3.1
        return {}, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    async def _assertion(self, provider: Provider) -> str:
        """RFC 7523 §3; the audience is the issuer, as a string: no other server can be made to take it."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": provider.client_id,
            "sub": provider.client_id,
            "aud": provider.issuer,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": new_secret(16),
        }
        return await self._signer.sign_async(claims, typ="JWT", algorithm=SignatureAlgorithm.ES256)

    async def prepare(self) -> None:
        """Make the key if it is not there; any worker may call it at any time."""
        try:
            self._provider.signer(PURPOSE)
        except KeyMissing:
            try:
                await self._provider.create(PURPOSE, SignatureAlgorithm.ES256)
            except KeyStateConflict:  # another worker was faster
                return

    def jwks(self) -> Mapping[str, Any]:
        """Our public keys, for providers to verify assertions with (RFC 7517 §5)."""
        return public_jwks(self._provider, (PURPOSE,))


def secret_context(provider_id: str) -> str:
    """The place that a provider's secret is bound to."""
    return f"upstream_provider.secret_sealed:{provider_id}"
