"""Requests for time-stamps, strictly read and plainly written (RFC 3161 §2.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Never

from core.text import Text
from keys.der import (
    BOOLEAN,
    CONTEXT_0,
    INTEGER,
    OID,
    SEQUENCE,
    Element,
    NotDer,
    boolean_of,
    integer,
    integer_of,
    oid,
    only,
    tlv,
)
from keys.digests import UnknownDigest
from keys.tsa.errors import Failure, RequestRefused
from keys.tsa.imprint import Imprint, read_imprint

MAX_REQUEST = 4096  # octets; a request with the longest imprint and nonce takes less than 250
MAX_NONCE = 64  # octets
_TRUE = tlv(BOOLEAN, b"\xff")

_MALFORMED = Text("时间戳请求的格式有误。", "The time-stamp request is malformed.")
_DIGEST = Text(
    "时间戳请求使用的摘要算法不被接受，请用 SHA-256、SHA-384 或 SHA-512。",
    "The digest algorithm is not accepted; use SHA-256, SHA-384 or SHA-512.",
)
_VERSION = Text("只支持第 1 版时间戳请求。", "Only time-stamp requests of version 1 are supported.")
_EXTENSION = Text("时间戳请求含有不支持的扩展。", "The request has an extension that is not supported.")
_NONCE = Text("时间戳请求的随机数过长。", "The nonce of the request is too long.")


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """A well-formed request.

    Attributes:
        imprint_encoded: MessageImprint as the requester encoded it; goes into the token unchanged.
        policy: the policy asked for, an encoded object identifier.
        nonce: an encoded INTEGER, echoed as it is.
        certificates: whether the answer is to carry the authority's certificates.
    """

    imprint: Imprint
    imprint_encoded: bytes
    policy: bytes | None
    nonce: bytes | None
    certificates: bool


def read_request(der: bytes) -> TimestampRequest:
    """
    Raises:
        RequestRefused: with the failure to be told to the requester.
    """
    if len(der) > MAX_REQUEST:
        raise RequestRefused(Failure.BAD_DATA_FORMAT, _MALFORMED)
    try:
        return _read(only(der).of(SEQUENCE).items())
    except UnknownDigest:
        raise RequestRefused(Failure.BAD_ALGORITHM, _DIGEST) from None
    except NotDer:
        raise RequestRefused(Failure.BAD_DATA_FORMAT, _MALFORMED) from None


def _read(parts: list[Element]) -> TimestampRequest:
    if len(parts) < 2:
        raise NotDer("not a request")
    if integer_of(parts[0]) != 1:
        _refuse(Failure.BAD_REQUEST, _VERSION)
    found = _optional(parts[2:])
    if CONTEXT_0 in found:
        if not found[CONTEXT_0].items():
            raise NotDer("no extension where one was due")
        # RFC 3161 §2.4.1: an extension that we do not know, critical or not, is refused; we know none
        _refuse(Failure.UNACCEPTED_EXTENSION, _EXTENSION)
    return TimestampRequest(
        imprint=read_imprint(parts[1]),
        imprint_encoded=parts[1].encoded,
        policy=found[OID].encoded if OID in found else None,
        nonce=_nonce(found.get(INTEGER)),
        certificates=_wants_certificates(found.get(BOOLEAN)),
    )


def _optional(parts: list[Element]) -> dict[int, Element]:
    """The optional parts by their tags, each at most once and in their order."""
    due = [OID, INTEGER, BOOLEAN, CONTEXT_0]
    found: dict[int, Element] = {}
    for part in parts:
        if part.tag not in due:
            raise NotDer("a part that is not due")
        due = due[due.index(part.tag) + 1 :]
        found[part.tag] = part
    return found


def _nonce(element: Element | None) -> bytes | None:
    if element is None:
        return None
    integer_of(element)
    if len(element.content) > MAX_NONCE:
        _refuse(Failure.BAD_DATA_FORMAT, _NONCE)
    return element.encoded


def _wants_certificates(element: Element | None) -> bool:
    if element is None:
        return False
    if not boolean_of(element):
        raise NotDer("a default that is written out")  # X.690 §11.5
    return True


def _refuse(failure: Failure, text: Text) -> Never:
    raise RequestRefused(failure, text)


def write_request(
    imprint: Imprint, *, nonce: int | None = None, policy: str | None = None, certificates: bool = True
) -> bytes:
    """A TimeStampReq, DER. `policy` is a dotted object identifier."""
    return tlv(
        SEQUENCE,
        integer(1),
        imprint.encode(),
        b"" if policy is None else oid(policy),
        b"" if nonce is None else integer(nonce),
        _TRUE if certificates else b"",
    )
