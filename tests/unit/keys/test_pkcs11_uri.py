"""PKCS#11 URIs (RFC 7512)."""

from __future__ import annotations

from pathlib import Path

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


@given(
    token=st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    serial=st.text(st.characters(codec="utf-8"), min_size=1),
    object=st.text(st.characters(codec="utf-8"), min_size=1),
    type=st.sampled_from(["private", "secret-key"]),
    adopted=st.booleans(),
)
def test_every_attribute_comes_back(**attributes: object) -> None:
    uri = Pkcs11Uri(**attributes)
    assert Pkcs11Uri.parse(str(uri)) == uri


def test_a_key_is_found_by_what_the_rfc_offers() -> None:
    uri = Pkcs11Uri.parse(
        "pkcs11:token=HSM;manufacturer=Snake%20Oil%2c%20Inc.;model=x;serial=0123;object=seal;id=%01%ff;type=private"
    )
    assert (uri.manufacturer, uri.serial, uri.object, uri.id) == ("Snake Oil, Inc.", "0123", "seal", b"\x01\xff")


def test_a_pin_is_named_by_its_file_and_never_kept() -> None:
    for source in ("file:/run/secrets/pin", "file:///run/secrets/pin", "file%3A%2Frun%2Fsecrets%2Fpin"):
        uri = Pkcs11Uri.parse(f"pkcs11:token=a;id=%01?pin-source={source}&module-name=evil&module-path=/tmp/evil.so")
        assert uri.pin_source == Path("/run/secrets/pin")
        assert "pin" not in str(uri)
        assert "evil" not in str(uri)
        assert uri.without_pin() == Pkcs11Uri("a", b"\x01")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "software:abc",
        "pkcs11:",
        "pkcs11:token=a",
        "pkcs11:id=%01",
        "pkcs11:manufacturer=a;id=%01",
        "pkcs11:token=;id=%01",
        "pkcs11:token=a;id=",
        "pkcs11:token=a;token=b;id=%01",
        "pkcs11:token=a;id=%01;type=public",
        "pkcs11:token=a;id=%01;type=cert",
        "pkcs11:token=a;id=%01;slot-id=0",
        "pkcs11:token=a;id=%01;library-description=x",
        "pkcs11:token=a;id=%01;colour=red",
        "pkcs11:token=%ff;id=%01",
        "pkcs11:token=a;id=%01?pin-value=123456",
        "pkcs11:token=a;id=%01?pin-source=|cat%20/etc/passwd",
        "pkcs11:token=a;id=%01?pin-source=https://evil.example/pin",
        "pkcs11:token=a;id=%01?pin-source=relative",
        "pkcs11:token=a;id=%01?pin-source=file:/a&pin-source=file:/b",
    ],
)
def test_what_names_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefused):
        Pkcs11Uri.parse(text)


def test_a_pin_in_a_uri_shows_in_no_error() -> None:
    with pytest.raises(KeyRefused) as refused:
        Pkcs11Uri.parse("pkcs11:token=a;id=%01?pin-value=918273")
    assert "918273" not in f"{refused.value} {refused.value.private}"
