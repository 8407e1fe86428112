"""Client assertions: `private_key_jwt` and `client_secret_jwt` (OpenID Connect Core §9; RFC 7521 §4.2; RFC 7523 §3).

Keys and secrets come from the registration only. An assertion counts once: its `jti` is spent after everything else
has been found good, so that nobody can fill the store, or spend another's id, without the key (attacks O-39).
"""

from __future__ import annotations

import functools

from core.clock import Clock
from idp.binding.replays import LONGEST_ID, Replays
from idp.client_metadata import SecurityProfile
from idp.clients.keys import ClientKeys
from idp.clients.secrets import ClientSecrets
from idp.errors import InvalidClient
from idp.model import Client, ClientAuthMethod
from idp.profiles.rules import NATIONAL, RULES, AssertionAudience, rules_of
from idp.settings import IdpSettings
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import LEEWAY_SECONDS, ForeignProfile, verify_foreign
from keys.jose.jws import UnverifiedToken
from keys.jose.mac_tokens import MacAlgorithm, verify_mac_token
from keys.spec import ALGORITHMS as SIGNATURES
from keys.spec import Use

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 §2.2

ALGORITHMS = (
    *(str(row.algorithm) for row in SIGNATURES.values() if row.tokens and row.algorithm not in NATIONAL),
    *map(str, MacAlgorithm),
)
"""What assertions may be signed with, besides `NATIONAL`; which a client may use, registration and profile decide."""


class ClientAssertions:
    """Verifies assertions."""

    def __init__(
        self, keys: ClientKeys, secrets: ClientSecrets, replays: Replays, clock: Clock, settings: IdpSettings
    ) -> None:
        self._keys = keys
        self._secrets = secrets
        self._replays = replays
        self._clock = clock
        self._settings = settings

    async def verify(self, client: Client, assertion: UnverifiedToken, addresses: tuple[str, ...]) -> None:
        """
        Args:
            client: who is said to have signed: found by `sub` (RFC 7523 §3, 2. B.); one of the two methods is its own.
            assertion: taken apart, and nothing of it believed.
            addresses: of the endpoint that was called.

        Raises:
            InvalidClient: it does not prove that the client sent it.
        """
        try:
            if client.auth_method is ClientAuthMethod.SECRET_JWT:
                self._verify_mac(client, assertion, addresses)
            else:
                await self._verify_signature(client, assertion, addresses)
            claims = assertion.claims
            if not 1 <= len(claims["jti"]) <= LONGEST_ID:
                raise TokenRejected("jti")
        except TokenRejected as error:
            raise InvalidClient(f"the client assertion is not accepted: {error.reason}", private=error.reason) from None
        until = claims["exp"] + LEEWAY_SECONDS
        if not await self._replays.first("assertion", client.id, claims["jti"], until=until):
            raise InvalidClient("the client assertion was used before", private="jti replayed")

    async def _verify_signature(self, client: Client, assertion: UnverifiedToken, addresses: tuple[str, ...]) -> None:
        keys = await self._keys.of(client)
        if not any(assertion.key_id in (None, key.key_id) for key in keys.keys):  # the client has new ones, perhaps
            keys = await self._keys.fresh(client)
        verify_foreign(
            assertion,
            keys,
            self._profile(client),
            issuer=client.id,  # RFC 7523 §3, 1.
            audiences=self._audiences(client, addresses),
            clock=self._clock,
        )

    def _verify_mac(self, client: Client, assertion: UnverifiedToken, addresses: tuple[str, ...]) -> None:
        chosen = client.metadata.token_endpoint_auth_signing_alg
        verify_mac_token(
            assertion,
            self._secrets.opened(client, self._clock.now()),
            frozenset(one for one in MacAlgorithm if chosen in (None, one)),
            self._profile(client),
            issuer=client.id,
            audiences=self._audiences(client, addresses),
            clock=self._clock,
        )

    def _profile(self, client: Client) -> ForeignProfile:
        metadata = client.metadata
        return _profile(metadata.profile, metadata.token_endpoint_auth_signing_alg, self._settings.assertion_lifetime)

    def _audiences(self, client: Client, addresses: tuple[str, ...]) -> frozenset[str]:
        """How an assertion may call us (RFC 7523 §3, 3.; FAPI 2.0 §5.3.2.1: only by our issuer)."""
        issuer = self._settings.issuer
        if rules_of(client).assertion_audience is AssertionAudience.ISSUER_STRING:
            return frozenset({issuer})
        return frozenset({issuer, f"{issuer}/token", *addresses})


@functools.lru_cache(maxsize=128)
def _profile(profile: SecurityProfile, chosen: str | None, lifetime: int) -> ForeignProfile:
    """What an assertion must be, of clients with these wishes."""
    rules = RULES[profile]
    return ForeignProfile(
        algorithms=rules.accepted(chosen),
        types=frozenset({None, "JWT"}),
        use=Use.LOGIN,
        required=frozenset({"sub", "jti"}),
        longest_life=lifetime,
        one_audience=rules.assertion_audience is AssertionAudience.ISSUER_STRING,
    )
