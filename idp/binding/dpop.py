"""DPoP proofs: the twelve checks of RFC 9449 §4.3, in their order, for every endpoint that takes one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from idp.binding.endpoint_names import names_endpoint
from idp.binding.nonces import DpopNonces
from idp.binding.replays import LONGEST_ID, Replays
from idp.errors import InvalidDpopProof, UseDpopNonce
from idp.protocol.facts import RequestFacts
from keys.errors import TokenRejected
from keys.jose.jws import read_part, split_compact
from keys.jose.possession import Possession, read_proof
from keys.spec import SignatureAlgorithm

WINDOW = 60
"""Seconds by which `iat` may differ from our clock, to either side (RFC 9449 §11.1)."""

_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z: later moments are nonsense, not dates


class DpopProofs:
    """Checks proofs."""

    def __init__(self, replays: Replays, nonces: DpopNonces, clock: Clock) -> None:
        self._replays = replays
        self._nonces = nonces
        self._clock = clock

    async def thumbprint(
        self,
        facts: RequestFacts,
        *,
        access_token: str | None = None,
        nonce_required: bool = False,
        algorithms: frozenset[SignatureAlgorithm] | None = None,
    ) -> str:
        """The thumbprint (RFC 7638) of the key that the request proves to hold.

        Args:
            access_token: what the proof must be made for; None where no token is presented.
            nonce_required: the client must use a nonce of ours.
            algorithms: a narrower allow-list; None for all that are offered.

        Raises:
            InvalidDpopProof: no proof, more than one, or one that fails a check.
            UseDpopNonce: it lacks a nonce that counts now (§8, §9).
        """
        if len(facts.dpop) != 1:  # 1. not more than one header
            raise InvalidDpopProof("exactly one DPoP header is needed")
        proof = self._read(facts.dpop[0], algorithms)  # 2. to 7. well-formed, typed, signed by its own public key
        claims = proof.claims
        self._check_form(claims)
        if claims["htm"] != facts.method:  # 8.
            raise InvalidDpopProof("htm is not the method of the request")
        if not any(names_endpoint(claims["htu"], url) for url in facts.addresses):  # 9.
            raise InvalidDpopProof("htu is not the address of the request")
        self._check_nonce(claims.get("nonce"), required=nonce_required)  # 10.
        now = self._clock.now().timestamp()
        if abs(now - claims["iat"]) > WINDOW:  # 11.
            raise InvalidDpopProof("iat is too far from now")
        if access_token is not None:  # 12. a) the token itself; b) its key is compared by the caller
            self._check_hash(claims.get("ath"), access_token)
        # last, so that a proof which is refused for another reason has not used up its id (§11.1)
        if not await self._replays.first("dpop", proof.thumbprint, claims["jti"], until=claims["iat"] + WINDOW):
            raise InvalidDpopProof("the proof was used before")
        return proof.thumbprint

    def expect_nonce(self, facts: RequestFacts, *, required: bool) -> None:
        """The question of the nonce alone, before anything is spent that the client would miss when it comes again.

        Nothing of the proof is believed yet; one that is malformed is refused where it is judged.

        Raises:
            UseDpopNonce: the proof lacks a nonce that counts now.
        """
        if len(facts.dpop) == 1 and (claims := _unverified(facts.dpop[0])) is not None:
            self._check_nonce(claims.get("nonce"), required=required)

    def renewal(self, facts: RequestFacts) -> str | None:
        """A nonce to send with an answer, where the request's proof used one that grows old (RFC 9449 §8.2)."""
        claims = _unverified(facts.dpop[0]) if len(facts.dpop) == 1 else None
        nonce = None if claims is None else claims.get("nonce")
        return self._nonces.current() if isinstance(nonce, str) and self._nonces.ages(nonce) else None

    def _read(self, proof: str, algorithms: frozenset[SignatureAlgorithm] | None) -> Possession:
        try:
            return read_proof(proof, self._clock, algorithms=algorithms)
        except TokenRejected as error:
            raise InvalidDpopProof(
                "the DPoP proof is malformed or not signed by its key", private=error.reason
            ) from None

    def _check_form(self, claims: Mapping[str, Any]) -> None:
        for name in ("jti", "htm", "htu"):  # 3. all required claims
            if not isinstance(claims.get(name), str):
                raise InvalidDpopProof(f"{name} is missing or no text")
        if not 1 <= len(claims["jti"]) <= LONGEST_ID:
            raise InvalidDpopProof("jti is empty or too long")
        iat = claims.get("iat")
        if not isinstance(iat, int | float) or isinstance(iat, bool) or not 0 <= iat <= _LATEST:
            raise InvalidDpopProof("iat is missing or no time")

    def _check_nonce(self, nonce: object, *, required: bool) -> None:
        if nonce is None and not required:
            return
        if not isinstance(nonce, str) or not self._nonces.accepts(nonce):
            raise UseDpopNonce(self._nonces.current())

    def _check_hash(self, ath: object, access_token: str) -> None:
        digest = hashlib.sha256(access_token.encode("utf-8", "surrogatepass")).digest()
        expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
        if not isinstance(ath, str) or not hmac.compare_digest(ath.encode("utf-8", "surrogatepass"), expected):
            raise InvalidDpopProof("ath is not the digest of the access token")


def _unverified(proof: str) -> Mapping[str, Any] | None:
    try:
        return read_part(split_compact(proof)[1])
    except TokenRejected:
        return None
