"""O-30: one algorithm passed off as another, over every algorithm that may sign tokens. Each beside its twin."""

from __future__ import annotations

from typing import Any

import pytest
from jose import jwk
from jose.exceptions import JWKError

from keys.backends.software import SoftwareSigner
from keys.errors import TokenRejected
from keys.jose.tokens import TokenVerifier
from keys.primitives import base64url
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.unit.keys.forge import encoded, header_for, token
from tests.unit.keys.rings import CLIENT, ISSUER, FixedKeys, fixed_signer, id_token_claims, keys_of_every_algorithm

EVERY = list(SignatureAlgorithm)
KEYS, PURPOSES = keys_of_every_algorithm()


def verified(text: str, clock: FakeClock, keys: FixedKeys = KEYS, **options: Any) -> dict[str, Any]:
    verifier = TokenVerifier(keys, clock, options.pop("purposes", PURPOSES))
    return verifier.verify(text, typ="JWT", issuer=ISSUER, audience=CLIENT)


@pytest.mark.parametrize("algorithm", EVERY)
def test_twin_every_algorithm_of_the_list_is_accepted(algorithm: SignatureAlgorithm, clock: FakeClock) -> None:
    signer, claims = fixed_signer(algorithm), id_token_claims(clock)
    assert verified(token(header_for(signer), claims, signer), clock) == claims


@pytest.mark.parametrize("algorithm", EVERY)
def test_no_key_signs_under_the_name_of_another_algorithm(algorithm: SignatureAlgorithm, clock: FakeClock) -> None:
    signer, claims = fixed_signer(algorithm), id_token_claims(clock)
    for other in {*EVERY} - {algorithm}:
        for key_id in (signer.key_id, fixed_signer(other).key_id):
            with pytest.raises(TokenRejected):
                verified(token(header_for(signer, alg=str(other), kid=key_id), claims, signer), clock)


RSA_KINDS = [algorithm for algorithm in EVERY if ALGORITHMS[algorithm].key_type == "RSA"]
ONE_RSA_KEY = primitive(SignatureAlgorithm.RS256).generate(2048)


@pytest.mark.parametrize("claimed", RSA_KINDS)
@pytest.mark.parametrize("signed", RSA_KINDS)
def test_the_padding_and_the_digest_of_another_algorithm_by_the_very_same_key(
    signed: SignatureAlgorithm, claimed: SignatureAlgorithm, clock: FakeClock
) -> None:
    registered = SoftwareSigner(primitive(claimed).load_private(ONE_RSA_KEY), claimed)
    really = SoftwareSigner(primitive(signed).load_private(ONE_RSA_KEY), signed)
    claims = id_token_claims(clock)
    text = token(header_for(registered), claims, really)
    keys, purposes = FixedKeys({"oidc.x": registered}), {claimed: "oidc.x"}
    if signed is claimed:
        assert verified(text, clock, keys, purposes=purposes) == claims
    else:
        with pytest.raises(TokenRejected, match="signature"):
            verified(text, clock, keys, purposes=purposes)


def test_an_algorithm_that_is_not_on_the_list_is_refused_whatever_keys_there_are(clock: FakeClock) -> None:
    for algorithm in EVERY:
        others = {other: purpose for other, purpose in PURPOSES.items() if other is not algorithm}
        signer, claims = fixed_signer(algorithm), id_token_claims(clock)
        with pytest.raises(TokenRejected, match="alg"):
            verified(token(header_for(signer), claims, signer), clock, purposes=others)


@pytest.mark.parametrize("algorithm", EVERY)
def test_signatures_that_anybody_can_write_are_refused(algorithm: SignatureAlgorithm, clock: FakeClock) -> None:
    signer, claims = fixed_signer(algorithm), id_token_claims(clock)
    good = token(header_for(signer), claims, signer)
    head, _, last = good.rpartition(".")
    octets = len(base64url.decode(last))
    identity = (1).to_bytes(32, "little") + bytes(32)  # Ed25519: R is the neutral point and S is 0
    for forged in (
        bytes(octets),
        b"\x01" * octets,
        b"\xff" * octets,
        bytes(octets - 1) + b"\x01",
        identity,
        b"",
        bytes(octets + 1),
        b"\x00" + base64url.decode(last),
        base64url.decode(last)[:-1],
        signer.sign(b"another message"),
    ):
        with pytest.raises(TokenRejected):
            verified(f"{head}.{encoded(forged)}", clock)
    assert verified(good, clock) == claims


def test_python_jose_makes_no_keys_from_data_for_what_we_registered() -> None:
    """PS256 and EdDSA are known to it through us, and only as objects."""
    for algorithm in ("PS256", "EdDSA"):
        for data in ("-----BEGIN PUBLIC KEY-----", {"kty": "oct", "k": "AAAA"}, b"secret"):
            with pytest.raises(JWKError):
                jwk.construct(data, algorithm)
