"""What people type to say who they are: an ID number in any form, or a mobile phone number."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.normal import canonical
from core.text import Text

CITIZEN_ID = "citizen-id"
PHONE = "phone"
_PHONE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})", re.ASCII)
_MAX_TYPED = 64


@dataclass(frozen=True, slots=True)
class Identifier:
    """A canonical identifier; `kind` is also the kind of its blind index."""

    kind: str
    value: str = field(repr=False)


def parse_phone(typed: str) -> str:
    """Eleven digits, without the country code 86.

    Raises:
        InvalidInput: `phone-invalid`.
    """
    match = _PHONE.fullmatch(canonical(typed[:_MAX_TYPED]))
    if match is None:
        raise InvalidInput(
            "phone-invalid",
            Text("手机号应为 11 位，请再核一遍。", "A mobile number has 11 digits. Check it again."),
            field="phone",
        )
    return match[1]


def parse_identifier(typed: str, *, today: dt.date) -> Identifier:
    """
    Raises:
        InvalidInput: neither an ID number nor a phone number; `field` is `identifier`. Says nothing about accounts.
    """
    text = canonical(typed[:_MAX_TYPED])
    match = _PHONE.fullmatch(text)
    if match is not None:
        return Identifier(PHONE, match[1])
    if not text:
        raise InvalidInput(
            "identifier-missing",
            Text("请填写身份证号或手机号。", "Enter your ID number or mobile number."),
            field="identifier",
        )
    try:
        return Identifier(CITIZEN_ID, parse_citizen_id(text, today=today).number)
    except InvalidInput as error:
        raise InvalidInput(error.code, error.text, field="identifier") from None
