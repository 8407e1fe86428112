"""Why data are used: read from the request, checked, and kept free of personal data."""

from __future__ import annotations

import re

from stdnum.iso7064 import mod_11_2

from core.errors import InvalidInput
from core.principal import Purpose
from core.text import Text

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/\-]{0,63}")
_MAYBE_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
MAX_BASIS = 200


def parse_purpose(service_item: str | None, case_number: str | None, basis: str | None) -> Purpose:
    """A purpose with service item, case number and basis, all three obligatory (GB/T 36906 practice: useCause).

    Raises:
        InvalidInput: `purpose-missing`, `purpose-invalid` or `purpose-personal`.
    """
    parts = {"service_item": service_item, "case_number": case_number, "basis": basis}
    values = {name: value.strip() if value else "" for name, value in parts.items()}
    for name, value in values.items():
        if not value:
            raise InvalidInput(
                "purpose-missing",
                Text(
                    "请写明为什么要用：事项编码、办件编号和依据，缺一不可。",
                    "Say what the data are for: service item, case number and basis; all three are needed.",
                ),
                field=name,
            )
        check_no_id_number(value, name)
        form = value.isprintable() and len(value) <= MAX_BASIS if name == "basis" else bool(_CODE.fullmatch(value))
        if not form:
            raise InvalidInput(
                "purpose-invalid",
                Text(
                    "事项编码和办件编号只用字母、数字和 . _ / - ，至多 64 位；依据至多 200 字。",
                    "Service item and case number take letters, digits and . _ / - up to 64; the basis up to 200 "
                    "characters.",
                ),
                field=name,
            )
    return Purpose(**values)


def parse_face_to_face(service_item: str | None, case_number: str | None, basis: str | None) -> Purpose:
    """A purpose where the holder stands there and shows it: the basis is obligatory, a case is named if there is one.

    Raises:
        InvalidInput: `purpose-missing`, `purpose-invalid` or `purpose-personal`.
    """
    item, case = (value.strip() if value else "" for value in (service_item, case_number))
    parsed = parse_purpose(item or "0", case or "0", basis)
    return Purpose(parsed.service_item if item else None, parsed.case_number if case else None, parsed.basis)


def check_no_id_number(text: str, field: str) -> None:
    """Purposes and reasons are shown and logged, so nobody's ID number may stand in them.

    Raises:
        InvalidInput: `purpose-personal`.
    """
    for found in _MAYBE_ID_NUMBER.findall(text):
        if mod_11_2.is_valid(found.upper()):
            raise InvalidInput(
                "purpose-personal",
                Text(
                    "这里不能写身份证号：它会进入查询记录。请改写办件编号。",
                    "No ID number may stand here, for it is kept in the access log. Use the case number.",
                ),
                field=field,
            )
