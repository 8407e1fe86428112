"""Opaque tokens that carry their content: under which key they are, for how long, and what they give away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import TokenRejected
from keys.secrets.sealed_tokens import LONGEST, AeadSealedTokens
from tests.support.secrets import MemorySecrets

PURPOSE = "oidc.access"
CLAIMS = {"sub": "somebody", "scope": "openid", "exp": 1_800_000_000, "cnf": {"jkt": "x"}, "aud": ["a", "b"]}
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets(PURPOSE, "another.purpose")


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name != "jti"), _VALUES, max_size=6))
def test_what_is_sealed_is_what_is_opened(claims: dict[str, object]) -> None:
    tokens = AeadSealedTokens(MemorySecrets(PURPOSE), PURPOSE, "yz_")
    opened = tokens.open(tokens.seal(claims))
    assert len(opened.pop("jti")) == 22
    assert opened == claims


def test_no_two_tokens_are_alike_and_none_says_anything(secrets: MemorySecrets) -> None:
    tokens = AeadSealedTokens(secrets, PURPOSE, "yz_")
    made = [tokens.seal(CLAIMS) for _ in range(200)]
    assert len({tokens.open(token)["jti"] for token in made}) == 200
    assert all(token.startswith("yz_") and "somebody" not in token for token in made)
    assert len({token[19:] for token in made}) == 200


def test_a_token_outlives_the_rotation_of_its_key_and_not_its_retirement(secrets: MemorySecrets) -> None:
    tokens = AeadSealedTokens(secrets, PURPOSE, "yz_")
    before = tokens.seal(CLAIMS)
    secrets.rotate(PURPOSE)
    after = tokens.seal(CLAIMS)
    assert tokens.open(before)["sub"] == tokens.open(after)["sub"] == "somebody"
    assert before[3:19] != after[3:19]
    secrets.retire(before[3:19])
    with pytest.raises(TokenRejected):
        tokens.open(before)
    assert tokens.open(after)["sub"] == "somebody"


def test_a_token_is_for_its_own_use_only(secrets: MemorySecrets) -> None:
    tokens = AeadSealedTokens(secrets, PURPOSE, "yz_")
    for other in (AeadSealedTokens(secrets, "another.purpose", "yz_"), AeadSealedTokens(secrets, PURPOSE, "ab_")):
        with pytest.raises(TokenRejected):
            tokens.open(other.seal(CLAIMS))
    assert not tokens.is_one("eyJhbGciOiJFUzI1NiJ9.e30.AAAA")


@pytest.mark.parametrize("text", ["", "yz_", "yz_" + "A" * 16, "yz_" + "A" * LONGEST, "令牌", "yz_" + "令" * 60])
def test_what_is_none_is_refused(secrets: MemorySecrets, text: str) -> None:
    with pytest.raises(TokenRejected):
        AeadSealedTokens(secrets, PURPOSE, "yz_").open(text)
