"""Tokens for one client: signed, then encrypted to its key where it registered that.

OpenID Connect Core §2, §5.3.2, §16.14 (signed first, then encrypted); JARM §2.2; RFC 9701 §5; RFC 7519 §11.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from idp.errors import KeyUnusable
from idp.model import Client
from keys.errors import KeyRefused
from keys.jose.jwe import NESTED, encrypt
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement
from keys.jose.jwk_set import JwkSet
from keys.jose.tokens import TokenProfile, TokenSigner
from keys.spec import SignatureAlgorithm

DEFAULT_ENCRYPTION = ContentEncryption.A128CBC_HS256
"""`enc` for clients that name only `alg` (OIDC Registration §2, JARM §3, RFC 9701 §6)."""


class KeysOfClients(Protocol):
    """The public keys that clients registered."""

    async def of(self, client: Client) -> JwkSet:
        """As they are known."""

    async def fresh(self, client: Client) -> JwkSet:
        """Looked at again, because one is missing."""


@dataclass(frozen=True, slots=True)
class Protection:
    """How an answer to a client is protected.

    Attributes:
        signature: None for what is only encrypted (Core §5.3.2): then the claims themselves are inside.
        management: None where it is not encrypted.
    """

    signature: SignatureAlgorithm | None
    management: KeyManagement | None = None
    encryption: ContentEncryption = DEFAULT_ENCRYPTION


class ClientTokens:
    """Makes tokens that only their client can read, where it wants that."""

    def __init__(self, signer: TokenSigner, keys: KeysOfClients) -> None:
        self._signer = signer
        self._keys = keys

    async def make(
        self, client: Client, claims: Mapping[str, Any], profile: TokenProfile, protection: Protection
    ) -> str:
        """
        Raises:
            KeyUnusable: it is to be encrypted and the client has no key for that; it is never sent in the clear.
        """
        if protection.signature is None:
            return await self._encrypted(client, orjson.dumps(claims), protection, content_type=None)
        token = await self._signer.make(claims, profile, protection.signature)
        if protection.management is None:
            return token
        return await self._encrypted(client, token.encode("ascii"), protection, content_type=NESTED)

    async def _encrypted(self, client: Client, content: bytes, how: Protection, *, content_type: str | None) -> str:
        assert how.management is not None, "a protection signs, encrypts, or both"
        for keys in (self._keys.of, self._keys.fresh):
            for reader in (await keys(client)).encrypting(how.management):
                try:
                    return encrypt(
                        content, reader, management=how.management, encryption=how.encryption, content_type=content_type
                    )
                except KeyRefused:  # of another kind; the next one may fit
                    continue
        raise KeyUnusable(f"the client has no key for {how.management}")


def id_token_protection(client: Client) -> Protection:
    """OIDC Registration §2; RS256 for a client that asked for nothing (Core §15.1)."""
    chosen = client.metadata
    return _protection(
        client.id_token_alg, chosen.id_token_encrypted_response_alg, chosen.id_token_encrypted_response_enc
    )


def userinfo_protection(client: Client) -> Protection | None:
    """None where the client takes plain JSON (Core §5.3.2)."""
    chosen = client.metadata
    signature = chosen.userinfo_signed_response_alg
    if signature is None and chosen.userinfo_encrypted_response_alg is None:
        return None
    return _protection(
        None if signature is None else SignatureAlgorithm(signature),
        chosen.userinfo_encrypted_response_alg,
        chosen.userinfo_encrypted_response_enc,
    )


def authorization_protection(client: Client) -> Protection:
    """JARM §3: RS256 for a client that asked for nothing."""
    chosen = client.metadata
    return _protection(
        SignatureAlgorithm(chosen.authorization_signed_response_alg or SignatureAlgorithm.RS256),
        chosen.authorization_encrypted_response_alg,
        chosen.authorization_encrypted_response_enc,
    )


def introspection_protection(client: Client) -> Protection:
    """RFC 9701 §6: RS256 for a client that asked for nothing."""
    chosen = client.metadata
    return _protection(
        SignatureAlgorithm(chosen.introspection_signed_response_alg or SignatureAlgorithm.RS256),
        chosen.introspection_encrypted_response_alg,
        chosen.introspection_encrypted_response_enc,
    )


def _protection(signature: SignatureAlgorithm | None, management: str | None, encryption: str | None) -> Protection:
    if management is None:
        return Protection(signature)
    return Protection(
        signature, KeyManagement(management), ContentEncryption(encryption) if encryption else DEFAULT_ENCRYPTION
    )
