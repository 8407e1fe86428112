"""Tries what a plan would write before anything is written: templates are set, types and references checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from certstore.bundle.here import Shelves
from certstore.bundle.plan import Plan
from certstore.catalogue_rules import check_grant, check_item, checked_type, template_unknown, types_of
from certstore.make_file import FileMaker
from certstore.model import ConsumerGrant, LicenceType, ServiceItem
from certstore.ports import Renderer
from certstore.templates.desk import TemplateDesk
from core.db.database import Database, ReadTx
from core.errors import InvalidInput
from core.text import Text


class TryPlan:
    """Refuses a plan for the first entry that the catalogue would refuse, and says which one it is."""

    def __init__(
        self, database: Database, shelves: Shelves, desk: TemplateDesk, renderer: Renderer, files: FileMaker
    ) -> None:
        self._database = database
        self._shelves = shelves
        self._desk = desk
        self._renderer = renderer
        self._files = files

    async def __call__(self, plan: Plan, now: dt.datetime) -> None:
        """
        Raises:
            InvalidInput: as publishing, registering, putting or granting the entry by itself would.
        """
        for version in plan.templates:
            with _entry(Text("版式模板 {code}", "face template {code}"), version.reference):
                await self._desk.try_out(version.draft)
        coming = await self._types(plan, now)
        items = {one.code: one for one in plan.items}
        async with self._database.read() as tx:
            for item in plan.items:
                with _entry(Text("服务事项 {code}", "service item {code}"), item.code):
                    known = await self._shelves.catalogue.newest_types(tx, sorted(types_of(item)))
                    check_item(item, {*known, *coming})
            for grant in plan.grants:
                with _entry(Text("事项 {code} 的使用授权", "the grant of use for {code}"), grant.service_item):
                    await self._grant(tx, grant, coming, items)

    async def _types(self, plan: Plan, now: dt.datetime) -> dict[str, LicenceType]:
        """The types that come, in their newest versions."""
        templates = {one.reference for one in plan.templates}
        coming: dict[str, LicenceType] = {}
        for number, definition in plan.types:
            with _entry(Text("证照类型 {code}", "type {code}"), definition.code):
                made = checked_type(definition, definition.template, now, version=number)
                if made.template not in templates and await self._renderer.pinned(made.template) != made.template:
                    raise template_unknown()
            coming[made.code] = made
        for made in coming.values():  # what is issued, is issued under the newest
            with _entry(Text("证照类型 {code}", "type {code}"), made.code):
                await self._files.require_forms(made)
        return coming

    async def _grant(
        self, tx: ReadTx, grant: ConsumerGrant, coming: dict[str, LicenceType], items: dict[str, ServiceItem]
    ) -> None:
        catalogue = self._shelves.catalogue
        made = coming.get(grant.type_code) or await catalogue.licence_type(tx, grant.type_code)
        item = items.get(grant.service_item) or await catalogue.item(tx, grant.service_item)
        check_grant(grant, made, item)


@contextmanager
def _entry(where: Text, code: str) -> Iterator[None]:
    """Says in a refusal which entry of the bundle it is about."""
    try:
        yield
    except InvalidInput as error:
        place, why = where.format(code=code), error.text
        raise InvalidInput(
            error.code, Text(f"{place.zh}：{why.zh}", f"{place.en}: {why.en}"), field="bundle", private=error.private
        ) from None
