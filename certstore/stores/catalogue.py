"""The catalogue in SQL: licence types, service items, grants of use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, and_, bindparam, delete, func, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from certstore.conditions import Condition, parse_condition
from certstore.lifecycle import Event
from certstore.model import (
    Colour,
    ConsumerGrant,
    FileForms,
    HolderKind,
    InspectionRule,
    LicenceType,
    LifeProfile,
    Material,
    Quota,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.ports import CatalogueStore
from certstore.stores.tables import consumer_grant, item_material, licence_type, service_item
from core.db.database import ReadTx, WriteTx
from core.prepared import Prepared
from core.text import Text

_EVENTS = frozenset(Event)

_ITEM = Prepared(
    select(
        service_item.c.name_zh.label("item_zh"),
        service_item.c.name_en.label("item_en"),
        service_item.c.department,
        item_material,
    )
    .outerjoin(item_material, item_material.c.item == service_item.c.code)
    .where(service_item.c.code == bindparam("asked"))
    .order_by(item_material.c.number)
)


class SqlCatalogueStore:
    """Implements `certstore.ports.CatalogueStore`."""

    async def add_type(self, tx: WriteTx, licence_type_: LicenceType) -> bool:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(licence_type).values(_type_row(licence_type_)))
        except IntegrityError:
            return False
        return True

    async def licence_type(self, tx: ReadTx, code: str, version: int | None = None) -> LicenceType | None:
        query = select(licence_type).where(licence_type.c.code == code)
        if version is not None:
            query = query.where(licence_type.c.version == version)
        row = (await tx.connection.execute(query.order_by(licence_type.c.version.desc()).limit(1))).one_or_none()
        return _type(row) if row else None

    async def newest_types(self, tx: ReadTx, codes: Sequence[str]) -> Mapping[str, LicenceType]:
        if not codes:
            return {}
        query = select(licence_type).where(licence_type.c.code.in_(codes)).order_by(licence_type.c.version)
        return {row.code: _type(row) for row in await tx.connection.execute(query)}

    async def licence_types(self, tx: ReadTx, *, after: str = "", limit: int = 100) -> Sequence[LicenceType]:
        newest = (
            select(licence_type.c.code, func.max(licence_type.c.version).label("version"))
            .where(licence_type.c.code > after)
            .group_by(licence_type.c.code)
            .subquery()
        )
        same = and_(licence_type.c.code == newest.c.code, licence_type.c.version == newest.c.version)
        query = select(licence_type).join(newest, same).order_by(licence_type.c.code).limit(limit)
        return [_type(row) for row in await tx.connection.execute(query)]

    async def held_item(self, tx: WriteTx, code: str) -> ServiceItem | None:
        # an item that is only being made has no row to lock yet: whoever is first lays one down
        nothing = {"code": code, "name_zh": "", "name_en": "", "department": ""}
        laid = await tx.connection.execute(_insert(tx, service_item).values(nothing).on_conflict_do_nothing())
        if laid.rowcount == 1:
            return None
        await tx.connection.execute(select(service_item.c.code).where(service_item.c.code == code).with_for_update())
        return await self.item(tx, code)

    async def put_item(self, tx: WriteTx, item: ServiceItem) -> None:
        values = {"name_zh": item.name.zh, "name_en": item.name.en, "department": item.department}
        # the row stays the same one, so that who waits for it finds it
        put = _insert(tx, service_item).values(code=item.code, **values)
        await tx.connection.execute(put.on_conflict_do_update(index_elements=["code"], set_=values))
        await tx.connection.execute(delete(item_material).where(item_material.c.item == item.code))
        if item.materials:
            rows = [_material_row(item.code, material) for material in item.materials]
            await tx.connection.execute(insert(item_material), rows)

    async def item(self, tx: ReadTx, code: str) -> ServiceItem | None:
        rows = await tx.rows(_ITEM, {"asked": code})
        if not rows:
            return None
        materials = tuple([_material(row) for row in rows if row.number is not None])
        return ServiceItem(code, Text(rows[0].item_zh, rows[0].item_en), rows[0].department, materials)

    async def items(
        self, tx: ReadTx, *, after: str = "", limit: int = 100, department: str | None = None
    ) -> Sequence[ServiceItem]:
        query = select(service_item).where(service_item.c.code > after).order_by(service_item.c.code).limit(limit)
        if department is not None:
            query = query.where(service_item.c.department == department)
        return await self._items(tx, query)

    async def _items(self, tx: ReadTx, query: Any) -> list[ServiceItem]:
        rows = (await tx.connection.execute(query)).all()
        materials: dict[str, list[Material]] = {row.code: [] for row in rows}
        of_items = select(item_material).where(item_material.c.item.in_(materials)).order_by(item_material.c.number)
        for row in await tx.connection.execute(of_items):
            materials[row.item].append(_material(row))
        return [
            ServiceItem(row.code, Text(row.name_zh, row.name_en), row.department, tuple(materials[row.code]))
            for row in rows
        ]

    async def put_grant(self, tx: WriteTx, grant: ConsumerGrant) -> None:
        columns = consumer_grant.c
        await tx.connection.execute(
            delete(consumer_grant).where(
                columns.organisation == grant.organisation,
                columns.service_item == grant.service_item,
                columns.type_code == grant.type_code,
            )
        )
        values = {
            "organisation": grant.organisation,
            "service_item": grant.service_item,
            "type_code": grant.type_code,
            "fields": list(grant.fields),
            "basis": grant.basis,
            "valid_from": grant.valid_from,
            "valid_until": grant.valid_until,
            "hourly": grant.quota.hourly,
            "daily": grant.quota.daily,
        }
        await tx.connection.execute(insert(consumer_grant).values(values))

    async def grants(self, tx: ReadTx, organisation: str, service_item: str) -> Mapping[str, ConsumerGrant]:
        columns = consumer_grant.c
        query = select(consumer_grant).where(columns.organisation == organisation, columns.service_item == service_item)
        return {row.type_code: grant_of(row) for row in await tx.connection.execute(query)}

    async def all_grants(
        self,
        tx: ReadTx,
        *,
        organisation: str = "",
        service_item: str = "",
        after: tuple[str, str, str] = ("", "", ""),
        limit: int = 100,
    ) -> Sequence[ConsumerGrant]:
        columns = consumer_grant.c
        place = tuple_(columns.organisation, columns.service_item, columns.type_code)
        query = select(consumer_grant).where(place > after).limit(limit)
        if organisation:
            query = query.where(columns.organisation == organisation)
        if service_item:
            query = query.where(columns.service_item == service_item)
        rows = await tx.connection.execute(
            query.order_by(columns.organisation, columns.service_item, columns.type_code)
        )
        return [grant_of(row) for row in rows]

    async def remove_grant(self, tx: WriteTx, organisation: str, service_item: str, type_code: str) -> bool:
        columns = consumer_grant.c
        named = and_(
            columns.organisation == organisation,
            columns.service_item == service_item,
            columns.type_code == type_code,
        )
        return (await tx.connection.execute(delete(consumer_grant).where(named))).rowcount == 1


def _type_row(made: LicenceType) -> dict[str, object]:
    return {
        "code": made.code,
        "version": made.version,
        "name_zh": made.name.zh,
        "name_en": made.name.en,
        "authority": made.authority,
        "issuers": list(made.issuers),
        "holder_kind": made.holder_kind.value,
        "colour": made.colour.value,
        "schema": dict(made.schema),
        "validity": made.validity.kind.value,
        "validity_amount": made.validity.amount,
        "sharing": made.sharing.value,
        "template": made.template,
        "one_per_holder": made.one_per_holder,
        "created_at": made.created_at,
        "rules": _rules_row(made),
    }


def _rules_row(made: LicenceType) -> dict[str, object]:
    """What is not at its default."""
    rules: dict[str, object] = {}
    if not made.several_holders:
        rules["several_holders"] = False
    if made.inspection is not None:
        rules["inspection"] = {"months": made.inspection.months, "window_days": made.inspection.window_days}
    if made.profile is not None:
        rules["events"] = sorted(event.value for event in made.profile.events)
        if made.profile.two_people:
            rules["two_people"] = sorted(event.value for event in made.profile.two_people)
    if made.numbering:
        rules["numbering"] = made.numbering
    if made.retired:
        rules["retired"] = True
    if made.file_forms is not FileForms.PDF:
        rules["file_forms"] = made.file_forms.value
    return rules


def _rules(row: Mapping[str, Any]) -> dict[str, Any]:
    inspection = row.get("inspection")
    return {
        "several_holders": row.get("several_holders", True),
        "inspection": InspectionRule(**inspection) if inspection else None,
        "profile": LifeProfile(_events(row["events"]), _events(row.get("two_people", ()))) if "events" in row else None,
        "numbering": row.get("numbering", ""),
        "retired": row.get("retired", False),
        "file_forms": FileForms(row.get("file_forms", FileForms.PDF)),
    }


def _events(names: Sequence[str]) -> frozenset[Event]:
    """The events of a profile; what the table of transitions had once and has no more is left out."""
    return frozenset(Event(name) for name in names if name in _EVENTS)


def _type(row: Row[Any]) -> LicenceType:
    return LicenceType(
        code=row.code,
        version=row.version,
        name=Text(row.name_zh, row.name_en),
        authority=row.authority,
        issuers=tuple(row.issuers),
        holder_kind=HolderKind(row.holder_kind),
        colour=Colour(row.colour),
        schema=row.schema,
        validity=ValidityRule(Validity(row.validity), row.validity_amount),
        sharing=Sharing(row.sharing),
        template=row.template,
        one_per_holder=row.one_per_holder,
        created_at=row.created_at,
        **_rules(row.rules),
    )


def _material_row(item: str, material: Material) -> dict[str, object]:
    return {
        "item": item,
        "number": material.number,
        "name_zh": material.name.zh,
        "name_en": material.name.en,
        "types": list(material.types),
        "condition_zh": material.condition.zh if material.condition else None,
        "condition_en": material.condition.en if material.condition else None,
        "conditions": [_condition_row(one) for one in material.conditions],
    }


def _condition_row(one: Condition) -> dict[str, object]:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"field": one.field, "comparison": one.comparison.value, "value": value, "type": one.type_code}


def _material(row: Row[Any]) -> Material:
    condition = Text(row.condition_zh, row.condition_en) if row.condition_zh else None
    conditions = tuple(
        parse_condition(one["field"], one["comparison"], one["value"], one["type"]) for one in row.conditions
    )
    return Material(row.number, Text(row.name_zh, row.name_en), tuple(row.types), condition, conditions)


def grant_of(row: Row[Any]) -> ConsumerGrant:
    """A grant from its row."""
    return ConsumerGrant(
        row.organisation,
        row.type_code,
        row.service_item,
        tuple(row.fields),
        row.basis,
        row.valid_from,
        row.valid_until,
        Quota(row.hourly, row.daily),
    )


_: type[CatalogueStore] = SqlCatalogueStore


def _insert(tx: WriteTx, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insertion that may say what is done about a row that is there already."""
    return postgresql.insert(table) if tx.connection.dialect.name == "postgresql" else sqlite.insert(table)
