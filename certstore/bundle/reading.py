"""A bundle out of JSON that somebody sent: every member known, every value of its kind and length, or none of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from certstore.bundle.model import Bundle, TemplateVersion
from certstore.conditions import MAX_CONDITIONS, Condition, parse_condition
from certstore.definition import TypeDefinition
from certstore.identifier import parse_type_code
from certstore.lifecycle import Event
from certstore.model import (
    Colour,
    ConsumerGrant,
    FileForms,
    HolderKind,
    InspectionRule,
    LifeProfile,
    Material,
    Quota,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.numbering import check_pattern
from certstore.ports import SealAnchor
from certstore.templates.desk import TemplateDraft
from certstore.templates.model import MAX_SOURCE
from core.errors import InvalidInput
from core.identifiers.uscc import parse_uscc
from core.text import Text

MOST = 5_000
"""Entries of one kind, and versions of one entry."""
Made = TypeVar("Made")


class Node:
    """One value of the file, with its place: an error names the place and never the value."""

    def __init__(self, value: object, place: str) -> None:
        self._value = value
        self._place = place

    def fault(self, why: Text | None = None) -> InvalidInput:
        zh, en = (why.zh, why.en) if why else ("不是这里该有的内容。", "this is not what belongs here.")
        return InvalidInput(
            "bundle-invalid",
            Text(f"目录文件的 {self._place}：{zh}", f"In the catalogue file at {self._place}: {en}"),
            field="bundle",
        )

    def members(self, *known: str) -> Callable[[str], Node]:
        """Reads members by name; None stands for one that is not there."""
        value = self._value
        if not isinstance(value, dict) or not set(value) <= set(known):
            raise self.fault()
        return lambda name: Node(value.get(name), f"{self._place}.{name}")

    def each(self, most: int = MOST) -> Iterable[Node]:
        if not isinstance(self._value, list) or len(self._value) > most:
            raise self.fault()
        return [Node(one, f"{self._place}[{position}]") for position, one in enumerate(self._value)]

    def absent(self) -> bool:
        return self._value is None

    def text(self, longest: int, *, empty: bool = False) -> str:
        value = self._value
        if not isinstance(value, str) or len(value) > longest or not (value or empty) or "\x00" in value:
            raise self.fault()
        return value

    def whole(self, least: int, most: int) -> int:
        value = self._value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.fault()
        return value

    def number(self) -> float:
        if not isinstance(self._value, int | float) or isinstance(self._value, bool):
            raise self.fault()
        return self._value

    def flag(self, default: bool) -> bool:
        if self._value is None:
            return default
        if not isinstance(self._value, bool):
            raise self.fault()
        return self._value

    def mapping(self) -> Mapping[str, object]:
        if not isinstance(self._value, dict):
            raise self.fault()
        return self._value

    def as_(self, make: Callable[[Any], Made]) -> Made:
        """What `make` makes of the raw value."""
        try:
            return make(self._value)
        except InvalidInput as error:
            raise self.fault(error.text) from None
        except (ValueError, TypeError, KeyError):
            raise self.fault() from None

    def words(self) -> Text:
        of = self.members("zh", "en")
        return Text(of("zh").text(200), of("en").text(200))


def read_bundle(content: object) -> Bundle:
    """
    Raises:
        InvalidInput: `bundle-invalid`, with the place in the file.
    """
    of = Node(content, "content").members("templates", "types", "service_items", "grants")
    templates = _by_key(of("templates"), _template)
    types = _by_key(of("types"), _type)
    items = _by_key(of("service_items"), _item)
    grants = None if of("grants").absent() else tuple(map(_grant, of("grants").each()))
    return Bundle(templates, types, items, grants)


def _by_key(node: Node, read: Callable[[Node], tuple[str, Made]]) -> dict[str, Made]:
    found: dict[str, Made] = {}
    for one in [] if node.absent() else node.each():
        key, made = read(one)
        if key in found:
            raise one.fault(Text("同一条目写了两次。", "the entry is there twice."))
        found[key] = made
    return found


def _template(node: Node) -> tuple[str, tuple[TemplateVersion, ...]]:
    of = node.members("name", "versions")
    name = of("name").text(40)
    versions = tuple(_template_version(name, one) for one in of("versions").each())
    numbers = [one.number for one in versions]
    if not versions or numbers != sorted(set(numbers)):
        raise of("versions").fault()
    return name, versions


def _template_version(name: str, node: Node) -> TemplateVersion:
    of = node.members("version", "title", "source", "anchor")
    anchor = of("anchor").members("page", "x_mm", "y_mm")
    at = SealAnchor(anchor("page").whole(1, 4), float(anchor("x_mm").number()), float(anchor("y_mm").number()))
    draft = TemplateDraft(name, of("title").words(), of("source").text(MAX_SOURCE), at)
    return TemplateVersion(of("version").whole(1, 999_999), draft)


def _type(node: Node) -> tuple[str, tuple[TypeDefinition, ...]]:
    of = node.members("code", "versions")
    code = of("code").as_(lambda value: parse_type_code(str(value)))
    versions = tuple(_definition(code, one) for one in of("versions").each())
    if not versions:
        raise of("versions").fault()
    return code, versions


_TYPE_MEMBERS = (
    "name",
    "issuers",
    "holder_kind",
    "colour",
    "schema",
    "validity",
    "sharing",
    "template",
    "one_per_holder",
    "several_holders",
    "inspection",
    "profile",
    "numbering",
    "retired",
    "file_forms",
)


def _definition(code: str, node: Node) -> TypeDefinition:
    of = node.members(*_TYPE_MEMBERS)
    validity = of("validity").members("kind", "amount")
    amount = 0 if validity("amount").absent() else validity("amount").whole(0, 36_500)
    return TypeDefinition(
        code=code,
        name=of("name").words(),
        issuers=tuple(one.as_(lambda value: parse_uscc(str(value))) for one in of("issuers").each(200)),
        holder_kind=of("holder_kind").as_(HolderKind),
        colour=of("colour").as_(Colour),
        schema=of("schema").mapping(),
        validity=ValidityRule(validity("kind").as_(Validity), amount),
        sharing=of("sharing").as_(Sharing),
        template=of("template").text(40),
        one_per_holder=of("one_per_holder").flag(False),
        several_holders=of("several_holders").flag(True),
        inspection=None if of("inspection").absent() else _inspection(of("inspection")),
        profile=None if of("profile").absent() else _profile(of("profile")),
        numbering="" if of("numbering").absent() else of("numbering").as_(check_pattern),
        retired=of("retired").flag(False),
        file_forms=FileForms.PDF if of("file_forms").absent() else of("file_forms").as_(FileForms),
    )


def _inspection(node: Node) -> InspectionRule:
    of = node.members("months", "window_days")
    return InspectionRule(of("months").whole(0, 1_000), of("window_days").whole(0, 36_500))


def _profile(node: Node) -> LifeProfile:
    of = node.members("events", "two_people")
    two = [] if of("two_people").absent() else of("two_people").each(40)
    return LifeProfile(
        frozenset(one.as_(Event) for one in of("events").each(40)), frozenset(one.as_(Event) for one in two)
    )


def _item(node: Node) -> tuple[str, ServiceItem]:
    of = node.members("code", "name", "department", "materials")
    code = of("code").text(64)
    materials = tuple(_material(one) for one in of("materials").each(100))
    if len({one.number for one in materials}) != len(materials):
        raise of("materials").fault(Text("材料的序号重复。", "two materials have one number."))
    return code, ServiceItem(code, of("name").words(), of("department").text(18), materials)


def _material(node: Node) -> Material:
    of = node.members("number", "name", "types", "condition", "conditions")
    return Material(
        of("number").whole(1, 999),
        of("name").words(),
        tuple(one.as_(lambda value: parse_type_code(str(value))) for one in of("types").each(50)),
        None if of("condition").absent() else of("condition").words(),
        tuple(_condition(one) for one in of("conditions").each(MAX_CONDITIONS))
        if not of("conditions").absent()
        else (),
    )


def _condition(node: Node) -> Condition:
    of = node.members("field", "comparison", "value", "type")
    kind = None if of("type").absent() else of("type").text(21)
    field, comparison = of("field").text(40), of("comparison").text(20)
    return of("value").as_(lambda value: parse_condition(field, comparison, value, kind))


def _grant(node: Node) -> ConsumerGrant:
    of = node.members(
        "organisation", "service_item", "type", "fields", "basis", "valid_from", "valid_until", "hourly", "daily"
    )
    until = of("valid_until")
    return ConsumerGrant(
        of("organisation").as_(lambda value: parse_uscc(str(value))),
        of("type").as_(lambda value: parse_type_code(str(value))),
        of("service_item").text(64),
        tuple(one.text(40) for one in of("fields").each(80)),
        of("basis").text(400),
        of("valid_from").as_(dt.date.fromisoformat),
        None if until.absent() else until.as_(dt.date.fromisoformat),
        Quota(*(None if of(name).absent() else of(name).whole(0, 10_000_000) for name in ("hourly", "daily"))),
    )
