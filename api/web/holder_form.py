"""Holders in a form: a block for each, which buttons add and remove without any script; what was typed stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from api.web.views.office import HolderBlock
from certstore.codes import CITIZEN_ID, CODE_TYPES, ORGANISATION_CODE, THING, Bearer, parse_holder_code
from certstore.making import HolderInput
from certstore.model import HolderKind, LicenceType
from core.errors import InvalidInput
from core.text import Text

MOST = 10  # a form takes no more; the interface does
ADD, REMOVE = "add_holder", "remove_holder"
_USUAL = {HolderKind.ORGANISATION: ORGANISATION_CODE, HolderKind.THING: THING}
_OWNERS = ((CITIZEN_ID, Text("个人", "person")), (ORGANISATION_CODE, Text("单位", "organisation")))
_THINGS = tuple((one.code, one.name) for one in CODE_TYPES.values() if one.bearer is Bearer.THING)
_OF_THINGS = frozenset(code for code, _ in _THINGS)
_KINDS = {HolderKind.EITHER: _OWNERS, HolderKind.THING: (*_THINGS, *_OWNERS)}
_PARTS = ("holder_kind", "holder_code", "holder_name", "holder_role")


def holder_names(values: Mapping[str, str]) -> list[HolderInput]:
    """What was typed, block by block; blocks that were left empty beside another one are nobody."""
    rows = [_read(values, number) for number in _numbers(values)]
    return [one for one in rows if one.code or one.name] or rows[:1]


def holder_values(holders: Sequence[HolderInput]) -> dict[str, str]:
    """The same the other way: form values that show these holders."""
    values: dict[str, str] = {}
    for number, one in enumerate(holders, 1):
        parts = zip(_PARTS, (one.code_type, one.code, one.name, one.role), strict=True)
        values |= {name + _suffix(number): value for name, value in parts}
    return values


def blocks_changed(values: Mapping[str, str]) -> dict[str, str] | None:
    """The form's values with one block more or less; None if no such button was pressed."""
    if not values.get(ADD) and not values.get(REMOVE):
        return None
    rows = {number: _read(values, number) for number in _numbers(values)}
    if values.get(ADD) and len(rows) < MOST:
        first = rows[1].code_type
        rows[MOST + 1] = HolderInput(CITIZEN_ID if first in _OF_THINGS else first, "", "")  # a thing's owner is next
    elif len(rows) > 1:
        rows = {number: one for number, one in rows.items() if str(number) != values.get(REMOVE)}
    others = {name: value for name, value in values.items() if not name.startswith((*_PARTS, ADD, REMOVE))}
    return others | holder_values(list(rows.values()))


def blocks(
    values: Mapping[str, str], licence_type: LicenceType, today: dt.date, fault: str | None
) -> list[HolderBlock]:
    """What the page shows.

    Args:
        fault: `holder_code` or `holder_name`, if one of them was refused; it is told beside the first that is wrong.
    """
    rows = [_read(values, number) for number in _numbers(values)]
    wrong = next((place for place, one in enumerate(rows) if fault and _is_wrong(one, fault, today)), 0)
    return [
        HolderBlock(
            _suffix(place + 1),
            one.code_type or kind_of(licence_type),
            one.code,
            one.name,
            one.role,
            kinds=_KINDS.get(licence_type.holder_kind, ()),
            fault=fault if place == wrong else None,
        )
        for place, one in enumerate(rows)
    ]


def kind_of(licence_type: LicenceType) -> str:
    """The kind of number that a type's holders have where nothing else was said."""
    return _USUAL.get(licence_type.holder_kind, CITIZEN_ID)


def may_add(values: Mapping[str, str], licence_type: LicenceType) -> bool:
    return licence_type.several_holders and len(_numbers(values)) < MOST


def _numbers(values: Mapping[str, str]) -> list[int]:
    return [1] + [number for number in range(2, MOST + 1) if f"holder_name{_suffix(number)}" in values]


def _suffix(number: int) -> str:
    return "" if number == 1 else f".{number}"


def _read(values: Mapping[str, str], number: int) -> HolderInput:
    kind, code, name, role = (values.get(part + _suffix(number), "") for part in _PARTS)
    return HolderInput(kind, code, name, role or "holder")


def _is_wrong(one: HolderInput, fault: str, today: dt.date) -> bool:
    if fault == "holder_name":
        return not one.name
    try:
        parse_holder_code(one.code_type, one.code, today=today)
    except InvalidInput:
        return True
    return False
