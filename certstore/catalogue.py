"""The catalogue: licence types with versioned schemas (GB/T 36902), service items, grants of use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from certstore.authorise import refusals_audited, require_scope
from certstore.errors import UseNotGranted
from certstore.identifier import parse_type_code
from certstore.model import (
    FIXED_FIELDS,
    Colour,
    ConsumerGrant,
    HolderKind,
    LicenceType,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.ports import Renderer
from certstore.repository import Repository
from certstore.schema import face_fields
from core.audit.event import AuditEvent, Detail
from core.errors import Conflict, InvalidInput, NotFound
from core.identifiers.uscc import parse_uscc
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """What a catalogue entry says; the code's first 18 characters are the defining authority."""

    code: str
    name: Text
    issuers: Sequence[str]
    holder_kind: HolderKind
    colour: Colour
    schema: Mapping[str, object]
    validity: ValidityRule
    sharing: Sharing
    template: str
    one_per_holder: bool = False


class Catalogue:
    """Registers and reads licence types, service items and grants of use."""

    def __init__(self, repository: Repository, renderer: Renderer) -> None:
        self._repository = repository
        self._renderer = renderer

    async def register_type(self, definition: TypeDefinition, actor: Principal) -> LicenceType:
        """Add a type, or a new version of one. What was issued before keeps the version it was issued under.

        Raises:
            InvalidInput: code, schema, template, issuers or validity are not acceptable.
            NotPermitted: the actor lacks `admin:system`.
            Conflict: `type-version-moved`, when another new version came first.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence-type.register", actor):
            require_scope(actor, "admin:system")
            made = self._checked(definition)
            async with repository.database.write() as tx:
                newest = await repository.catalogue.licence_type(tx, made.code)
                made = replace(made, version=newest.version + 1 if newest else 1)
                if not await repository.catalogue.add_type(tx, made):
                    raise Conflict(
                        "type-version-moved",
                        Text(
                            "刚有人登记了新版本，请重新读取后再改。",
                            "A new version was just registered. Read it and retry.",
                        ),
                    )
                detail = {"version": made.version}
                tx.audit(AuditEvent("licence-type.register", "done", actor, made.code, detail=detail))
                await tx.commit()
        return made

    def _checked(self, definition: TypeDefinition) -> LicenceType:
        code = parse_type_code(definition.code)
        face_fields(definition.schema)
        if definition.template not in self._renderer.templates():
            raise InvalidInput(
                "template-unknown", Text("没有这个版式模板。", "There is no such face template."), field="template"
            )
        counted = definition.validity.kind in (Validity.YEARS, Validity.DAYS)
        if counted != (definition.validity.amount > 0) or definition.validity.amount > 36_500:
            raise InvalidInput(
                "validity-rule-invalid",
                Text(
                    "按年或按天的有效期要写数目，其他的不写。", "Validity in years or days takes a number, others none."
                ),
                field="validity",
            )
        if not definition.issuers:
            raise InvalidInput(
                "issuers-missing", Text("至少写一个颁发机构。", "Name at least one issuing authority."), field="issuers"
            )
        return LicenceType(
            code=code,
            version=1,
            name=definition.name,
            authority=code[:18],
            issuers=tuple(parse_uscc(issuer) for issuer in definition.issuers),
            holder_kind=definition.holder_kind,
            colour=definition.colour,
            schema=definition.schema,
            validity=definition.validity,
            sharing=definition.sharing,
            template=definition.template,
            one_per_holder=definition.one_per_holder,
            created_at=self._repository.now(),
        )

    async def licence_type(self, code: str, version: int | None = None) -> LicenceType:
        """
        Raises:
            NotFound: `licence-type-not-found`.
        """
        async with self._repository.database.read() as tx:
            found = await self._repository.catalogue.licence_type(tx, code, version)
        if found is None:
            raise NotFound(
                "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
            )
        return found

    async def licence_types(self, cursor: str | None = None, limit: int | None = None) -> Page[LicenceType]:
        """Newest versions in order of code."""
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        size = page_size(limit)
        async with self._repository.database.read() as tx:
            found = await self._repository.catalogue.licence_types(tx, after=after, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].code) if more else None)

    async def put_item(self, item: ServiceItem, actor: Principal) -> None:
        """Add a service item or replace it with its materials.

        Raises:
            InvalidInput: a material names a licence type that the catalogue does not have.
            NotPermitted: the actor lacks `admin:system`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "service-item.put", actor):
            require_scope(actor, "admin:system")
            async with repository.database.write() as tx:
                for code in sorted({code for material in item.materials for code in material.types}):
                    if await repository.catalogue.licence_type(tx, code) is None:
                        raise InvalidInput(
                            "licence-type-unknown",
                            Text(
                                "材料里有目录中没有的证照类型。",
                                "A material names a type that is not in the catalogue.",
                            ),
                            field="types",
                        )
                await repository.catalogue.put_item(tx, item)
                tx.audit(AuditEvent("service-item.put", "done", actor, item.code))
                await tx.commit()

    async def item(self, code: str) -> ServiceItem:
        """
        Raises:
            NotFound: `service-item-not-found`.
        """
        async with self._repository.database.read() as tx:
            found = await self._repository.catalogue.item(tx, code)
        if found is None:
            raise NotFound("service-item-not-found", Text("没有这个服务事项。", "There is no such service item."))
        return found

    async def items(self, cursor: str | None = None, limit: int | None = None) -> Page[ServiceItem]:
        """In order of code."""
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        size = page_size(limit)
        async with self._repository.database.read() as tx:
            found = await self._repository.catalogue.items(tx, after=after, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].code) if more else None)

    async def grant_use(self, grant: ConsumerGrant, actor: Principal) -> None:
        """Let an organisation use named fields of a type for one service item; replaces an earlier grant.

        Raises:
            InvalidInput: type, item or a field is unknown.
            NotPermitted: the actor lacks `admin:security`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "use.grant", actor):
            require_scope(actor, "admin:security")
            parse_uscc(grant.organisation)
            async with repository.database.write() as tx:
                licence_type = await repository.catalogue.licence_type(tx, grant.type_code)
                item = await repository.catalogue.item(tx, grant.service_item)
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
                await repository.catalogue.put_grant(tx, grant)
                detail: Detail = {
                    "organisation": grant.organisation,
                    "type": grant.type_code,
                    "fields": len(grant.fields),
                }
                tx.audit(AuditEvent("use.grant", "done", actor, grant.service_item, detail=detail))
                await tx.commit()


def validity_of(rule: ValidityRule, valid_from: dt.date, stated: dt.date | None) -> dt.date | None:
    """The last day of validity under a type's rule; None for 长期. The first day counts.

    Raises:
        InvalidInput: `validity-invalid`.
    """
    counted: dt.date | None = None
    if rule.kind is Validity.YEARS:
        counted = _years_later(valid_from, rule.amount) - dt.timedelta(days=1)
    elif rule.kind is Validity.DAYS:
        counted = valid_from + dt.timedelta(days=rule.amount - 1)
    elif rule.kind is Validity.STATED:
        counted = stated
    wrong = stated is not None and stated != counted
    if wrong or (rule.kind is Validity.STATED and (stated is None or stated < valid_from)):
        raise InvalidInput(
            "validity-invalid",
            Text(
                "有效期截止日与这类证照的规则不符。按规则计算的不用填；需要填的不能早于起始日。",
                "The last day of validity does not fit the type's rule. Leave it out where the rule counts it; where "
                "it is stated it cannot be before the first day.",
            ),
            field="valid_until",
        )
    return counted


def _years_later(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return dt.date(day.year + years, 3, 1)


def grant_for(grants: Mapping[str, ConsumerGrant], type_code: str, today: dt.date) -> ConsumerGrant:
    """The grant for one type among an organisation's grants.

    Raises:
        UseNotGranted: none, or not on this day.
    """
    grant = grants.get(type_code)
    if grant is None or not grant.covers(today):
        raise UseNotGranted()
    return grant
