"""ID numbers in certificates: where authorities put them, and what is none."""

from __future__ import annotations

import pytest

from keys.der import tlv
from keys.trust.person import PersonCertificate
from tests.support.idp_world import citizen_number
from tests.support.key_world import person_certificate

NUMBER = citizen_number(7)


@pytest.mark.parametrize(
    "extension",
    [
        NUMBER.encode(),
        tlv(0x13, NUMBER.encode()),
        tlv(0x0C, NUMBER.encode()),
        tlv(0xA0, tlv(0x13, NUMBER.encode())),
        tlv(0x30, tlv(0xA0, tlv(0x13, NUMBER.encode()))),
    ],
)
def test_a_number_is_found_in_whatever_it_is_wrapped(extension: bytes) -> None:
    assert PersonCertificate(person_certificate(extension=extension)).id_numbers == {NUMBER}


@pytest.mark.parametrize(
    "extension",
    [
        b"",
        b"\x00",
        tlv(0x30),
        tlv(0x13, b"P1234567"),
        tlv(0x13, NUMBER.encode() * 3),
        "４１".encode(),
        b"\x30\x80" * 40,
    ],
)
def test_what_is_no_number_is_none(extension: bytes) -> None:
    assert PersonCertificate(person_certificate(extension=extension)).id_numbers == frozenset()


def test_a_number_in_a_name_or_in_another_extension_counts_for_nothing() -> None:
    assert PersonCertificate(person_certificate(name=NUMBER)).id_numbers == frozenset()
    other = person_certificate(extension=NUMBER.encode(), oid="1.2.156.10260.4.1.2")
    assert PersonCertificate(other).id_numbers == frozenset()
