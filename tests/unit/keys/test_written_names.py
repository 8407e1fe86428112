"""Distinguished names as people write them (RFC 4514), beside pyca/cryptography's writer."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from keys.trust.names import name_key
from keys.trust.written_names import read_written_name

_OIDS = (
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.LOCALITY_NAME,
    NameOID.SERIAL_NUMBER,
    NameOID.ORGANIZATION_IDENTIFIER,
)
_values = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
    lambda value: bool(value.strip())
)
_rdns = st.lists(st.sampled_from(_OIDS), min_size=1, max_size=2, unique=True).flatmap(
    lambda kinds: st.tuples(*(_values.map(lambda value, kind=kind: x509.NameAttribute(kind, value)) for kind in kinds))
)
_names = st.lists(_rdns.map(x509.RelativeDistinguishedName), min_size=1, max_size=4).map(x509.Name)


@given(_names)
def test_what_another_writer_writes_is_read_as_the_same_name(name: x509.Name) -> None:
    assert read_written_name(name.rfc4514_string()) == name_key(name)


def test_the_examples_of_the_specification() -> None:
    """RFC 4514 §4."""
    assert len(read_written_name("UID=jsmith,DC=example,DC=net")) == 3
    several = read_written_name("OU=Sales+CN=J.  Smith,DC=example,DC=net")
    assert several[-1] == {("2.5.4.11", "sales"), ("2.5.4.3", "j. smith")}
    assert read_written_name(r"CN=James \"Jim\" Smith\, III,DC=example,DC=net")[-1] == {
        ("2.5.4.3", 'james "jim" smith, iii')
    }
    assert read_written_name(r"CN=Before\0dAfter,DC=example,DC=net")[-1] == {("2.5.4.3", "before after")}
    assert read_written_name("1.3.6.1.4.1.1466.0=#0C02C48D")[0] == {("1.3.6.1.4.1.1466.0", "č")}
    assert read_written_name(r"CN=Lu\C4\8Di\C4\87") == (frozenset({("2.5.4.3", "lučić")}),)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CN=a,O=b", "cn = A , o=B", True),
        ("CN=a,O=b", "O=b,CN=a", False),
        ("CN=a,O=b", "CN=a", False),
        ("CN=a", "CN=a,O=b", False),
        ("CN=a+OU=b", "OU=b+CN=a", True),
        ("CN=a+OU=b", "CN=a,OU=b", False),
        ("CN=a", "2.5.4.3=a", True),
        ("CN=a", "O=a", False),
        ("CN=а", "CN=a", False),  # the first one is a Cyrillic letter
        ("CN=a\\, O\\=b", "CN=a,O=b", False),
    ],
)
def test_two_spellings_and_two_names(one: str, other: str, same: bool) -> None:
    assert (read_written_name(one) == read_written_name(other)) is same


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CN",
        "CN=",
        "=a",
        "CN=a,",
        ",CN=a",
        "CN=a;O=b",
        "CN=a+",
        "CN=a+CN=b",
        'CN="a"',
        "CN=a<b",
        "CN=a\x00",
        "CN=a\\",
        "CN=a\\x",
        "CN=\\ff",
        "CN=#",
        "CN=#zz",
        "CN=#04",
        "CN=#0403414243",
        "CN=#0c0261",
        "XX=a",
        "2.5.04.3=a",
        "3.5.4.3=a",
        "CN=" + "a" * 1022,
        "/CN=a/O=b",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_written_name(text)
