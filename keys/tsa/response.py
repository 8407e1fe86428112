"""Answers of a time-stamping authority (RFC 3161 §2.4.2): rejections written, answers read."""

from __future__ import annotations

from core.text import Text
from keys.der import BIT_STRING, SEQUENCE, UTF8_STRING, NotDer, integer, integer_of, only, tlv
from keys.tsa.errors import AnswerRefused, Failure

QUERY_TYPE = "application/timestamp-query"  # RFC 3161 §3.4
REPLY_TYPE = "application/timestamp-reply"

_GRANTED, _GRANTED_WITH_MODS, _REJECTION = 0, 1, 2
_GRANTED_STATUS = tlv(SEQUENCE, integer(_GRANTED))


def write_granted(token: bytes) -> bytes:
    """A TimeStampResp with a token."""
    return tlv(SEQUENCE, _GRANTED_STATUS, token)


def write_rejection(failure: Failure, text: Text) -> bytes:
    """A TimeStampResp without a token, with the reason for people (Chinese, then English) and for programs."""
    words = tlv(SEQUENCE, *(tlv(UTF8_STRING, one.encode("utf-8")) for one in (text.zh, text.en)))
    return tlv(SEQUENCE, tlv(SEQUENCE, integer(_REJECTION), words, _failure_bits(failure)))


def _failure_bits(failure: Failure) -> bytes:
    """A named bit list: it ends with its last one bit (X.690 §11.2.2)."""
    octets = bytearray(failure // 8 + 1)
    octets[-1] = 0x80 >> failure % 8
    return tlv(BIT_STRING, bytes((7 - failure % 8,)), bytes(octets))


def read_response(der: bytes) -> bytes:
    """The encoded token of an answer.

    Raises:
        AnswerRefused: a rejection, or no well-formed answer; the log is told which.
    """
    try:
        parts = only(der).of(SEQUENCE).items()
        if not 1 <= len(parts) <= 2:
            raise NotDer("not an answer")
        status = parts[0].of(SEQUENCE).items()
        if not status:
            raise NotDer("an answer without a status")
        code = integer_of(status[0])
    except NotDer as error:
        raise AnswerRefused(f"not a TimeStampResp: {error}") from None
    if code not in (_GRANTED, _GRANTED_WITH_MODS):
        bits = next((one.content for one in status[1:] if one.tag == BIT_STRING), b"")
        raise AnswerRefused(f"rejected with status {code}, failure {_failure_name(bits)}")
    if len(parts) != 2:
        raise AnswerRefused("granted without a token")
    return parts[1].encoded


def _failure_name(bits: bytes) -> str:
    for failure in Failure:
        octet, position = 1 + failure // 8, failure % 8
        if octet < len(bits) and bits[octet] & 0x80 >> position:
            return failure.name.lower().replace("_", "-")
    return "not told"
