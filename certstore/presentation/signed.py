"""Faces, status lists and answers as compact JWS (RFC 7515) under the repository's own published keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from certstore.presentation.ports import FaceJudge, FaceRejected, FaceSigner
from certstore.status_publishing import ListSigner
from core.clock import Clock
from keys.errors import TokenRejected
from keys.jose.declarations import (
    CATALOGUE_BUNDLE,
    DECLARATION_PURPOSE,
    DECLARATION_PURPOSES,
    EXCHANGE_ANSWER,
    LICENCE_FACE,
    STATUS_LIST,
    is_declaration,
    verify_declaration,
)
from keys.jose.jwk import public_jwks
from keys.jose.jwk_set import JwkSet, read_jwk_set
from keys.jose.tokens import TokenSigner
from keys.ports import KeyProvider
from keys.spec import SignatureAlgorithm


class Declarations:
    """Implements `FaceSigner` and `certstore.status_publishing.ListSigner`; publishes the keys."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        self._signer = TokenSigner(provider, DECLARATION_PURPOSES)

    async def sign_face(self, claims: Mapping[str, object]) -> str:
        return await self._signer.make(claims, LICENCE_FACE, SignatureAlgorithm.ES256)

    async def sign_list(self, claims: Mapping[str, object]) -> str:
        return await self._signer.make(claims, STATUS_LIST, SignatureAlgorithm.ES256)

    async def sign_answer(self, claims: Mapping[str, object]) -> str:
        """Vouch for an answer to another system (`keys.jose.declarations.EXCHANGE_ANSWER`)."""
        return await self._signer.make(claims, EXCHANGE_ANSWER, SignatureAlgorithm.ES256)

    async def sign_bundle(self, claims: Mapping[str, object]) -> str:
        return await self._signer.make(claims, CATALOGUE_BUNDLE, SignatureAlgorithm.ES256)

    def jwks(self) -> dict[str, Any]:
        """The JWK Set (RFC 7517 §5) with which anybody verifies, without network once they have it."""
        return public_jwks(self._provider, (DECLARATION_PURPOSE,))

    def keys(self) -> JwkSet:
        return read_jwk_set(self.jwks())


class PublishedKeysJudge:
    """Implements `FaceJudge` with keys that somebody has, wherever they came from."""

    def __init__(self, keys: Callable[[], JwkSet], issuer: str, clock: Clock) -> None:
        """
        Args:
            keys: asked each time, so that a service follows its own rotation.
            issuer: whose faces count: `iss` must be it.
        """
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    def claims(self, text: str) -> Mapping[str, Any]:
        try:
            claims = verify_declaration(text, self._keys(), LICENCE_FACE, clock=self._clock)
        except TokenRejected:
            raise FaceRejected(claims_to_be_one=is_declaration(text, LICENCE_FACE)) from None
        if claims["iss"] != self._issuer:
            raise FaceRejected(claims_to_be_one=True)
        return claims


_faces: type[FaceSigner] = Declarations
_lists: type[ListSigner] = Declarations
_judge: type[FaceJudge] = PublishedKeysJudge
