"""Finds out, byte by byte, what a signature covers (ISO 32000-1 §12.8.1), before anything is decoded.

These are the rules that the published spoofing attacks break: one byte range of four numbers from 0, whose only gap
is the value itself, in hexadecimal, in this very dictionary, up to the end of the revision that holds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.files.scratch import FileBytes
from core.text import Text
from keys.der import NotDer, first
from signing.verification.report import Check, Fault

_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEXADECIMAL = re.compile(rb"<(?:[0-9A-F]+|[0-9a-f]+)>")
_DISGUISED = re.compile(rb"/[A-Za-z0-9]*#[0-9A-Fa-f]{2}")
_REVISION_END = re.compile(rb"startxref[\r\n ]+(\d{1,12})[\r\n ]+%%EOF(?:\r\n|\r|\n)?\Z")
_LONGEST_DICTIONARY = 65_536
_LONGEST_VALUE = 262_144  # octets of the container
_LONGEST_OBJECT = 4 * (_LONGEST_DICTIONARY + _LONGEST_VALUE)


class RangeBroken(Exception):
    """The signature does not cover what it must; `fault` says how."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.fault = Fault(Check.RANGE, "FORMAT_FAILURE", Text(zh, en))


@dataclass(frozen=True, slots=True)
class CoveredRange:
    """The signed bytes are [0, start) and [end, until); between lies the value.

    Attributes:
        value: the container with the zeros that fill the hole.
        startxref: the cross-reference that ends the covered revision.
        object_end: where the signature dictionary's `endobj` stands.
    """

    start: int
    end: int
    until: int
    value: bytes
    startxref: int
    object_end: int


def covered_range(content: FileBytes, offset: int) -> CoveredRange:
    """What the signature dictionary that begins at `offset` covers.

    Raises:
        RangeBroken
    """
    until_end = content.find(b"endobj", offset, offset + _LONGEST_OBJECT)
    if until_end < 0:
        raise RangeBroken("签名字典不完整。", "The signature dictionary is cut off.")
    dictionary = content[offset:until_end]
    start, end, until = _numbers(dictionary)
    if not offset < start < end <= until_end <= until <= len(content):
        raise RangeBroken("签名范围不合理，或超出文件。", "The byte range makes no sense or leaves the file.")
    _check_dictionary(content[offset:start], content[end:until_end])
    hole = content[start:end]
    # a value in mixed case could be altered without changing it
    if not _HEXADECIMAL.fullmatch(hole) or len(hole) % 2 or len(hole) > 2 * _LONGEST_VALUE:
        raise RangeBroken("签名范围的空缺处不是签名值。", "The gap in the byte range is not the signature value.")
    ended = _REVISION_END.search(content[max(0, until - 64) : until])
    if ended is None:
        raise RangeBroken("签名没有盖到版本的末尾。", "The signature stops before the end of its revision.")
    return CoveredRange(start, end, until, bytes.fromhex(hole[1:-1].decode()), int(ended[1]), until_end)


def _numbers(dictionary: bytes) -> tuple[int, int, int]:
    found = _RANGE.findall(dictionary)
    if len(found) != 1 or dictionary.count(b"/ByteRange") != 1:
        raise RangeBroken(
            "签名范围缺失、重复，或不是从 0 开始的四个数。",
            "The byte range is missing, doubled, or not four numbers from 0.",
        )
    first, second, length = (int(number) for number in found[0])
    return first, second, second + length


def _check_dictionary(before: bytes, after: bytes) -> None:
    around = before + b"<>" + after
    if len(around) > _LONGEST_DICTIONARY or _DISGUISED.search(around):
        raise RangeBroken("签名字典写法异常。", "The signature dictionary is written in a strange way.")
    # the gap must be the value of this dictionary's one /Contents
    if around.count(b"/Contents") != 1 or not before.rstrip().endswith(b"/Contents"):
        raise RangeBroken(
            "签名值缺失、重复，或不在签名字典里。", "The signature value is missing, doubled, or elsewhere."
        )


def container_of(value: bytes) -> bytes:
    """The container at the start of a hole's bytes; all that follows it must be zero.

    Raises:
        keys.der.NotDer
    """
    element = first(value)
    if any(value[len(element.encoded) :]):
        raise NotDer("something is hidden behind the container")
    return element.encoded
