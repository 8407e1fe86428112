"""Sample faces: an invented holder and values that fit the type's schema, for previews and for trying a template."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from certstore.codes import CITIZEN_ID, ORGANISATION_CODE, THING, HolderCode
from certstore.face import CopyNote, FaceSource
from certstore.history import GENESIS
from certstore.identifier import make_identifier
from certstore.model import (
    Colour,
    Holder,
    HolderKind,
    LicenceType,
    LicenceVersion,
    Scalar,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.schema import face_fields
from core.clock import SHANGHAI
from core.text import Text

_OFFICE = "11410199DEMA00025B"
_DAY = dt.date(2026, 1, 31)
_MOMENT = dt.datetime(2026, 1, 31, 9, 0, tzinfo=SHANGHAI)
_OFFICE_NAME = Text("示例市示例局", "Sample Bureau")
_PERSON = Holder(HolderCode(CITIZEN_ID, "410199199001010017"), "示例人")
_HOLDERS = {
    HolderKind.ORGANISATION: Holder(HolderCode(ORGANISATION_CODE, _OFFICE), "示例市示例有限公司"),
    HolderKind.THING: Holder(HolderCode(THING, "SHILI2026000001"), "示例设备"),
}


def sample_type() -> LicenceType:
    """A type with one element of each kind, some of them long."""
    words = {"mask": "none"}
    properties: dict[str, Any] = {
        "place": {"type": "string", "maxLength": 400, "x-face": words | _title("坐落", "Place", "KZ_ZL")},
        "area": {"type": "number", "x-face": words | _title("面积", "Area", "KZ_MJ") | {"unit": "m²"}},
        "since": {"type": "string", "format": "date", "x-face": words | _title("登记日期", "Since", "KZ_RQ")},
        "shared": {"type": "boolean", "x-face": words | _title("是否共有", "Shared", "KZ_GY")},
        "scope": {"type": "string", "maxLength": 400, "x-face": words | _title("许可范围", "Scope", "KZ_FW")},
    }
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return LicenceType(
        code=_OFFICE + "999",
        version=1,
        name=Text("示例证照", "Sample Licence"),
        authority=_OFFICE,
        issuers=(_OFFICE,),
        holder_kind=HolderKind.PERSON,
        colour=Colour.PINE,
        schema=schema,
        validity=ValidityRule(Validity.YEARS, 3),
        sharing=Sharing.CONSENT,
        template="certificate",
        one_per_holder=False,
        created_at=_MOMENT,
    )


def sample_source(licence_type: LicenceType, verify_address: str, *, copy: bool = False) -> FaceSource:
    """A face of the type; as a copy it leaves the last element out, as copies do."""
    identifier = make_identifier(type_code=licence_type.code, issuer=_OFFICE, serial="20260131SAMPLE00", version=1)
    fields = [one.name for one in face_fields(licence_type.schema)]
    version = LicenceVersion(
        licence_id="lic_sample",
        number=1,
        identifier=identifier.text,
        type_code=licence_type.code,
        type_version=licence_type.version,
        licence_number="样张 2026-000001",
        holders=(_HOLDERS.get(licence_type.holder_kind, _PERSON),),
        data=sample_data(licence_type),
        issued_at=_MOMENT,
        valid_from=_DAY,
        valid_until=None if licence_type.validity.kind is Validity.LONG_TERM else dt.date(2029, 1, 30),
        previous=GENESIS,
        hash=GENESIS,
    )
    shown = {"holder_name", "number", *fields[:-1]} if copy else None
    note = CopyNote("cpy_sample", _OFFICE_NAME, Text("示例事项", "Sample item"), "SAMPLE-1", _MOMENT, _DAY)
    return FaceSource(
        licence_type, version, _OFFICE, _OFFICE_NAME, verify_address, shown=shown, note=note if copy else None
    )


def sample_data(licence_type: LicenceType) -> Mapping[str, Scalar]:
    """Values that fit the schema of the type."""
    properties: Any = licence_type.schema["properties"]
    return {one.name: _value(properties[one.name], one.title.zh) for one in face_fields(licence_type.schema)}


def _value(rule: Mapping[str, Any], title: str) -> Scalar:
    fixed: list[Scalar] = rule.get("enum") or ([rule["const"]] if "const" in rule else [])
    if fixed:
        return fixed[0]
    if rule["type"] == "boolean":
        return True
    if rule["type"] in ("integer", "number"):
        least = max(rule.get("minimum", 1), min(rule.get("maximum", 88), 88))
        return int(least) if rule["type"] == "integer" else least
    if rule.get("format") == "date":
        return _DAY.isoformat()
    text = f"示例{title}：示例市青石区演示路 18 号 6 幢 2 单元 301 室"
    longest = min(rule.get("maxLength", len(text)), len(text))
    return text[:longest].ljust(rule.get("minLength", 0), "示")


def _title(zh: str, en: str, code: str) -> dict[str, str]:
    return {"zh": zh, "en": en, "code": code}
