"""The catalogue: licence types with versioned schemas (GB/T 36902), service items, grants of use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from certstore.authorise import refusals_audited, require_scope
from certstore.catalogue_rules import (
    check_grant,
    check_item,
    checked_type,
    grant_mark,
    item_mark,
    template_unknown,
    types_of,
)
from certstore.definition import TypeDefinition, definition_of
from certstore.errors import UseNotGranted
from certstore.make_file import FileMaker
from certstore.model import ConsumerGrant, LicenceType, ServiceItem, Validity, ValidityRule
from certstore.ports import Renderer
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx
from core.errors import Conflict, InvalidInput, NotFound
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text


class Catalogue:
    """Registers and reads licence types, service items and grants of use."""

    def __init__(self, repository: Repository, renderer: Renderer, files: FileMaker) -> None:
        self._repository = repository
        self._renderer = renderer
        self._files = files

    async def register_type(
        self, definition: TypeDefinition, actor: Principal, *, before: int | None = None
    ) -> LicenceType:
        """Add a type, or a new version of one. What was issued before keeps the version it was issued under.

        Args:
            before: the version that the change was made from, 0 for a type that is not there yet; None does not ask.

        Raises:
            InvalidInput: code, schema, template, issuers, validity or a further rule is not acceptable;
                `file-forms-not-possible`, as `FileMaker.require_forms` says.
            NotPermitted: the actor lacks `admin:system`.
            Conflict: `type-version-moved`, when another new version came first.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence-type.register", actor):
            require_scope(actor, "admin:system")
            made = await self._checked(definition)
            async with repository.database.write() as tx:
                newest = await repository.catalogue.licence_type(tx, made.code)
                there = newest.version if newest else 0
                made = replace(made, version=there + 1)
                moved = before is not None and before != there
                if moved or not await repository.catalogue.add_type(tx, made):
                    raise _version_moved()
                detail = {"version": made.version}
                tx.audit(AuditEvent("licence-type.register", "done", actor, made.code, detail=detail))
                await tx.commit()
        return made

    async def retire_type(self, code: str, actor: Principal, *, before: int | None = None) -> LicenceType:
        """End a type by a version under which nothing is issued any more; what was issued stays as it is.

        Raises:
            NotFound: `licence-type-not-found`.
            NotPermitted: the actor lacks `admin:system`.
            Conflict: `type-version-moved`.
        """
        found = await self.licence_type(code)
        if found.retired:
            return found
        definition = replace(definition_of(found), retired=True)
        return await self.register_type(definition, actor, before=found.version if before is None else before)

    async def versions(self, code: str) -> Sequence[LicenceType]:
        """All versions of a type, newest first.

        Raises:
            NotFound: `licence-type-not-found`.
        """
        newest = await self.licence_type(code)
        async with self._repository.database.read() as tx:
            earlier = [
                await self._repository.catalogue.licence_type(tx, newest.code, number)
                for number in range(newest.version - 1, 0, -1)
            ]
        return [newest, *(one for one in earlier if one is not None)]

    async def _checked(self, definition: TypeDefinition) -> LicenceType:
        made = checked_type(definition, definition.template, self._repository.now())
        template = await self._renderer.pinned(definition.template)
        if template is None:
            raise template_unknown()
        await self._files.require_forms(made)
        return replace(made, template=template)

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

    async def put_item(self, item: ServiceItem, actor: Principal, *, seen: str | None = None) -> None:
        """Add a service item or replace it with its materials.

        Args:
            seen: mark of the item that the change was made from (`catalogue_rules.item_mark`); None does not ask.

        Raises:
            Conflict: `service-item-moved`, when somebody changed it meanwhile.
            InvalidInput: a material names a licence type that the catalogue does not have.
            NotPermitted: the actor lacks `admin:system`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "service-item.put", actor):
            require_scope(actor, "admin:system")
            async with repository.database.write() as tx:
                held = await repository.catalogue.held_item(tx, item.code)
                if seen is not None and seen != item_mark(held):
                    raise _item_moved()
                check_item(item, await repository.catalogue.newest_types(tx, sorted(types_of(item))))
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

    async def grant_use(self, grant: ConsumerGrant, actor: Principal, *, seen: str | None = None) -> None:
        """Let an organisation use named fields of a type for one service item; replaces an earlier grant.

        Args:
            seen: mark of the grant that the change was made from (`catalogue_rules.grant_mark`), empty where there was
                none; None does not ask.

        Raises:
            Conflict: `grant-moved`, when somebody changed or ended it meanwhile.
            InvalidInput: type, item or a field is unknown.
            NotPermitted: the actor lacks `admin:security`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "use.grant", actor):
            require_scope(actor, "admin:security")
            async with repository.database.write() as tx:
                licence_type = await repository.catalogue.licence_type(tx, grant.type_code)
                item = await repository.catalogue.held_item(tx, grant.service_item)  # and with it its grants
                check_grant(grant, licence_type, item)
                await self._unmoved(tx, grant.organisation, grant.service_item, grant.type_code, seen)
                await repository.catalogue.put_grant(tx, grant)
                detail: Detail = {
                    "organisation": grant.organisation,
                    "type": grant.type_code,
                    "fields": len(grant.fields),
                }
                tx.audit(AuditEvent("use.grant", "done", actor, grant.service_item, detail=detail))
                await tx.commit()

    async def grants(
        self,
        actor: Principal,
        *,
        organisation: str = "",
        service_item: str = "",
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[ConsumerGrant]:
        """Grants in order of organisation, item and type; those of one organisation or one item where it is named.

        Raises:
            NotPermitted: the actor has neither `admin:security` nor `admin:system`.
        """
        async with refusals_audited(self._repository.database, "use.grants", actor):
            if not actor.may("admin:security"):
                require_scope(actor, "admin:system")
        first, second, third = decode_cursor(cursor, 3) if cursor else ("", "", "")
        size = page_size(limit)
        async with self._repository.database.read() as tx:
            found = await self._repository.catalogue.all_grants(
                tx,
                organisation=organisation,
                service_item=service_item,
                after=(str(first), str(second), str(third)),
                limit=size + 1,
            )
        last = found[size - 1] if len(found) > size else None
        following = encode_cursor(last.organisation, last.service_item, last.type_code) if last else None
        return Page(found[:size], following)

    async def end_grant(
        self, organisation: str, service_item: str, type_code: str, actor: Principal, *, seen: str | None = None
    ) -> None:
        """Take a grant of use back; nothing can be used by it from now on.

        Args:
            seen: as with `grant_use`.

        Raises:
            Conflict: `grant-moved`.
            NotFound: `grant-not-found`.
            NotPermitted: the actor lacks `admin:security`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "use.grant-end", actor):
            require_scope(actor, "admin:security")
            async with repository.database.write() as tx:
                await repository.catalogue.held_item(tx, service_item)  # no grant without its item: then nothing stays
                await self._unmoved(tx, organisation, service_item, type_code, seen)
                if not await repository.catalogue.remove_grant(tx, organisation, service_item, type_code):
                    raise NotFound("grant-not-found", Text("没有这项使用授权。", "There is no such grant of use."))
                detail: Detail = {"organisation": organisation, "type": type_code}
                tx.audit(AuditEvent("use.grant-end", "done", actor, service_item, detail=detail))
                await tx.commit()

    async def _unmoved(
        self, tx: ReadTx, organisation: str, service_item: str, type_code: str, seen: str | None
    ) -> None:
        if seen is None:
            return
        there = await self._repository.catalogue.grants(tx, organisation, service_item)
        if seen != grant_mark(there.get(type_code)):
            raise Conflict(
                "grant-moved",
                Text(
                    "这项授权刚被别人设立、修改或收回，您的修改没有保存。请重新打开，看过现在的内容再改。",
                    "Somebody just made, changed or ended this grant, and your change was not kept. Open it again and "
                    "look at it as it is now.",
                ),
            )


def _item_moved() -> Conflict:
    return Conflict(
        "service-item-moved",
        Text(
            "刚有人改过这个事项，或代码已被别的事项用了。请重新打开再改。",
            "Somebody just changed this item, or its code is another's. Open it again.",
        ),
    )


def _version_moved() -> Conflict:
    return Conflict(
        "type-version-moved",
        Text("刚有人登记了新版本，请重新读取后再改。", "A new version was just registered. Read it and retry."),
    )


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
