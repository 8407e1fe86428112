"""Tokens: agreement with independent libraries in both directions, and mistakes of our own code."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from joserfc import jwk, jwt
from joserfc.jwk import ECKey, KeySet

from keys.errors import KeyMissing, KeyUnavailable, TokenRejected
from keys.jose.jwk import public_jwks
from keys.jose.tokens import PROFILES, TokenSigner, TokenVerifier
from keys.ports import VerificationKey
from keys.spec import KeyState, SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.unit.keys.rings import (
    CLIENT,
    ISSUER,
    FixedKeys,
    access_token_claims,
    fixed_signer,
    id_token_claims,
    keys_of_every_algorithm,
    our_keys,
)

ES256 = SignatureAlgorithm.ES256
KNOWN_ELSEWHERE = [algorithm for algorithm in SignatureAlgorithm if algorithm is not SignatureAlgorithm.SM2_SM3]
"""What joserfc has too; tokens by SM2 are checked in `test_sm2.py`."""


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 would rather say Ed25519
@pytest.mark.parametrize("algorithm", KNOWN_ELSEWHERE)
def test_joserfc_verifies_our_tokens(algorithm: SignatureAlgorithm, clock: FakeClock) -> None:
    keys, purposes = keys_of_every_algorithm()
    claims = id_token_claims(clock, name="王小明")
    token = TokenSigner(keys, purposes).sign(claims, typ="JWT", algorithm=algorithm)
    known = [purposes[one] for one in KNOWN_ELSEWHERE]
    theirs = KeySet.import_key_set(public_jwks(keys, known))  # type: ignore[arg-type]  # a plain dictionary
    read = jwt.decode(token, theirs, algorithms=[str(algorithm)])
    assert read.claims == claims
    assert read.header == {"alg": algorithm, "kid": fixed_signer(algorithm).key_id, "typ": "JWT"}


_KINDS = {"ES384": ("EC", "P-384"), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 would rather say Ed25519
@pytest.mark.parametrize("algorithm", KNOWN_ELSEWHERE)
def test_we_verify_what_joserfc_signed_with_any_algorithm(algorithm: SignatureAlgorithm, clock: FakeClock) -> None:
    kind, size = _KINDS.get(algorithm, ("RSA", 2048))
    theirs = jwk.generate_key(kind, size)  # type: ignore[arg-type]  # what goes with the kind
    public = VerificationKey(theirs.thumbprint(), algorithm, KeyState.ACTIVE, theirs.as_der(private=False))
    verifier = TokenVerifier(_OneKey(public), clock, {algorithm: "theirs"})
    claims = access_token_claims(clock)
    header = {"alg": str(algorithm), "kid": public.key_id, "typ": "at+jwt"}
    token = jwt.encode(header, claims, theirs, algorithms=[str(algorithm)])
    assert verifier.verify(token, typ="at+jwt", issuer=ISSUER, audience=CLIENT) == claims
    stranger = jwk.generate_key(kind, size)  # type: ignore[arg-type]  # what goes with the kind
    with pytest.raises(TokenRejected, match="signature"):
        token = jwt.encode(header, claims, stranger, algorithms=[str(algorithm)])
        verifier.verify(token, typ="at+jwt", issuer=ISSUER, audience=CLIENT)


class _OneKey(FixedKeys):
    """A public key whose private part is elsewhere."""

    def __init__(self, key: VerificationKey) -> None:
        super().__init__({})
        self._key = key

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        return (self._key,)


def test_we_verify_tokens_that_joserfc_signed(clock: FakeClock) -> None:
    theirs = ECKey.generate_key("P-256")
    kid = theirs.thumbprint()

    class Theirs:
        key_id, algorithm, blocking = kid, ES256, False
        public_key = theirs.as_der(private=False)

        def sign(self, message: bytes) -> bytes:
            raise AssertionError("we only verify here")

    claims = access_token_claims(clock)
    token = jwt.encode({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, claims, theirs)
    verifier = TokenVerifier(FixedKeys({"oidc.es256": Theirs()}), clock)
    assert verifier.verify(token, typ="at+jwt", issuer=ISSUER, audience=CLIENT) == claims
    stranger = jwt.encode({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, claims, ECKey.generate_key("P-256"))
    with pytest.raises(TokenRejected):
        verifier.verify(stranger, typ="at+jwt", issuer=ISSUER, audience=CLIENT)


def test_claims_come_back_as_they_went_in(clock: FakeClock) -> None:
    claims = access_token_claims(clock, scope="a b", nested={"数": [1, 2.5, None, True, "😀"]}, aud=[CLIENT])
    token = TokenSigner(our_keys()).sign(claims, typ="at+jwt", algorithm=ES256)
    verifier = TokenVerifier(our_keys(), clock)
    assert verifier.verify(token, typ="at+jwt", issuer=ISSUER, audience=CLIENT) == claims


@pytest.mark.parametrize("typ", [*PROFILES])
def test_a_required_claim_left_out_is_our_mistake(typ: str, clock: FakeClock) -> None:
    claims = access_token_claims(clock, events={})
    signer = TokenSigner(our_keys())
    assert signer.sign(claims, typ=typ, algorithm=ES256)
    for name in PROFILES[typ].required:
        with pytest.raises(ValueError, match=name):
            signer.sign({key: claims[key] for key in claims if key != name}, typ=typ, algorithm=ES256)


@pytest.mark.parametrize("moment", [1.5, "1", True, -1, 10**12])
def test_a_time_that_is_no_date_is_our_mistake(moment: Any, clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        TokenSigner(our_keys()).sign(id_token_claims(clock, exp=moment), typ="JWT", algorithm=ES256)


def test_a_type_that_we_do_not_issue_is_our_mistake(clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="dpop"):
        TokenSigner(our_keys()).sign(id_token_claims(clock), typ="dpop+jwt", algorithm=ES256)


def test_without_a_key_no_token_is_made(clock: FakeClock) -> None:
    with pytest.raises(KeyMissing):
        TokenSigner(FixedKeys({})).sign(id_token_claims(clock), typ="JWT", algorithm=ES256)


class _Device:
    """A key on a device that waits, and may be away."""

    blocking = True
    algorithm = ES256
    key_id = fixed_signer(ES256).key_id
    public_key = fixed_signer(ES256).public_key

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.threads: set[int] = set()

    def sign(self, message: bytes) -> bytes:
        self.threads.add(threading.get_ident())
        if self.away:
            raise KeyUnavailable("the token is gone")
        return fixed_signer(ES256).sign(message)


async def test_a_device_does_not_hold_up_the_event_loop(clock: FakeClock) -> None:
    device = _Device()
    keys = FixedKeys({"oidc.es256": device})
    token = await TokenSigner(keys).sign_async(id_token_claims(clock), typ="JWT", algorithm=ES256)
    assert device.threads
    assert threading.get_ident() not in device.threads
    assert TokenVerifier(keys, clock).verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT)


async def test_a_key_in_memory_needs_no_thread(clock: FakeClock) -> None:
    token = await TokenSigner(our_keys()).sign_async(id_token_claims(clock), typ="JWT", algorithm=ES256)
    assert TokenVerifier(our_keys(), clock).verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT)


async def test_a_device_that_is_away_is_not_a_bad_token(clock: FakeClock) -> None:
    signer = TokenSigner(FixedKeys({"oidc.es256": _Device(away=True)}))
    with pytest.raises(KeyUnavailable):
        signer.sign(id_token_claims(clock), typ="JWT", algorithm=ES256)
    with pytest.raises(KeyUnavailable):
        await signer.sign_async(id_token_claims(clock), typ="JWT", algorithm=ES256)


def test_a_refusal_tells_the_caller_nothing(clock: FakeClock) -> None:
    with pytest.raises(TokenRejected) as refused:
        TokenVerifier(our_keys(), clock).verify("a.b.c", typ="JWT", issuer=ISSUER, audience=CLIENT)
    assert refused.value.code == "token-rejected"
    assert refused.value.reason not in refused.value.text.en
