"""What stands on a licence's face and in its metadata: values out of the licence, words out of its type."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from certstore.codes import CODE_TYPES
from certstore.metadata import Annotation, Extension, HolderMetadata, LicenceMetadata
from certstore.model import FIXED_FIELDS, HOLDER_CODE, HOLDER_NAME, NUMBER, Colour, LicenceType, LicenceVersion, Scalar
from certstore.schema import face_fields, holder_title
from core.clock import calendar_day
from core.text import Text

INK: dict[Colour, str] = {
    Colour.PINE: "#174c3e",
    Colour.BLUE: "#2c4a70",
    Colour.OCHRE: "#6f4a0c",
    Colour.PLUM: "#64344f",
}
VALIDITY = "validity"
_LONG_RUN = re.compile(r"[!-~]{24,}")
_ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One line of a face; `value` is None where a copy does not give it."""

    name: str
    title: Text
    value: str | None
    unit: str = ""
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class CopyNote:
    """What makes a face a copy for one use."""

    copy_id: str
    requester: Text
    item: Text
    case_number: str
    made_at: dt.datetime
    expires_on: dt.date


@dataclass(frozen=True, slots=True)
class FaceSource:
    """Everything that a face is made from.

    Attributes:
        shown: names of the fields to show; None shows all (the original).
    """

    licence_type: LicenceType
    version: LicenceVersion
    issuer: str
    issuer_name: Text
    verify_address: str
    shown: Collection[str] | None = None
    note: CopyNote | None = None

    def shows(self, name: str) -> bool:
        return self.shown is None or name in self.shown


def face_rows(source: FaceSource) -> list[FaceRow]:
    """The rows in the order of the face: holders, the type's own elements, validity."""
    version = source.version
    names = "、".join(holder.name for holder in version.holders)
    codes = "、".join(holder.code.number for holder in version.holders)
    rows = [
        _row(source, HOLDER_NAME, holder_title(source.licence_type.schema), names, emphasis=True),
        _row(source, HOLDER_CODE, FIXED_FIELDS[HOLDER_CODE], codes),
    ]
    for field in face_fields(source.licence_type.schema):
        if field.name in version.data:
            value = _shown_value(version.data[field.name])
            rows.append(_row(source, field.name, field.title, value, unit=field.unit))
    rows.append(FaceRow(VALIDITY, Text("有效期", "Valid"), _validity(version)))
    return rows


def face_json(source: FaceSource) -> dict[str, object]:
    """The values that a face template takes. Text only: a template sets them, it never evaluates them."""
    version, note = source.version, source.note
    issued = calendar_day(version.issued_at)
    return {
        "title": source.licence_type.name.zh,
        "subtitle": "电子证照 · 加注件" if note else "电子证照",
        "colour": INK[source.licence_type.colour],
        "number_line": f"编号 {breakable(version.licence_number)}" if source.shows(NUMBER) else "编号　不提供",
        "identifier": version.identifier,
        "issuer": source.issuer_name.zh,
        "issued_on": long_date(issued),
        "date": [issued.year, issued.month, issued.day],
        "verify_address": source.verify_address,
        "statement": _statement(source),
        "rows": [
            {
                "title": row.title.zh,
                "value": None if row.value is None else breakable(row.value),
                "unit": row.unit,
                "emphasis": row.emphasis,
            }
            for row in face_rows(source)
        ],
        "copy": _copy_json(note) if note else None,
    }


def face_metadata(source: FaceSource) -> LicenceMetadata:
    """The metadata that go into the file (GB/T 36903)."""
    version, note = source.version, source.note
    given = [field for field in face_fields(source.licence_type.schema) if field.name in version.data]
    return LicenceMetadata(
        identifier=version.identifier,
        type_name=source.licence_type.name.zh,
        type_code=source.licence_type.code,
        title=source.licence_type.name.zh,
        number=version.licence_number if source.shows(NUMBER) else None,
        version=f"{version.number:03d}",
        issuer_name=source.issuer_name.zh,
        issuer_code=source.issuer,
        authority=source.licence_type.authority,
        issued_on=calendar_day(version.issued_at),
        holders=[
            HolderMetadata(
                holder.code.kind,
                holder.name if source.shows(HOLDER_NAME) else None,
                holder.code if source.shows(HOLDER_CODE) else None,
            )
            for holder in version.holders
        ],
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        extensions=[
            Extension(field.code, field.title.zh, plain(version.data[field.name]) if source.shows(field.name) else None)
            for field in given
        ],
        annotation=_annotation(note) if note else None,
        based_on=version.based_on,
    )


def plain(value: Scalar) -> str:
    """A face value as text: no exponent, 是 and 否 for yes and no."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return format(Decimal(str(value)), "f") if isinstance(value, int | float) else value


def long_date(day: dt.date) -> str:
    return f"{day.year} 年 {day.month:02d} 月 {day.day:02d} 日"


def breakable(text: str) -> str:
    """Long runs of Latin letters and digits get invisible places to break, so that none leaves the page."""
    return _LONG_RUN.sub(lambda run: _ZERO_WIDTH_SPACE.join(_pieces(run.group(), 12)), text)


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _row(source: FaceSource, name: str, title: Text, value: str, *, unit: str = "", emphasis: bool = False) -> FaceRow:
    return FaceRow(name, title, value if source.shows(name) else None, f" {unit}" if unit else "", emphasis)


def _shown_value(value: Scalar) -> str:
    text = plain(value)
    try:
        return long_date(dt.date.fromisoformat(text)) if len(text) == 10 else text
    except ValueError:
        return text


def _validity(version: LicenceVersion) -> str:
    if version.valid_until is None:
        return f"{long_date(version.valid_from)}起，长期"
    return f"{long_date(version.valid_from)}至 {long_date(version.valid_until)}"


def _statement(source: FaceSource) -> str:
    holder = source.version.holders[0]
    name = holder.name if source.shows(HOLDER_NAME) else "持证人"
    code = f"（{CODE_TYPES[holder.code.kind].name.zh} {holder.code.number}）" if source.shows(HOLDER_CODE) else ""
    return f"{name}{code}在本机关登记的情况如下，特此证明。"


def _copy_json(note: CopyNote) -> Mapping[str, object]:
    until = note.expires_on.isoformat()
    return {
        "watermark": [f"仅供{note.requester.zh}", f"办理{note.item.zh}", f"{until} 前有效"],
        "rows": [
            ["加注件编号", breakable(note.copy_id)],
            ["使用单位", note.requester.zh],
            ["用途", f"{note.item.zh}（{breakable(note.case_number)}）"],
            ["有效至", until],
        ],
    }


def _annotation(note: CopyNote) -> Annotation:
    purpose = f"{note.item.zh}（{note.case_number}）"
    return Annotation(note.copy_id, note.made_at, note.requester.zh, purpose, note.expires_on)
