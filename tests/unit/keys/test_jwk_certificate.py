"""Certificates in JWKs: a name for one certificate, never a reason to trust (RFC 7517 §4.7, §4.9; RFC 8705 §2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from keys.errors import KeyRefused
from keys.jose.jwk_set import read_jwk
from tests.support.idp_proofs import client_certificate

ONE, OTHER = client_certificate(), client_certificate()


def changed(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in (ONE.jwk() | members).items() if value is not None}


def test_a_key_knows_its_certificate_by_its_thumbprint() -> None:
    assert read_jwk(changed()).certificate == ONE.thumbprint
    assert read_jwk(changed(**{"x5t#S256": ONE.thumbprint})).certificate == ONE.thumbprint
    assert read_jwk(changed(x5c=None, **{"x5t#S256": OTHER.thumbprint})).certificate == OTHER.thumbprint
    assert read_jwk(changed(x5c=ONE.jwk()["x5c"] + OTHER.jwk()["x5c"])).certificate == ONE.thumbprint
    assert read_jwk(changed(x5c=None)).certificate is None


@pytest.mark.parametrize(
    "members",
    [
        {"x5c": OTHER.jwk()["x5c"]},
        {"x5c": ["证书"]},
        {"x5c": []},
        {"x5c": "AAAA"},
        {"x5c": [1]},
        {"x5c": ["%%"]},
        {"x5c": ["AAAA"]},
        {"x5c": ["A" * 20_000]},
        {"x5t#S256": OTHER.thumbprint},
        {"x5t#S256": "short"},
        {"x5t#S256": 1},
    ],
)
def test_a_certificate_of_another_key_or_none_at_all_spoils_the_key(members: dict[str, Any]) -> None:
    with pytest.raises(KeyRefused, match="x5"):
        read_jwk(changed(**members))
