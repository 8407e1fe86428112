"""A licence's values under the standard's names (GB/T 36903-2018; face extensions `KZ_…`), and back.

Several holders are joined by `;`, as the field practice has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from certstore.codes import CODE_TYPES
from certstore.face import plain
from certstore.identifier import parse_identifier
from certstore.metadata import LONG_TERM
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER, LicenceType, LicenceVersion
from certstore.schema import face_fields
from core.clock import calendar_day
from core.text import Text

HOLDERS_BETWEEN = ";"
_FIXED = {"CZZT": HOLDER_NAME, "CZZTDM": HOLDER_CODE, "ZZBH": NUMBER}


def elements_of(
    version: LicenceVersion, licence_type: LicenceType, issuer: Text, values: Mapping[str, object]
) -> Mapping[str, object]:
    """What may be given, by element: the catalogue's part always, of face and holders only what is in `values`."""
    elements: dict[str, object] = {
        "ZZBS": version.identifier,
        "ZZLXMC": licence_type.name.zh,
        "ZZLXDM": version.type_code,
        "ZZMC": licence_type.name.zh,
        "ZZBBH": f"{version.number:03d}",
        "ZZBFJG": issuer.zh,
        "ZZBFJGDM": parse_identifier(version.identifier).issuer,
        "ZZBFRQ": _compact(calendar_day(version.issued_at)),
        "DYJGDM": licence_type.authority,
        "ZZYXQQSRQ": _compact(version.valid_from),
        "ZZYXQJZRQ": _compact(version.valid_until) if version.valid_until else LONG_TERM,
    }
    if version.based_on is not None:
        elements["GLZZBS"] = version.based_on  # obligatory for what renews, changes or follows another
    if HOLDER_NAME in values:
        elements["CZZT"] = HOLDERS_BETWEEN.join(holder.name for holder in version.holders)
    if HOLDER_CODE in values:
        elements["CZZTDM"] = HOLDERS_BETWEEN.join(holder.code.number for holder in version.holders)
        elements["CZZTDMLX"] = HOLDERS_BETWEEN.join(CODE_TYPES[holder.code.kind].name.zh for holder in version.holders)
        elements["CZZTDMLXDM"] = HOLDERS_BETWEEN.join(holder.code.kind for holder in version.holders)
    if NUMBER in values:
        elements["ZZBH"] = version.licence_number
    for field in face_fields(licence_type.schema):
        if field.name in values:
            elements[field.code] = plain(version.data[field.name])
    return elements


def field_names(licence_type: LicenceType, names: Sequence[str]) -> Mapping[str, str]:
    """Our field name for each of `names`, which may be the standard's or our own; unknown ones are left out."""
    known = dict(_FIXED) | {name: name for name in _FIXED.values()}
    for field in face_fields(licence_type.schema):
        known[field.code] = known[field.name] = field.name
    return {name: known[name] for name in names if name in known}


def _compact(day: dt.date) -> str:
    return day.strftime("%Y%m%d")
