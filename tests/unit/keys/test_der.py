"""DER, strictly: one encoding per value (X.690 §8, §10, §11)."""

from __future__ import annotations

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from keys.der import (
    OCTET_STRING,
    SEQUENCE,
    NotDer,
    boolean_of,
    dotted,
    elements,
    first,
    integer,
    integer_of,
    oid,
    only,
    set_of,
    split,
    tlv,
)


@given(st.binary(max_size=70_000))
def test_length_takes_the_fewest_octets(content: bytes) -> None:
    encoded = tlv(OCTET_STRING, content)
    assert encoded == core.OctetString(content).dump()
    assert only(encoded).content == content


@given(st.lists(st.integers(0, 39), min_size=2, max_size=2), st.lists(st.integers(0, 1 << 40), max_size=8))
def test_object_identifiers_agree_with_another_encoder(head: list[int], tail: list[int]) -> None:
    dotted = ".".join(str(arc) for arc in (1, *head[1:], *tail))
    assert oid(dotted) == core.ObjectIdentifier(dotted).dump()


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_set_of_is_in_order(contents: list[bytes]) -> None:
    encoded = [tlv(OCTET_STRING, content) for content in contents]
    assert split(only(set_of(encoded)).content) == sorted(encoded)


@given(st.binary(max_size=60))
def test_reading_noise_gives_values_or_not_der(noise: bytes) -> None:
    try:
        found = list(elements(noise))
    except NotDer:
        return
    assert b"".join(element.encoded for element in found) == noise


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x04\x80\x00\x00",  # indefinite length
        b"\x04\x81\x01\x00",  # long form for a short length
        b"\x04\x82\x00\x80" + bytes(128),  # a leading zero octet
        b"\x04\x85\x00\x00\x00\x00\x01\x00",  # five octets of length
        b"\x1f\x81\x01\x00",  # multi-byte tag
        b"\x04\x02\x00",  # cut off
        b"\x04",
        b"",
    ],
)
def test_other_encodings_are_refused(encoded: bytes) -> None:
    with pytest.raises(NotDer):
        first(encoded)


def test_only_means_only() -> None:
    with pytest.raises(NotDer):
        only(tlv(SEQUENCE) + b"\x00")
    with pytest.raises(NotDer):
        first(tlv(SEQUENCE)).of(OCTET_STRING)


@given(st.integers(-(1 << 200), 1 << 200))
def test_numbers_agree_with_another_encoder(value: int) -> None:
    encoded = integer(value)
    assert encoded == core.Integer(value).dump()
    assert integer_of(only(encoded)) == value


@pytest.mark.parametrize("encoded", ["0200", "0202007f", "0202ff80", "040101"])
def test_a_number_has_one_encoding(encoded: str) -> None:
    with pytest.raises(NotDer):
        integer_of(only(bytes.fromhex(encoded)))


@pytest.mark.parametrize("encoded", ["010101", "010200ff", "0100", "0201ff"])
def test_true_and_false_have_one_encoding_each(encoded: str) -> None:
    with pytest.raises(NotDer):
        boolean_of(only(bytes.fromhex(encoded)))


def test_true_and_false() -> None:
    assert boolean_of(only(bytes.fromhex("0101ff")))
    assert not boolean_of(only(bytes.fromhex("010100")))


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 1 << 130), max_size=8))
def test_object_identifiers_are_read_as_written(first_arc: int, second: int, tail: list[int]) -> None:
    text = ".".join(str(arc) for arc in (first_arc, second, *tail))
    assert dotted(only(oid(text))) == text


@pytest.mark.parametrize("encoded", ["0600", "060180", "06022a80", "06032a8001", "0603550481"])
def test_a_cut_off_or_padded_object_identifier_is_refused(encoded: str) -> None:
    with pytest.raises(NotDer):
        dotted(only(bytes.fromhex(encoded)))
