"""O-30, O-31: tokens that clients signed (assertions, request objects). Each attack beside its twin."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey, generate_key

from keys.backends.software import SoftwareSigner
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import ForeignProfile, ForeignToken, verify_foreign
from keys.jose.jwk import public_jwk
from keys.jose.jwk_set import JwkSet, read_jwk_set
from keys.ports import VerificationKey
from keys.primitives.registry import primitive
from keys.spec import KeyState, SignatureAlgorithm, Use
from tests.support.clock import FakeClock
from tests.unit.keys.forge import encoded, header_for, part, token
from tests.unit.keys.rings import fixed_signer

US, TOKEN_ENDPOINT, CLIENT = "https://id.example.gov.cn", "https://id.example.gov.cn/token", "portal-a"
AUDIENCES = frozenset({US, TOKEN_ENDPOINT})
_KINDS: dict[str, tuple[str, Any]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "RS256": ("RSA", 2048),
    "RS384": ("RSA", 2048),
    "RS512": ("RSA", 2048),
    "PS256": ("RSA", 2048),
    "EdDSA": ("OKP", "Ed25519"),
}
PRIVATE = {name: generate_key(*kind) for name, kind in _KINDS.items()}
STRANGER = ECKey.generate_key("P-256")
ASSERTION = ForeignProfile(
    algorithms=frozenset(SignatureAlgorithm),
    types=frozenset({None, "JWT"}),
    use=Use.LOGIN,
    required=frozenset({"sub", "jti"}),
    longest_life=300,
)

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def public(*names: str, **changes: Any) -> JwkSet:
    keys = [dict(PRIVATE[name].as_dict(private=False)) | {"kid": name} | changes for name in names]
    return read_jwk_set(json.dumps({"keys": keys}).encode())


ALL = public(*_KINDS)


def claims(clock: FakeClock, **changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    good = {"iss": CLIENT, "sub": CLIENT, "aud": US, "jti": "j", "iat": now, "exp": now + 60} | changes
    return {name: value for name, value in good.items() if value is not None}


def signed(clock: FakeClock, alg: str = "ES256", *, key: Any = None, header: Any = None, **changes: Any) -> str:
    members = {"alg": alg, "kid": alg} | (header or {})
    present = {name: value for name, value in members.items() if value is not None}
    return jwt.encode(present, claims(clock, **changes), key or PRIVATE[alg], algorithms=[*_KINDS])


def verified(text: str, clock: FakeClock, keys: JwkSet = ALL, profile: ForeignProfile = ASSERTION) -> ForeignToken:
    return verify_foreign(text, keys, profile, issuer=CLIENT, audiences=AUDIENCES, clock=clock)


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm(name) for name in _KINDS])
def test_twin_a_good_assertion_is_accepted(algorithm: SignatureAlgorithm, clock: FakeClock) -> None:
    for changes in ({}, {"aud": TOKEN_ENDPOINT}, {"aud": [TOKEN_ENDPOINT, "other"]}, {"iat": None}, {"nbf": 1.5}):
        found = verified(signed(clock, str(algorithm), **changes), clock)
        assert found.claims == claims(clock, **changes)
        assert (found.algorithm, found.key_id) == (algorithm, str(algorithm))


def test_twin_a_good_assertion_by_sm2_is_accepted_and_another_key_refused(clock: FakeClock) -> None:
    """Put together by hand, since the other library does not have it."""
    signer, stranger = fixed_signer(SignatureAlgorithm.SM2_SM3), fixed_signer(SignatureAlgorithm.SM2_SM3, "stranger")
    registered = VerificationKey(signer.key_id, signer.algorithm, KeyState.ACTIVE, signer.public_key)
    keys = read_jwk_set(json.dumps({"keys": [public_jwk(registered)]}).encode())
    assert verified(token(header_for(signer), claims(clock), signer), clock, keys).claims == claims(clock)
    with pytest.raises(TokenRejected, match="signature"):
        verified(token(header_for(signer), claims(clock), stranger), clock, keys)


def test_twin_a_key_without_a_name_is_found_where_there_is_but_one(clock: FakeClock) -> None:
    text = signed(clock, header={"kid": None})
    assert verified(text, clock, public("ES256", kid=None)).key_id is None
    assert verified(text, clock, public("ES256", "ES384", "RS256"))  # one of its kind
    two = read_jwk_set({"keys": [PRIVATE["ES256"].as_dict(private=False), STRANGER.as_dict(private=False)]})
    with pytest.raises(TokenRejected, match="kid"):
        verified(text, clock, two)


def _unsigned(clock: FakeClock, alg: str) -> str:
    return f"{part({'alg': alg, 'kid': 'ES256'})}.{part(claims(clock))}."


FORGED: dict[str, Any] = {
    "none": lambda clock: _unsigned(clock, "none"),
    "None": lambda clock: _unsigned(clock, "None"),
    "hs256-with-the-public-key": lambda clock: _hmac(clock, PRIVATE["ES256"].as_pem(private=False)),
    "hs256-with-nothing": lambda clock: _hmac(clock, b""),
    "stranger": lambda clock: signed(clock, key=STRANGER),
    "stranger-unknown-kid": lambda clock: signed(clock, key=STRANGER, header={"kid": "x"}),
    "kid-absent-of-many": lambda clock: signed(clock, "RS256", header={"kid": None}),
    "kid-of-another-kind": lambda clock: signed(clock, header={"kid": "RS256"}),
    "kid-number": lambda clock: _with_header(clock, kid=5),
    "jwk": lambda clock: _with_header(clock, jwk=STRANGER.as_dict(private=False)),
    "jku": lambda clock: _with_header(clock, jku="https://evil.example/jwks"),
    "x5u": lambda clock: _with_header(clock, x5u="https://evil.example/x"),
    "x5c": lambda clock: _with_header(clock, x5c=["AAAA"]),
    "crit": lambda clock: _with_header(clock, crit=["exp"], exp=1),
    "b64": lambda clock: _with_header(clock, b64=False, crit=["b64"]),
    "typ-of-ours": lambda clock: signed(clock, header={"typ": "at+jwt"}),
    "iss": lambda clock: signed(clock, iss="portal-b"),
    "iss-absent": lambda clock: signed(clock, iss=None),
    "iss-list": lambda clock: signed(clock, iss=[CLIENT]),
    "sub-absent": lambda clock: signed(clock, sub=None),
    "jti-absent": lambda clock: signed(clock, jti=None),
    "aud-absent": lambda clock: signed(clock, aud=None),
    "aud-other": lambda clock: signed(clock, aud="https://other.example"),
    "aud-empty": lambda clock: signed(clock, aud=[]),
    "aud-prefix": lambda clock: signed(clock, aud=US + "/"),
    "aud-object": lambda clock: signed(clock, aud={"0": US}),
    "aud-nested": lambda clock: signed(clock, aud=[[US]]),
    "exp-absent": lambda clock: signed(clock, exp=None),
    "exp-text": lambda clock: signed(clock, exp=str(int(clock.now().timestamp()) + 60)),
    "exp-true": lambda clock: signed(clock, exp=True),
    "exp-past": lambda clock: signed(clock, exp=int(clock.now().timestamp()) - 61),
    "exp-far": lambda clock: signed(clock, exp=int(clock.now().timestamp()) + 3600),
    "exp-huge": lambda clock: signed(clock, exp=10**12),
    "nbf-later": lambda clock: signed(clock, nbf=int(clock.now().timestamp()) + 120),
    "iat-later": lambda clock: signed(clock, iat=int(clock.now().timestamp()) + 120),
}


def _with_header(clock: FakeClock, **members: Any) -> str:
    """Truly signed by the client's own key, under a header that no library would write."""
    private = primitive(SignatureAlgorithm.ES256).load_private(PRIVATE["ES256"].as_der(private=True))
    signer = SoftwareSigner(private, SignatureAlgorithm.ES256)
    return token({"alg": "ES256", "kid": "ES256", **members}, claims(clock), signer)


