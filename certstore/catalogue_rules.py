"""What makes an entry of the catalogue acceptable: types, service items with their materials, grants of use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from hashlib import sha256

from certstore.definition import TypeDefinition
from certstore.identifier import parse_type_code
from certstore.model import FIXED_FIELDS, ConsumerGrant, LicenceType, ServiceItem
from certstore.numbering import check_pattern
from certstore.schema import face_fields
from certstore.type_rules import check_inspection, check_profile, check_validity
from core.errors import InvalidInput
from core.identifiers.uscc import parse_uscc
from core.text import Text


def checked_type(definition: TypeDefinition, template: str, now: dt.datetime, *, version: int = 1) -> LicenceType:
    """The type that a definition makes.

    Args:
        template: the name under which its template will always mean the same face.

    Raises:
        InvalidInput: code, schema, issuers, validity or a further rule is not acceptable.
    """
    code = parse_type_code(definition.code)
    face_fields(definition.schema)
    if not definition.name.zh or not definition.name.en:
        raise InvalidInput("name-missing", Text("请写中英文名称。", "Give it a name in both languages."), field="name")
    if not definition.issuers:
        raise InvalidInput(
            "issuers-missing", Text("至少写一个颁发机构。", "Name at least one issuing authority."), field="issuers"
        )
    check_validity(definition.validity)
    check_inspection(definition.inspection)
    check_profile(definition.profile)
    return LicenceType(
        code=code,
        version=version,
        name=definition.name,
        authority=code[:18],
        issuers=tuple(dict.fromkeys(parse_uscc(issuer) for issuer in definition.issuers)),
        holder_kind=definition.holder_kind,
        colour=definition.colour,
        schema=definition.schema,
        validity=definition.validity,
        sharing=definition.sharing,
        template=template,
        one_per_holder=definition.one_per_holder,
        created_at=now,
        several_holders=definition.several_holders,
        inspection=definition.inspection,
        profile=definition.profile,
        numbering=check_pattern(definition.numbering),
        retired=definition.retired,
        file_forms=definition.file_forms,
    )


def template_unknown() -> InvalidInput:
    return InvalidInput(
        "template-unknown", Text("没有这个版式模板。", "There is no such face template."), field="template"
    )


def types_of(item: ServiceItem) -> set[str]:
    """Codes of all licence types that stand in for a material of the item."""
    return {code for material in item.materials for code in material.types}


def item_mark(item: ServiceItem | None) -> str:
    """What the item says, as a short digest: the same for the same item; empty for none."""
    return sha256(repr(item).encode()).hexdigest()[:32] if item is not None else ""


def grant_mark(grant: ConsumerGrant | None) -> str:
    """What the grant says, as a short digest: the same for the same grant; empty for none."""
    return sha256(repr(grant).encode()).hexdigest()[:32] if grant is not None else ""


def check_item(item: ServiceItem, known: Collection[str]) -> None:
    """
    Args:
        known: codes of the types that the catalogue has.

    Raises:
        InvalidInput: `licence-type-unknown`.
    """
    if not types_of(item) <= set(known):
        raise InvalidInput(
            "licence-type-unknown",
            Text("材料里有目录中没有的证照类型。", "A material names a type that is not in the catalogue."),
            field="types",
        )


def check_grant(grant: ConsumerGrant, licence_type: LicenceType | None, item: ServiceItem | None) -> None:
    """
    Raises:
        InvalidInput: `grant-invalid`: type, item or a field is unknown; or the organisation's code is wrong.
    """
    parse_uscc(grant.organisation)
    if licence_type is None or item is None:
        raise InvalidInput(
            "grant-invalid",
            Text("授权所指的证照类型或事项不存在。", "The grant names an unknown type or service item."),
            field="type" if licence_type is None else "service_item",
        )
    known = {*FIXED_FIELDS, *(field.name for field in face_fields(licence_type.schema))}
    if not grant.fields or not set(grant.fields) <= known:
        raise InvalidInput(
            "grant-invalid",
            Text("授权的字段须是这类证照的字段。", "A grant's fields must be fields of the type."),
            field="fields",
        )
