"""Codes of holders' numbers, 持证主体代码类型 (GB/T 36903-2018 Annex A), and how each is read.

Kept as data with a source per row: the rows beyond 111 and 001 are as implementers use them. Annex A knows persons and
organisations; a licence about a thing (a vehicle, a property, a device) names the thing by a number of its own kind, in
rows that are ours. Things hold no accounts: they neither consent nor apply, their owners do.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.normal import canonical
from core.identifiers.things import parse_estate_unit, parse_vin
from core.identifiers.uscc import parse_uscc
from core.text import Text

CITIZEN_ID = "111"
ORGANISATION_CODE = "001"
VIN, ESTATE_UNIT, THING = "vin", "estate", "thing"
_OTHER = re.compile(r"[0-9A-Z]{4,30}")
_OURS = "our own: Annex A has no row for things"


class Bearer(StrEnum):
    """What a kind of number belongs to."""

    PERSON = "person"
    ORGANISATION = "organisation"
    THING = "thing"


@dataclass(frozen=True, slots=True)
class CodeType:
    """One row of the table."""

    code: str
    name: Text
    source: str
    bearer: Bearer = Bearer.PERSON


CODE_TYPES: dict[str, CodeType] = {
    row.code: row
    for row in (
        CodeType(CITIZEN_ID, Text("公民身份号码", "citizen identity number"), "GB/T 36903 Annex A"),
        CodeType(
            ORGANISATION_CODE,
            Text("统一社会信用代码", "unified social credit code"),
            "GB/T 36903 Annex A",
            Bearer.ORGANISATION,
        ),
        CodeType("099", Text("其他组织有效证件", "other document of an organisation"), "in use", Bearer.ORGANISATION),
        CodeType("112", Text("临时居民身份证", "temporary identity card"), "GA/T 517, in use"),
        CodeType("414", Text("普通护照", "passport"), "GA/T 517, in use"),
        CodeType("511", Text("台湾居民来往大陆通行证", "travel permit of Taiwan residents"), "GA/T 517, in use"),
        CodeType("516", Text("港澳居民来往内地通行证", "travel permit of HK and Macao residents"), "GA/T 517, in use"),
        CodeType("553", Text("外国人永久居留身份证", "foreigner's permanent residence card"), "GA/T 517, in use"),
        CodeType("999", Text("其他自然人有效证件", "other document of a person"), "in use"),
        CodeType(VIN, Text("车辆识别代号", "vehicle identification number"), _OURS, Bearer.THING),
        CodeType(ESTATE_UNIT, Text("不动产单元代码", "real estate unit code"), _OURS, Bearer.THING),
        CodeType(THING, Text("其他物的自有编码", "own number of another thing"), _OURS, Bearer.THING),
    )
}


@dataclass(frozen=True, slots=True)
class HolderCode:
    """A holder's number with its kind, in canonical form."""

    kind: str
    number: str = field(repr=False)

    @property
    def bearer(self) -> Bearer:
        return CODE_TYPES[self.kind].bearer


_READERS: dict[str, Callable[[str], str]] = {
    ORGANISATION_CODE: parse_uscc,
    VIN: parse_vin,
    ESTATE_UNIT: parse_estate_unit,
}


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
    if kind in _READERS:
        return HolderCode(kind, _READERS[kind](typed))
    number = canonical(typed)
    if not _OTHER.fullmatch(number):
        raise InvalidInput(
            "holder-code-invalid",
            Text("证件号码应为 4 到 30 位字母和数字。", "The number takes 4 to 30 letters and digits."),
            field="code",
        )
    return HolderCode(kind, number)


def parse_party(kind: str, typed: str, *, today: dt.date) -> HolderCode:
    """The number of somebody who can apply, consent or act: a person or an organisation.

    Raises:
        InvalidInput: `holder-is-a-thing`, or as `parse_holder_code`.
    """
    code = parse_holder_code(kind, typed, today=today)
    if code.bearer is Bearer.THING:
        raise InvalidInput(
            "holder-is-a-thing",
            Text(
                "这是物的编码。办事和同意要用人或单位的号码，请写所有人的。",
                "This is the number of a thing. People and organisations apply and consent: give its owner's.",
            ),
            field="code_type",
        )
    return code


def usual_kind(typed: str) -> str:
    """The kind that a number most likely is, by its form: for fields in which people type any of them."""
    number = canonical(typed)
    if len(number) == 18 and not number[:17].isdigit():
        return ORGANISATION_CODE
    for kind in (VIN, ESTATE_UNIT):
        try:
            _READERS[kind](number)
        except InvalidInput:
            continue
        return kind
    return CITIZEN_ID if 15 <= len(number) <= 19 and number[:6].isdigit() else THING


def mask_code(code: HolderCode) -> str:
    """As shown wherever the number is not being typed."""
    number = code.number
    if code.kind == CITIZEN_ID:
        return f"{number[:6]} ******** {number[14:]}"
    if code.kind == ORGANISATION_CODE:
        return f"{number[:2]} {number[2:8]} {number[8:17]} {number[17:]}"  # public, only grouped
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"
