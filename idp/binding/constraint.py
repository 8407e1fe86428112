"""Which key a request proves to hold, and whether a bound token comes with its proof (RFC 9449 §5, §7; RFC 8705 §3)."""

from __future__ import annotations

from idp.binding.dpop import DpopProofs
from idp.client_metadata import SecurityProfile
from idp.errors import InvalidDpopProof, InvalidGrant, InvalidRequest, InvalidToken
from idp.model import Client, ClientAuthMethod, Confirmation, TokenFamily
from idp.profiles.rules import must_bind_tokens, rules_of
from idp.protocol.facts import RequestFacts
from idp.settings import DpopNonce
from keys.trust.peer import certificate_thumbprint


class SenderConstraint:
    """Judges proofs of possession.

    Args:
        nonces: which clients' proofs need a nonce of ours.
    """

    def __init__(self, proofs: DpopProofs, nonces: DpopNonce) -> None:
        self._proofs = proofs
        self._nonces = nonces

    async def confirm(self, client: Client, facts: RequestFacts) -> Confirmation | None:
        """The key that tokens issued on this request are bound to; None for bearer tokens.

        Raises:
            InvalidDpopProof, UseDpopNonce: a proof that is not good, or none where the client must bring one.
            InvalidRequest: no certificate where the client's tokens are bound to it (RFC 8705 §3).
        """
        if facts.dpop:
            return Confirmation("jkt", await self.proved(client, facts))
        if not must_bind_tokens(client):
            return None
        if client.metadata.dpop_bound_access_tokens:  # RFC 9449 §5.2: MUST reject
            raise InvalidDpopProof("a DPoP proof is needed")
        if facts.certificate is not None:
            return Confirmation("x5t#S256", certificate_thumbprint(facts.certificate))
        if client.metadata.tls_client_certificate_bound_access_tokens:
            raise InvalidRequest("a client certificate is needed")
        raise InvalidDpopProof("a DPoP proof or a client certificate is needed")

    async def proved(self, client: Client, facts: RequestFacts) -> str:
        """The thumbprint of the key in the request's DPoP proof, where no token is presented.

        Raises:
            InvalidDpopProof, UseDpopNonce.
        """
        return await self._proofs.thumbprint(
            facts, nonce_required=self._needs_nonce(client), algorithms=rules_of(client).algorithms
        )

    def expect_nonce(self, client: Client, facts: RequestFacts) -> None:
        """Ask for a nonce before the client's assertion is spent: it may come again with the same one.

        Raises:
            UseDpopNonce.
        """
        if facts.dpop:
            self._proofs.expect_nonce(facts, required=self._needs_nonce(client))

    async def check(self, client: Client, confirmation: Confirmation | None, token: str, facts: RequestFacts) -> None:
        """Whether a token comes with the proof that it needs.

        Args:
            client: to whom it was issued.
            confirmation: what it is bound to.

        Raises:
            InvalidToken: it is bound and the request does not prove its key, or it is not and comes as `DPoP`.
            InvalidDpopProof, UseDpopNonce: the proof is not good (RFC 9449 §7.1).
        """
        if confirmation is None or confirmation.method == "x5t#S256":
            if facts.as_dpop:
                raise InvalidToken("the access token is not bound to a DPoP key")
            if confirmation is not None:
                _check_certificate(confirmation, facts)
            return
        if not facts.as_dpop:  # RFC 9449 §7.2: a bound token is not taken as a bearer token
            raise InvalidToken("the access token is bound to a key: send it with the scheme DPoP and a proof")
        shown = await self._proofs.thumbprint(
            facts,
            access_token=token,
            nonce_required=self._needs_nonce(client),
            algorithms=rules_of(client).algorithms,
        )
        if shown != confirmation.thumbprint:  # RFC 9449 §4.3, 12. b)
            raise InvalidToken("the access token is bound to another key")

    def _needs_nonce(self, client: Client) -> bool:
        return self._nonces is DpopNonce.ALL or client.metadata.profile is not SecurityProfile.STANDARD


def check_same_key(client: Client, family: TokenFamily, shown: Confirmation | None) -> None:
    """A refresh token of a public client is bound to the key itself (RFC 9449 §5, RFC 8705 §4). Any other client is
    bound by its authentication, and may show another key; but what was bound does not become a bearer token.

    Raises:
        InvalidGrant: the key is not shown.
    """
    bound = family.confirmation
    if bound is None:
        return
    if shown is None or (client.auth_method is ClientAuthMethod.NONE and shown != bound):
        raise InvalidGrant("the grant is bound to a key that the request does not prove")


def _check_certificate(confirmation: Confirmation, facts: RequestFacts) -> None:
    if facts.certificate is None or certificate_thumbprint(facts.certificate) != confirmation.thumbprint:
        raise InvalidToken("the access token is bound to another client certificate")  # RFC 8705 §3


def token_type(confirmation: Confirmation | None) -> str:
    """`token_type` of a token response: a certificate's token is a Bearer token (RFC 8705 §3, RFC 9449 §5)."""
    return "DPoP" if confirmation is not None and confirmation.method == "jkt" else "Bearer"
