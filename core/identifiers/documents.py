"""Documents by which a natural person is known: one canonical form, and one key, for each.

Citizen ID cards (GB 11643); residence permits of Hong Kong, Macao and Taiwan residents (港澳台居民居住证) and the
foreigner's permanent residence card of 2023, whose 18 characters are built in the same way and share one number space;
travel permits to the mainland (回乡证, 台胞证), whose number stays with the person while the last digits count how
often it was issued; passports (ICAO Doc 9303-3, -4), whose numbers are unique for their issuer only.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from core.errors import InvalidInput
from core.identifiers.citizen_id import CitizenId, parse_citizen_id
from core.identifiers.countries import issuer
from core.identifiers.normal import canonical
from core.text import Text

_MAX_TYPED = 64


class DocumentKind(StrEnum):
    """Which document; the value is also the kind of its blind index."""

    CITIZEN_ID = "citizen-id"
    RESIDENCE_PERMIT = "residence-permit"  # 港澳台居民居住证
    FOREIGN_RESIDENT = "foreign-resident"  # 外国人永久居留身份证
    HK_MACAO_PERMIT = "hk-macao-permit"  # 港澳居民来往内地通行证
    TAIWAN_PERMIT = "taiwan-permit"  # 台湾居民来往大陆通行证
    PASSPORT = "passport"


NAMES: Final = {
    DocumentKind.CITIZEN_ID: Text("居民身份证", "Citizen ID card"),
    DocumentKind.RESIDENCE_PERMIT: Text(
        "港澳台居民居住证", "Residence permit for Hong Kong, Macao and Taiwan residents"
    ),
    DocumentKind.FOREIGN_RESIDENT: Text("外国人永久居留身份证", "Foreigner's permanent residence card"),
    DocumentKind.HK_MACAO_PERMIT: Text(
        "港澳居民来往内地通行证", "Mainland travel permit for Hong Kong and Macao residents"
    ),
    DocumentKind.TAIWAN_PERMIT: Text("台湾居民来往大陆通行证", "Mainland travel permit for Taiwan residents"),
    DocumentKind.PASSPORT: Text("护照", "Passport"),
}
_PERMIT_PLACES = ("810000", "820000", "830000")
_FOREIGNER = "9"
_HK_MACAO = re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?", re.ASCII)
_TAIWAN = re.compile(r"([0-9]{8})(?:[0-9]{2}(?:\(?[A-Z]\)?)?)?", re.ASCII)
_OLD_FOREIGN_RESIDENT = re.compile(r"([A-Z]{3})[0-9]{12}", re.ASCII)
_PASSPORT = re.compile(r"(?=[A-Z0-9]*[0-9])[A-Z0-9]{5,12}", re.ASCII)
_LOOK_ALIKE = str.maketrans("OI", "01")


@dataclass(frozen=True, slots=True)
class Document:
    """A document in canonical form.

    Attributes:
        state: who issued a passport; empty for the others.
    """

    kind: DocumentKind
    number: str = field(repr=False)
    state: str = ""

    @property
    def citizen_id(self) -> CitizenId | None:
        """The number as one of GB 11643, whose date of birth and sex are derived from it."""
        return CitizenId(self.number) if self.kind is DocumentKind.CITIZEN_ID else None

    @property
    def key(self) -> str:
        """What stands for the document in an index, together with its kind.

        Letters that printers and people take for digits are the digits here: whoever reads them otherwise is no
        second person.
        """
        return f"{self.state}{self.number.translate(_LOOK_ALIKE)}"

    @property
    def birth_date(self) -> dt.date | None:
        return None if self.citizen_id is None else self.citizen_id.birth_date

    @property
    def sex(self) -> Literal["male", "female"] | None:
        return None if self.citizen_id is None else self.citizen_id.sex

    @property
    def masked(self) -> str:
        """As shown wherever it is not being typed."""
        if self.citizen_id is not None:
            return self.citizen_id.masked
        hidden = f"{self.number[:2]}{'*' * (len(self.number) - 4)}{self.number[-2:]}"
        return f"{self.state} {hidden}" if self.state else hidden


def parse_document(kind: DocumentKind, typed: str, *, state: str = "", today: dt.date) -> Document:
    """Read a document's number in any form people type it.

    Whatever has 18 characters of GB 11643 is answered as `CITIZEN_ID`, under whichever name it was typed: the cards
    differ and the number space is one.

    Args:
        state: the issuer's code as printed on a passport; ignored for the others.

    Raises:
        InvalidInput: `document-invalid`, `document-issuer`, or what a citizen ID number raises; field `id_number` or
            `issuer`. The message never echoes the number.
    """
    number = canonical(typed[:_MAX_TYPED])
    if kind is DocumentKind.CITIZEN_ID:
        return Document(kind, parse_citizen_id(number, today=today).number)
    if kind is DocumentKind.RESIDENCE_PERMIT:
        return _like_a_citizens(kind, number, today, number.startswith(_PERMIT_PLACES))
    if kind is DocumentKind.FOREIGN_RESIDENT:
        return _foreign_resident(number, today)
    if kind is DocumentKind.PASSPORT:
        return _passport(number, canonical(state[:_MAX_TYPED]))
    match = (_HK_MACAO if kind is DocumentKind.HK_MACAO_PERMIT else _TAIWAN).fullmatch(number)
    if match is None:
        raise _invalid(kind)
    return Document(kind, match[1])


def _like_a_citizens(kind: DocumentKind, number: str, today: dt.date, belongs: bool) -> Document:
    if len(number) != 18 or not belongs:
        raise _invalid(kind)
    return Document(DocumentKind.CITIZEN_ID, parse_citizen_id(number, today=today).number)


def _foreign_resident(number: str, today: dt.date) -> Document:
    """The card of 2023 has 18 characters; the one before has the code of a state and twelve digits."""
    old = _OLD_FOREIGN_RESIDENT.fullmatch(number)
    if old is None:
        return _like_a_citizens(DocumentKind.FOREIGN_RESIDENT, number, today, number.startswith(_FOREIGNER))
    if issuer(old[1]) is None:
        raise _invalid(DocumentKind.FOREIGN_RESIDENT)
    return Document(DocumentKind.FOREIGN_RESIDENT, number)


def _passport(number: str, state: str) -> Document:
    issued_by = issuer(state)
    if issued_by is None:
        raise InvalidInput(
            "document-issuer",
            Text(
                "签发国代码是护照上印的三个字母，例如 SGP。请再核一遍。",
                "The issuing state is the three letters printed on the passport, as SGP. Check them again.",
            ),
            field="issuer",
        )
    if not _PASSPORT.fullmatch(number):
        raise _invalid(DocumentKind.PASSPORT)
    return Document(DocumentKind.PASSPORT, number, issued_by)


def _invalid(kind: DocumentKind) -> InvalidInput:
    text = Text(
        "{zh}的号码不对，请对着证件再核一遍。", "Not the number of a document of this kind ({en}). Check it again."
    )
    return InvalidInput("document-invalid", text.format(zh=NAMES[kind].zh, en=NAMES[kind].en), field="id_number")