def _hmac(clock: FakeClock, key: bytes) -> str:
    signing_input = f"{part({'alg': 'HS256', 'kid': 'ES256'})}.{part(claims(clock))}"
    return f"{signing_input}.{encoded(hmac.digest(key, signing_input.encode(), 'sha256'))}"


@pytest.mark.filterwarnings("ignore")  # joserfc dislikes some of these too
@pytest.mark.parametrize("name", FORGED)
def test_o30_a_forged_assertion_is_refused(name: str, clock: FakeClock) -> None:
    text = FORGED[name](clock)
    assert verified(_with_header(clock), clock)
    with pytest.raises(TokenRejected):
        verified(text, clock)
    assert verified(signed(clock), clock)


def test_o30_algorithms_of_other_keys_and_of_no_list(clock: FakeClock) -> None:
    only = ForeignProfile(frozenset({SignatureAlgorithm.PS256}), frozenset({"JWT"}), Use.LOGIN)
    assert verified(signed(clock, "PS256"), clock, profile=only)
    for other in ("RS256", "ES256", "EdDSA"):
        with pytest.raises(TokenRejected, match="alg"):
            verified(signed(clock, other), clock, profile=only)
    rsa: RSAKey = PRIVATE["RS256"]  # a key that says it is for RS256 verifies no PS256, and the other way round
    for says, does in (("RS256", "PS256"), ("PS256", "RS256")):
        keys = read_jwk_set({"keys": [dict(rsa.as_dict(private=False)) | {"kid": "k", "alg": says}]})
        assert verified(signed(clock, says, key=rsa, header={"kid": "k"}), clock, keys)
        with pytest.raises(TokenRejected, match="kid"):
            verified(signed(clock, does, key=rsa, header={"kid": "k"}), clock, keys)


def test_keys_for_encryption_verify_nothing(clock: FakeClock) -> None:
    assert verified(signed(clock), clock, public("ES256", use="sig"))
    for changes in ({"use": "enc"}, {"key_ops": ["wrapKey"]}):
        with pytest.raises(TokenRejected, match="kid"):
            verified(signed(clock), clock, public("ES256", **changes))


def test_a_type_that_must_be_there(clock: FakeClock) -> None:
    request_object = ForeignProfile(
        frozenset(SignatureAlgorithm), frozenset({"oauth-authz-req+jwt"}), Use.TOKEN
    )  # RFC 9101 §10.8
    good = signed(clock, header={"typ": "oauth-authz-req+jwt"}, scope="openid")
    assert verified(good, clock, profile=request_object).claims["scope"] == "openid"
    for typ in (None, "JWT", "at+jwt", "OAUTH-AUTHZ-REQ+JWT"):
        with pytest.raises(TokenRejected, match="typ"):
            verified(signed(clock, header={"typ": typ}), clock, profile=request_object)


def test_a_short_rsa_key_counts_until_its_end(clock: FakeClock) -> None:
    long = RSAKey.generate_key(3072)
    keys = read_jwk_set({"keys": [dict(long.as_dict(private=False)) | {"kid": "long"}]})
    clock.advance(60 * 60 * 24 * 365 * 5)  # late in 2031
    assert verified(signed(clock, "RS256", key=long, header={"kid": "long"}), clock, keys)
    with pytest.raises(TokenRejected, match="does not count"):
        verified(signed(clock, "RS256"), clock)
