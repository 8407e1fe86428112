"""Requests and times of RFC 3161, strictly: what is taken, and with which failure the rest is refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib

import pytest
from asn1crypto import algos, core, tsp
from hypothesis import given
from hypothesis import strategies as st

from core.text import Text
from keys.der import NotDer, integer, oid, only, tlv
from keys.tsa.errors import AnswerRefused, Failure, RequestRefused
from keys.tsa.imprint import Imprint, imprint_of
from keys.tsa.moments import digits_for, read_accuracy, read_time, write_accuracy, write_time
from keys.tsa.request import read_request, write_request
from keys.tsa.response import read_response, write_granted, write_rejection

SHA256 = imprint_of(b"data")
NULL = tlv(5)


def request(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def imprint(algorithm: str, value: bytes, parameters: bytes = b"") -> bytes:
    return tlv(0x30, tlv(0x30, oid(algorithm), parameters), tlv(4, value))


def refused(der: bytes) -> Failure:
    with pytest.raises(RequestRefused) as caught:
        read_request(der)
    return caught.value.failure


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@given(nonce=st.none() | st.integers(-(1 << 500), 1 << 500), certificates=st.booleans())
def test_what_is_written_is_read_and_another_library_agrees(digest: str, nonce: int | None, certificates: bool) -> None:
    asked = imprint_of(b"data", digest)
    der = write_request(asked, nonce=nonce, policy="1.2.3.4", certificates=certificates)
    ours, theirs = read_request(der), tsp.TimeStampReq.load(der, strict=True)
    assert ours.imprint == asked
    assert ours.imprint_encoded == theirs["message_imprint"].dump()
    assert theirs["message_imprint"]["hash_algorithm"]["algorithm"].native == digest
    assert (theirs["nonce"].native, theirs["cert_req"].native) == (nonce, certificates)
    assert ours.certificates is certificates
    assert ours.policy == oid("1.2.3.4") == theirs["req_policy"].dump()
    assert ours.nonce == (None if nonce is None else core.Integer(nonce).dump())


def test_null_parameters_of_the_digest_are_kept_as_they_came() -> None:
    sent = imprint("2.16.840.1.101.3.4.2.1", SHA256.value, NULL)
    assert read_request(request(integer(1), sent)).imprint_encoded == sent


@pytest.mark.parametrize(
    ("algorithm", "size"),
    [
        ("1.3.14.3.2.26", 20),  # SHA-1
        ("1.2.840.113549.2.5", 16),  # MD5
        ("2.16.840.1.101.3.4.2.4", 28),  # SHA-224
        ("1.2.156.10197.1.401", 20),  # SM3 has 32 octets
        ("1.2.3.4", 32),
    ],
)
def test_other_digests_are_refused_as_a_bad_algorithm(algorithm: str, size: int) -> None:
    assert refused(request(integer(1), imprint(algorithm, bytes(size)))) is Failure.BAD_ALGORITHM


GOOD = SHA256.encode()
NONCE = integer(1 << 511 - 1)  # 64 octets
_EXTENSION = tlv(0x30, oid("1.2.3.4"), tlv(4, NULL))
_CRITICAL = tlv(0x30, oid("1.2.3.4"), tlv(1, b"\xff"), tlv(4, NULL))


@pytest.mark.parametrize(
    ("der", "failure"),
    [
        (b"", Failure.BAD_DATA_FORMAT),
        (b"garbage that is no DER", Failure.BAD_DATA_FORMAT),
        (b"\x30\x80\x00\x00", Failure.BAD_DATA_FORMAT),  # indefinite length
        (request(integer(1), GOOD) + b"\x00", Failure.BAD_DATA_FORMAT),
        (request(integer(1)), Failure.BAD_DATA_FORMAT),
        (request(tlv(2, b"\x00\x01"), GOOD), Failure.BAD_DATA_FORMAT),  # roundabout number
        (request(integer(0), GOOD), Failure.BAD_REQUEST),
        (request(integer(2), GOOD), Failure.BAD_REQUEST),
        (request(integer(1), Imprint("sha256", bytes(31)).encode()), Failure.BAD_DATA_FORMAT),
        (request(integer(1), Imprint("sha512", bytes(32)).encode()), Failure.BAD_DATA_FORMAT),
        (request(integer(1), imprint("2.16.840.1.101.3.4.2.1", bytes(32), integer(1))), Failure.BAD_DATA_FORMAT),
        (request(integer(1), tlv(0x30, tlv(0x30), tlv(4, bytes(32)))), Failure.BAD_DATA_FORMAT),
        (request(integer(1), GOOD, tlv(2, b"\x01" * 65)), Failure.BAD_DATA_FORMAT),  # nonce of 65 octets
        (request(integer(1), GOOD, tlv(2)), Failure.BAD_DATA_FORMAT),
        (request(integer(1), GOOD, integer(5), integer(5)), Failure.BAD_DATA_FORMAT),
        (request(integer(1), GOOD, integer(5), oid("1.2.3")), Failure.BAD_DATA_FORMAT),  # out of order
        (request(integer(1), GOOD, tlv(1, b"\x00")), Failure.BAD_DATA_FORMAT),  # a default written out
        (request(integer(1), GOOD, tlv(1, b"\x01")), Failure.BAD_DATA_FORMAT),
        (request(integer(1), GOOD, NULL), Failure.BAD_DATA_FORMAT),
        (request(integer(1), GOOD, tlv(0xA0)), Failure.BAD_DATA_FORMAT),
        (request(integer(1), GOOD, tlv(0xA0, _EXTENSION)), Failure.UNACCEPTED_EXTENSION),
        (request(integer(1), GOOD, tlv(0xA0, _CRITICAL)), Failure.UNACCEPTED_EXTENSION),
        (request(integer(1), GOOD) + bytes(5000), Failure.BAD_DATA_FORMAT),
    ],
)
def test_each_fault_has_its_failure(der: bytes, failure: Failure) -> None:
    assert refused(der) is failure


def test_the_longest_nonce_is_taken() -> None:
    nonce = tlv(2, b"\x7f" + b"\xff" * 63)
    assert read_request(request(integer(1), GOOD, nonce)).nonce == nonce


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(der: bytes) -> None:
    with contextlib.suppress(RequestRefused):
        read_request(der)


@given(st.data())
def test_a_changed_octet_is_read_or_refused(data: st.DataObject) -> None:
    der = bytearray(write_request(SHA256, nonce=77, policy="1.2.3.4"))
    der[data.draw(st.integers(0, len(der) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(RequestRefused):
        read_request(bytes(der))


# -- times ---------------------------------------------------------------------------------------------------------

MOMENT = dt.datetime(2026, 11, 23, 1, 2, 3, 450060, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("digits", "written"),
    [
        (0, b"20261123010203Z"),
        (1, b"20261123010203.4Z"),
        (2, b"20261123010203.45Z"),
        (3, b"20261123010203.45Z"),
        (6, b"20261123010203.45006Z"),
    ],
)
def test_times_have_no_idle_zeros(digits: int, written: bytes) -> None:
    assert only(write_time(MOMENT, digits=digits)).content == written


@given(st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)))
def test_a_written_time_is_read_again(moment: dt.datetime) -> None:
    assert read_time(only(write_time(moment, digits=6))) == moment


@pytest.mark.parametrize(
    "text",
    [
        b"20261123010203",
        b"202611230102Z",
        b"20261123010203+0800",
        b"20261123010203.Z",
        b"20261123010203.0Z",
        b"20261123010203.40Z",
        b"20261123010203,4Z",
        b"20261323010203Z",
        b"20261123010260Z",
        b"2026112301020\xd9\xa3Z",
        b" 20261123010203Z",
    ],
)
def test_a_time_has_one_form(text: bytes) -> None:
    with pytest.raises(NotDer):
        read_time(only(tlv(0x18, text)))


@given(st.integers(1, 10**9).map(lambda us: dt.timedelta(microseconds=us)))
def test_accuracies_are_read_as_written_and_another_library_agrees(accuracy: dt.timedelta) -> None:
    der = write_accuracy(accuracy)
    theirs = tsp.Accuracy.load(der, strict=True).native
    parts = {"seconds": theirs["seconds"] or 0}
    parts |= {"milliseconds": theirs["millis"] or 0, "microseconds": theirs["micros"] or 0}
    assert read_accuracy(only(der)) == accuracy == dt.timedelta(**parts)


@pytest.mark.parametrize("inside", ["800203e8", "8000", "800100", "810100", "810101800101", "0201ff", "820101"])
def test_an_accuracy_out_of_range_is_refused(inside: str) -> None:
    with pytest.raises(NotDer):
        read_accuracy(only(tlv(0x30, bytes.fromhex(inside))))


@pytest.mark.parametrize(("milliseconds", "digits"), [(5000, 0), (2000, 0), (1000, 1), (500, 1), (100, 2), (1, 4)])
def test_a_time_is_told_as_finely_as_its_accuracy_needs(milliseconds: int, digits: int) -> None:
    assert digits_for(dt.timedelta(milliseconds=milliseconds)) == digits


# -- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", list(Failure))
def test_rejections_are_what_another_library_expects(failure: Failure) -> None:
    der = write_rejection(failure, Text("不行", "No"))
    (encoded,) = only(der).items()
    read = tsp.PKIStatusInfo.load(encoded.encoded, strict=True).native
    assert read["status"] == "rejection"
    assert read["status_string"] == ["不行", "No"]
    names = {
        Failure.BAD_ALGORITHM: "bad_alg",
        Failure.UNACCEPTED_EXTENSION: "unaccepted_extensions",
        Failure.ADDITIONAL_INFO_NOT_AVAILABLE: "add_info_not_available",
    }
    assert read["fail_info"] == {names.get(failure, failure.name.lower())}
    with pytest.raises(AnswerRefused, match=failure.name.lower().replace("_", "-")):
        read_response(der)


def test_an_answer_without_a_token_is_none() -> None:
    for der in (b"", b"<html>", tlv(0x30), tlv(0x30, tlv(0x30)), tlv(0x30, tlv(0x30, integer(0))), b"\x30\x84\xff"):
        with pytest.raises(AnswerRefused):
            read_response(der)
    assert read_response(write_granted(b"\x30\x00")) == b"\x30\x00"


def test_imprints_of_other_libraries() -> None:
    other = algos.DigestInfo({"digest_algorithm": {"algorithm": "sha512"}, "digest": hashlib.sha512(b"x").digest()})
    assert read_request(request(integer(1), other.dump())).imprint == imprint_of(b"x", "sha512")
