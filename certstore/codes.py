"""Codes of holders' numbers, 持证主体代码类型 (GB/T 36903-2018 Annex A), and how each is read.

Kept as data with a source per row: the rows beyond 111 and 001 are as implementers use them.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.normal import canonical
from core.identifiers.uscc import parse_uscc
from core.text import Text

CITIZEN_ID = "111"
ORGANISATION_CODE = "001"
_OTHER = re.compile(r"[0-9A-Z]{4,30}")


@dataclass(frozen=True, slots=True)
class CodeType:
    """One row of the table."""

    code: str
    name: Text
    source: str


CODE_TYPES: dict[str, CodeType] = {
    row.code: row
    for row in (
        CodeType(CITIZEN_ID, Text("公民身份号码", "citizen identity number"), "GB/T 36903 Annex A"),
        CodeType(ORGANISATION_CODE, Text("统一社会信用代码", "unified social credit code"), "GB/T 36903 Annex A"),
        CodeType("112", Text("临时居民身份证", "temporary identity card"), "GA/T 517, in use"),
        CodeType("414", Text("普通护照", "passport"), "GA/T 517, in use"),
        CodeType("511", Text("台湾居民来往大陆通行证", "travel permit of Taiwan residents"), "GA/T 517, in use"),
        CodeType("516", Text("港澳居民来往内地通行证", "travel permit of HK and Macao residents"), "GA/T 517, in use"),
        CodeType("553", Text("外国人永久居留身份证", "foreigner's permanent residence card"), "GA/T 517, in use"),
    )
}


@dataclass(frozen=True, slots=True)
class HolderCode:
    """A holder's number with its kind, in canonical form."""

    kind: str
    number: str = field(repr=False)


def parse_holder_code(kind: str, typed: str, *, today: dt.date) -> HolderCode:
    """Read a holder's number.

    Raises:
        InvalidInput: `holder-code-type-unknown`, `holder-code-invalid`, or what the number's own kind raises; no
            message echoes the number.
    """
    if kind not in CODE_TYPES:
        raise InvalidInput(
            "holder-code-type-unknown",
            Text(
                "证件类型代码不认识。公民身份号码是 111，统一社会信用代码是 001。",
                "The kind of number is not known. 111 is a citizen identity number, 001 a unified social credit code.",
            ),
            field="code_type",
        )
    if kind == CITIZEN_ID:
        return HolderCode(kind, parse_citizen_id(typed, today=today).number)
    if kind == ORGANISATION_CODE:
        return HolderCode(kind, parse_uscc(typed))
    number = canonical(typed)
    if not _OTHER.fullmatch(number):
        raise InvalidInput(
            "holder-code-invalid",
            Text("证件号码应为 4 到 30 位字母和数字。", "The number takes 4 to 30 letters and digits."),
            field="code",
        )
    return HolderCode(kind, number)


def mask_code(code: HolderCode) -> str:
    """As shown wherever the number is not being typed."""
    number = code.number
    if code.kind == CITIZEN_ID:
        return f"{number[:6]} ******** {number[14:]}"
    if code.kind == ORGANISATION_CODE:
        return f"{number[:2]} {number[2:8]} {number[8:17]} {number[17:]}"  # public, only grouped
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"
