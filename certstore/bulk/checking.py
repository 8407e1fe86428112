"""One row of a register into what a licence says, or into what is wrong with it (pure).

A fault names the target and a stable code, never a value: the row itself stands in the errors file, which only the
register's own authority gets.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from certstore.bulk.mapping import (
    HOLDER_CODE,
    HOLDER_CODE_TYPE,
    HOLDER_NAME,
    IDENTIFIER,
    NUMBER,
    VALID_FROM,
    VALID_UNTIL,
)
from certstore.bulk.reading.table import TableRow
from certstore.catalogue import validity_of
from certstore.codes import CITIZEN_ID, ORGANISATION_CODE, usual_kind
from certstore.errors import DataInvalid
from certstore.identifier import parse_identifier
from certstore.making import HolderInput, VersionContent, check_first_day, check_holders, check_number
from certstore.model import Holder, HolderKind, LicenceType, Validity
from certstore.schema import check_data
from core.errors import InvalidInput
from core.identifiers.citizen_id import CitizenId

LONG_TERM = ("长期", "长期有效", "永久", "long-term")
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?")
_SEVERAL = re.compile(r"[;；,，、]")
_NUMERAL = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_TRUE, _FALSE = ("是", "true", "1", "有", "y"), ("否", "false", "0", "无", "n")


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """What came of a row.

    Attributes:
        content: None when there are faults.
        based_on: the identifier that the register gives, in its canonical spelling.
        findings: what the report counts, also of faulty rows.
    """

    number: int
    content: VersionContent | None = field(repr=False)
    based_on: str | None
    faults: Sequence[tuple[str, str]]
    findings: Sequence[str]


class RowCheck:
    """Checks rows of one import.

    Args:
        columns: target → column title, complete (`certstore.bulk.mapping.checked_mapping`).
    """

    def __init__(self, licence_type: LicenceType, header: Sequence[str], columns: Mapping[str, str]) -> None:
        self._type = licence_type
        self._places = {target: list(header).index(title) for target, title in columns.items()}
        properties = licence_type.schema["properties"]
        assert isinstance(properties, Mapping)
        self._kinds = {str(name): str(rule["type"]) for name, rule in properties.items()}

    def __call__(self, row: TableRow, today: dt.date) -> CheckedRow:
        if row.fault:
            return CheckedRow(row.number, None, None, (("row", row.fault),), ())
        values = {target: row.cells[place].strip() for target, place in self._places.items()}
        faults: list[tuple[str, str]] = []
        findings = [f"filled:{target}" for target, value in values.items() if value]
        holders = self._holders(values, today, faults, findings)
        number = self._number(values, faults)
        data = self._data(values, faults)
        dates = self._dates(values, today, faults, findings)
        based_on = self._identifier(values, faults, findings)
        if faults or dates is None:
            return CheckedRow(row.number, None, None, tuple(faults), tuple(findings))
        content = VersionContent(holders, data, number, *dates)
        return CheckedRow(row.number, content, based_on, (), tuple(findings))

    def _holders(
        self, values: Mapping[str, str], today: dt.date, faults: list[tuple[str, str]], findings: list[str]
    ) -> tuple[Holder, ...]:
        codes, names = _several(values[HOLDER_CODE]), _several(values[HOLDER_NAME])
        missing = [(target, "missing") for target, found in ((HOLDER_CODE, codes), (HOLDER_NAME, names)) if not found]
        if missing or len(codes) != len(names):
            faults += missing or [(HOLDER_CODE, "holders-uneven")]
            return ()
        kind = values.get(HOLDER_CODE_TYPE)
        try:
            typed = [
                HolderInput(kind or self._usual_kind(code), code, name) for code, name in zip(codes, names, strict=True)
            ]
            holders = check_holders(typed, self._type, today)
        except InvalidInput as error:
            faults.append((HOLDER_NAME if error.field == "name" else HOLDER_CODE, error.code))
            return ()
        findings += _about(holders, codes)
        return holders

    def _usual_kind(self, code: str) -> str:
        if self._type.holder_kind is HolderKind.ORGANISATION:
            return ORGANISATION_CODE
        if self._type.holder_kind is HolderKind.PERSON:
            return CITIZEN_ID
        if self._type.holder_kind is HolderKind.THING:
            return usual_kind(code)
        return CITIZEN_ID if re.fullmatch(r"\d{17}[\dXx]|\d{15}", code) else ORGANISATION_CODE

    def _number(self, values: Mapping[str, str], faults: list[tuple[str, str]]) -> str:
        if not values[NUMBER]:
            faults.append((NUMBER, "missing"))
            return ""
        try:
            return check_number(values[NUMBER]) or ""
        except InvalidInput as error:
            faults.append((NUMBER, error.code))
            return ""

    def _data(self, values: Mapping[str, str], faults: list[tuple[str, str]]) -> dict[str, object]:
        data: dict[str, object] = {}
        for target, value in values.items():
            name = target.removeprefix("data.")
            if name == target or not value:
                continue
            typed = _typed(value, self._kinds[name])
            if typed is None:
                faults.append((target, "not-of-its-kind"))
            else:
                data[name] = typed
        if not any(target.startswith("data.") for target, _ in faults):
            try:
                check_data(self._type.schema, data)
            except DataInvalid as error:
                faults.append((f"data.{error.field}", error.code))
        return data

    def _dates(
        self, values: Mapping[str, str], today: dt.date, faults: list[tuple[str, str]], findings: list[str]
    ) -> tuple[dt.date, dt.date | None] | None:
        first, until_text = parse_date(values[VALID_FROM]), values.get(VALID_UNTIL, "")
        if first is None:
            faults.append((VALID_FROM, "date-invalid" if values[VALID_FROM] else "missing"))
            return None
        last = None if until_text in LONG_TERM else parse_date(until_text)
        if until_text and last is None and until_text not in LONG_TERM:
            faults.append((VALID_UNTIL, "date-invalid"))
            return None
        try:
            check_first_day(first, today)
            if not until_text:
                last = validity_of(self._type.validity, first, None)
        except InvalidInput as error:
            faults.append((VALID_UNTIL if error.field == VALID_UNTIL else VALID_FROM, error.code))
            return None
        if last is not None and last < first:
            faults.append((VALID_UNTIL, "date-before-first"))
            return None
        findings += _about_dates(self._type, first, last, today)
        return first, last

    def _identifier(self, values: Mapping[str, str], faults: list[tuple[str, str]], findings: list[str]) -> str | None:
        if not values.get(IDENTIFIER):
            return None
        try:
            identifier = parse_identifier(values[IDENTIFIER])
        except InvalidInput as error:
            faults.append((IDENTIFIER, error.code))
            return None
        findings.append(f"identifier:{identifier.judgement.value}")
        if identifier.type_code != self._type.code:
            findings.append("identifier:other-type")
        return identifier.text


def parse_date(text: str) -> dt.date | None:
    """A calendar day in the spellings of Chinese registers; None for anything else."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError:
        return None


