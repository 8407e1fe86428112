"""PKCS#11 URIs (RFC 7512)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.errors import KeyRefused


def test_a_uri_is_spelled_as_the_rfc_spells_it() -> None:
    uri = Pkcs11Uri("The Software PKCS#11 Softtoken", b"\x69\x95\x3e\x5c\xf4\xbd\xec\x91")
    text = "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;id=%69%95%3E%5C%F4%BD%EC%91;type=private"  # RFC 7512 §3
    assert str(uri) == text
    assert Pkcs11Uri.parse(text) == uri


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), st.binary(min_size=1))
def test_every_uri_comes_back(token: str, identifier: bytes) -> None:
    uri = Pkcs11Uri(token, identifier)
    assert Pkcs11Uri.parse(str(uri)) == uri
    assert str(uri).isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "software:abc",
        "pkcs11:",
        "pkcs11:token=a",
        "pkcs11:id=%01",
        "pkcs11:token=;id=%01",
        "pkcs11:token=a;id=",
        "pkcs11:token=a;token=b;id=%01",
        "pkcs11:token=a;id=%01;type=public",
    ],
)
def test_what_names_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        Pkcs11Uri.parse(text)
