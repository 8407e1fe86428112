"""S-24: no single changed byte of a genuine file goes unnoticed, inside the signed ranges or in the value itself."""

from __future__ import annotations

import random

import pytest

from keys.der import NotDer, elements, first, oid
from keys.spec import SignatureAlgorithm
from signing.verification.byte_range import container_of
from signing.verification.cms_reader import read_container
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import OFFICE, FileJudge, press
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
SAMPLES = 200
RSA_WITH_SHA256 = oid("1.2.840.113549.1.1.11")


# one of each family: the other digests of PKCS #1 take the same way
ALGORITHMS_OF_SEALS = [
    SignatureAlgorithm.ES256,
    SignatureAlgorithm.ES384,
    SignatureAlgorithm.RS256,
    SignatureAlgorithm.PS256,
]


@pytest.fixture(scope="module", params=ALGORITHMS_OF_SEALS, ids=lambda algorithm: str(algorithm))
def sealed(request: pytest.FixtureRequest) -> bytes:
    return press(AUTHORITY, request.param).seal(pdf())


async def test_twin_is_genuine(sealed: bytes) -> None:
    assert genuine("S-24", await FileJudge(AUTHORITY)(sealed)).conclusion == "genuine"


async def test_no_flipped_byte_is_genuine(sealed: bytes) -> None:
    judge, random_ = FileJudge(AUTHORITY), random.Random(24)
    for position in random_.sample(range(len(sealed)), SAMPLES):
        await _assert_noticed(judge, sealed, position, sealed[position] ^ random_.randrange(1, 256))


@pytest.mark.slow
async def test_no_changed_digit_of_the_value_is_genuine(sealed: bytes) -> None:
    """The value is not covered by the digest: each digit of it must be pinned by the checks, padding included."""
    judge, random_ = FileJudge(AUTHORITY), random.Random(25)
    start = sealed.rindex(b"/Contents <") + len(b"/Contents <")
    end = sealed.index(b">", start)
    for position in range(start, end):
        digit = int(chr(sealed[position]), 16) ^ random_.randrange(1, 16)
        await _assert_noticed(judge, sealed, position, ord(f"{digit:x}"))


async def test_no_changed_case_of_a_digit_is_genuine(sealed: bytes) -> None:
    judge = FileJudge(AUTHORITY)
    start = sealed.rindex(b"/Contents <") + len(b"/Contents <")
    end = sealed.index(b">", start)
    letters = [position for position in range(start, end) if chr(sealed[position]).isalpha()]
    for position in letters[::40]:
        await _assert_noticed(judge, sealed, position, sealed[position] ^ 0x20)


async def test_unused_bits_of_a_carried_certificate_are_noticed() -> None:
    """Where a certificate's signature happens to end in a zero bit, claiming that bit unused changes no number."""
    authority = AUTHORITY
    while authority.issuing.der[-1] & 1:
        authority = PlainAuthority.make()
    sealed = press(authority).seal(pdf())
    certificate = authority.issuing.der
    signature = list(elements(first(certificate).content))[2]
    octet = len(certificate) - len(signature.content)
    at = sealed.index(certificate.hex().encode()) + 2 * octet
    assert sealed[at : at + 2] == b"00"
    await _assert_noticed(FileJudge(authority), sealed, at + 1, ord("1"))


def test_certificates_whose_names_cannot_be_read_are_refused() -> None:
    """Found by fuzzing: names are decoded late, far from where a container is checked."""
    sealed = press(AUTHORITY).seal(pdf())
    value = bytes.fromhex(sealed[sealed.rindex(b"/Contents <") + 11 : sealed.rindex(b">\n>>\nendobj")].decode())
    container = container_of(value)
    assert read_container(container).signer.subject  # the twin
    name = OFFICE.encode()
    assert name in container
    bits = b"\x0c%c%b" % (len(name), name), b"\x03%c\x00%b" % (len(name), name[1:])  # a name must not be a BIT STRING
    for old, new in ((name, b"\xff" * len(name)), bits):
        assert old in container
        with pytest.raises(NotDer):
            read_container(container.replace(old, new))


async def test_another_name_for_the_same_algorithm_is_noticed() -> None:
    """sha256WithRSAEncryption and rsaEncryption differ in one octet that the signature does not cover."""
    sealed = press(AUTHORITY, SignatureAlgorithm.RS256).seal(pdf())
    at = sealed.rindex(RSA_WITH_SHA256.hex().encode()) + 2 * len(RSA_WITH_SHA256) - 1
    await _assert_noticed(FileJudge(AUTHORITY), sealed, at - 1, ord("0") ^ 1)
    for digit in range(16):
        if f"{digit:x}" != "b":
            await _assert_noticed(FileJudge(AUTHORITY), sealed, at, ord(f"{digit:x}"))


async def _assert_noticed(judge: FileJudge, sealed: bytes, position: int, value: int) -> None:
    changed = bytearray(sealed)
    changed[position] = value
    report = forged("S-24", await judge(bytes(changed)))
    assert report.conclusion != "genuine", f"byte {position}: {sealed[position]:#x} to {value:#x}"
    assert report.indication != "TOTAL-PASSED"