def _several(text: str) -> list[str]:
    return [part.strip() for part in _SEVERAL.split(text) if part.strip()]


def _typed(value: str, kind: str) -> object | None:
    """The value in the schema's type; None when it is not of it."""
    if kind == "string":
        return value
    if kind == "boolean":
        folded = value.casefold()
        return True if folded in _TRUE else False if folded in _FALSE else None
    plain = value.replace(",", "")
    if not _NUMERAL.fullmatch(plain):  # no `nan`, `1_000` or `1e999`, which Python would take
        return None
    if kind == "number":
        return float(plain)
    return int(plain) if "." not in plain else None


def _about(holders: Sequence[Holder], typed: Sequence[str]) -> list[str]:
    found: Counter[str] = Counter()
    for holder, code in zip(holders, typed, strict=True):
        if holder.code.kind != CITIZEN_ID:
            continue
        if len(code) == 15:
            found["id:15-digits"] += 1
        if not CitizenId(holder.code.number).place_is_known:
            found["id:place-unknown"] += 1
    return list(found.elements())


def _about_dates(licence_type: LicenceType, first: dt.date, last: dt.date | None, today: dt.date) -> list[str]:
    found = [f"year:{first.year}"]
    if last is not None and last < today:
        found.append("expired")
    rule = licence_type.validity
    if rule.kind is not Validity.STATED and last != validity_of(rule, first, None):
        found.append("validity-differs")
    return found
