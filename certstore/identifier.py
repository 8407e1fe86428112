"""Electronic licence identifiers, 电子证照标识 (GB/T 36904-2018).

`1.2.156.3005.2 . TYPE . ISSUER . SERIAL . VERSION . CHECK`; the check character is ISO 7064 MOD 37,36
(GB/T 17710) over TYPE, ISSUER, SERIAL and VERSION without dots. We issue strictly and judge what others
issued: an older routine of a large vendor gives other check characters, and such licences are in use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from stdnum.exceptions import ValidationError

from core.errors import InvalidInput
from core.identifiers.normal import canonical
from core.identifiers.uscc import parse_uscc
from core.text import Text

ROOT = "1.2.156.3005.2"
_TYPE = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_ISSUER = re.compile(r"[0-9A-Z]{18}|[0-9]{6}")  # a few old ones carry a 6-digit division code
_SERIAL = re.compile(r"[0-9A-Z]{1,64}")
_VERSION = re.compile(r"[0-9]{3}")
_CHECK = re.compile(r"[0-9A-Z]")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


class Check(StrEnum):
    """By which routine the check character is right."""

    STANDARD = "standard"
    VENDOR_VARIANT = "vendor_variant"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class LicenceIdentifier:
    """The parts of one identifier and what its check character says."""

    type_code: str
    issuer: str
    serial: str
    version: str
    check: str

    @property
    def text(self) -> str:
        parts = (ROOT, self.type_code, self.issuer, self.serial, self.version, self.check)
        return ".".join(parts)

    @property
    def judgement(self) -> Check:
        """The standard is tried first: the two routines agree by chance about once in 36."""
        body = self.type_code + self.issuer + self.serial + self.version
        if self.check == check_character(body):
            return Check.STANDARD
        return Check.VENDOR_VARIANT if self.check == vendor_check_character(body) else Check.WRONG


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 over `body` (digits and capital letters, no dots)."""
    product = 36
    for character in body:
        total = (product + _VALUES[character]) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]


def vendor_check_character(body: str) -> str:
    """What the vendor's older routine gives: letters count A=11…Z=36 and sums wrap late.

    >>> vendor_check_character("11100000000013661B006113700000045046442209FA4E88F9E4C878F3E9BED2CE7EA49001")
    'M'
    """
    product = 36
    for character in body:
        letter = character.isalpha()
        total = product + (ord(character) - ord("A") + 11 if letter else int(character))
        modulus = 37 if letter else 36
        if total > modulus:
            total %= modulus
        total = total % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(36 - product) % 36]


def make_identifier(*, type_code: str, issuer: str, serial: str, version: int) -> LicenceIdentifier:
    """A new identifier, strictly by the standard.

    Raises:
        InvalidInput: `licence-type-code-invalid`, `uscc-invalid` or `identifier-invalid`.
    """
    parse_type_code(type_code)
    parse_uscc(issuer)
    if not _SERIAL.fullmatch(serial) or not 1 <= version <= 999:
        raise _invalid("serial or version")
    body = f"{type_code}{issuer}{serial}{version:03d}"
    return LicenceIdentifier(type_code, issuer, serial, f"{version:03d}", check_character(body))


def parse_identifier(typed: str) -> LicenceIdentifier:
    """Read an identifier in any form people paste it; a wrong check character is judged, not refused.

    Raises:
        InvalidInput: `identifier-invalid`, when it is no identifier at all.
    """
    text = canonical(typed)
    parts = text.removeprefix(f"{ROOT}.").split(".")
    forms = (_TYPE, _ISSUER, _SERIAL, _VERSION, _CHECK)
    if not text.startswith(f"{ROOT}.") or len(parts) != 5 or not text.isascii():
        raise _invalid("root or number of parts")
    if not all(form.fullmatch(part) for form, part in zip(forms, parts, strict=True)):
        raise _invalid("form of a part")
    return LicenceIdentifier(*parts)


def spellings(identifier: LicenceIdentifier) -> tuple[str, ...]:
    """The forms under which a register may hold it: as given first, then with the check character of the other routine.

    One whose check character fits neither routine is a slip of the pen and names nothing else than it says.
    """
    if identifier.judgement is Check.WRONG:
        return (identifier.text,)
    body = identifier.type_code + identifier.issuer + identifier.serial + identifier.version
    checks = (identifier.check, check_character(body), vendor_check_character(body))
    return tuple(dict.fromkeys(replace(identifier, check=check).text for check in checks))


def parse_type_code(typed: str) -> str:
    """A licence type code: 18 characters of the defining authority's USCC and a 3-digit ordinal.

    Raises:
        InvalidInput: `licence-type-code-invalid`.
    """
    code = canonical(typed)
    try:
        if not _TYPE.fullmatch(code):
            raise ValidationError
        parse_uscc(code[:18])
    except (ValidationError, InvalidInput):
        raise InvalidInput(
            "licence-type-code-invalid",
            Text(
                "证照类型代码应为 21 位：定义机构的统一社会信用代码加 3 位顺序号。",
                "A licence type code has 21 characters: the defining authority's unified social credit code "
                "and a 3-digit ordinal.",
            ),
            field="type",
        ) from None
    return code


def _invalid(private: str) -> InvalidInput:
    return InvalidInput(
        "identifier-invalid",
        Text(
            "这不是电子证照标识。它以 1.2.156.3005.2 开头，由点分成十段。",
            "Not an electronic licence identifier. It begins with 1.2.156.3005.2 and dots part it into ten.",
        ),
        field="identifier",
        private=private,
    )
