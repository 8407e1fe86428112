"""Client authentication: who sends a request to an endpoint that clients call themselves.

RFC 6749 §2.3, §3.2.1; OpenID Connect Core §9; RFC 7521 §4.2; RFC 8705 §2. The same at every such endpoint: token,
pushed requests, introspection, revocation, device and decoupled authorization.
"""

from __future__ import annotations

from collections.abc import Mapping

from idp.binding.constraint import SenderConstraint
from idp.clients.assertions import ClientAssertions
from idp.clients.certificates import ClientCertificates
from idp.clients.known_headers import KnownHeaders
from idp.clients.presented import Presented, PresentedCredentials, presented_credentials
from idp.clients.registry import ClientRegistry
from idp.clients.shown_secrets import ShownSecrets
from idp.errors import InvalidClient
from idp.model import Client, ClientAuthMethod
from idp.profiles.rules import rules_of
from idp.protocol.facts import RequestFacts

_FITS = {  # OIDC Core §9: the registered method only
    ClientAuthMethod.BASIC: Presented.BASIC,
    ClientAuthMethod.POST: Presented.POST,
    ClientAuthMethod.SECRET_JWT: Presented.ASSERTION,
    ClientAuthMethod.PRIVATE_KEY_JWT: Presented.ASSERTION,
    ClientAuthMethod.TLS: Presented.NAME,
    ClientAuthMethod.SELF_SIGNED_TLS: Presented.NAME,
    ClientAuthMethod.NONE: Presented.NAME,
}
_BY_CERTIFICATE = (ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS)


class AuthenticateClient:
    """Finds out which client sends a request."""

    def __init__(
        self,
        registry: ClientRegistry,
        secrets: ShownSecrets,
        assertions: ClientAssertions,
        certificates: ClientCertificates,
        constraint: SenderConstraint,
    ) -> None:
        self._registry = registry
        self._secrets = secrets
        self._known = KnownHeaders(registry, secrets)
        self._assertions = assertions
        self._certificates = certificates
        self._constraint = constraint

    async def __call__(self, facts: RequestFacts, parameters: Mapping[str, str]) -> Client:
        """
        Args:
            parameters: of the request's body; the query never counts (RFC 6749 §2.3.1).

        Raises:
            InvalidClient: unknown, disabled, not proved, or by another method than the registered one.
            InvalidRequest: more than one method at once (RFC 6749 §2.3).
            UseDpopNonce: before an assertion is spent, so that it still counts when the request comes again.
        """
        known = await self._known.find(facts, parameters)
        if known is not None:
            return known
        shown = presented_credentials(facts.authorization, parameters)
        client = await self._registry.active(shown.client_id)
        challenge = shown.kind is Presented.BASIC
        # for nobody's secret too: it takes as long (attacks F-07)
        right = shown.secret is None or self._secrets.match(client, shown.secret)
        if client is None:
            raise InvalidClient(private="unknown or disabled client", challenge=challenge)
        if shown.kind is not _FITS[client.auth_method]:
            raise InvalidClient(private="not the registered method", challenge=challenge)
        allowed = rules_of(client).client_auth
        if allowed is not None and client.auth_method not in allowed:
            raise InvalidClient("the client's profile does not allow its authentication method")
        if not right:
            raise InvalidClient(private="wrong secret", challenge=challenge)
        await self._prove(client, shown, facts)
        if shown.kind is Presented.BASIC and shown.secret is not None:
            self._known.remember(facts, client, shown.secret)
        return client

    async def _prove(self, client: Client, shown: PresentedCredentials, facts: RequestFacts) -> None:
        """What each method asks beyond a name and a secret."""
        if shown.secret is not None:
            await self._secrets.renew(client, shown.secret)
        elif shown.assertion is not None:
            self._constraint.expect_nonce(client, facts)
            await self._assertions.verify(client, shown.assertion, facts.addresses)
        elif client.auth_method in _BY_CERTIFICATE:
            await self._certificates.verify(client, facts.certificate, facts.issuers)
