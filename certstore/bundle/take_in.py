"""Takes a bundle in, as a whole or not at all; a dry run tells first what it would change.

Versions are only ever added, so nothing that was issued is touched. Taken in once more, a bundle changes nothing.
Types, items and templates belong to `admin:system`, grants of use to `admin:security`: each takes in their own part,
and is told what is left to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certstore.authorise import refusals_audited, require_scope
from certstore.bundle.here import Shelves
from certstore.bundle.model import Difference, TemplateVersion
from certstore.bundle.opening import BundleFile, OpenedBundle, open_bundle
from certstore.bundle.plan import Here, Plan, Reach, key_of, plan_of
from certstore.bundle.ports import BundleJudge
from certstore.bundle.trying import TryPlan
from certstore.catalogue_rules import checked_type
from certstore.definition import TypeDefinition
from certstore.model import ConsumerGrant, ServiceItem
from certstore.repository import Repository
from certstore.templates.model import StoredTemplate
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.errors import Conflict
from core.principal import Principal, PrincipalKind
from core.text import Text


@dataclass(frozen=True, slots=True)
class Taken:
    """What was, or would be, done.

    Attributes:
        made_by: who signed it; empty for an unsigned one.
        plan: fingerprint of what is to be written, to be named when it is done in earnest.
        done: False for a dry run.
    """

    made_by: str
    sha256: str
    differences: Sequence[Difference]
    plan: str
    done: bool


class TakeInCatalogue:
    """The use case."""

    def __init__(self, repository: Repository, shelves: Shelves, trying: TryPlan, judge: BundleJudge) -> None:
        self._repository = repository
        self._shelves = shelves
        self._try = trying
        self._judge = judge

    async def __call__(
        self, file: BundleFile, actor: Principal, *, dry: bool = False, expected: str | None = None
    ) -> Taken:
        """
        Args:
            expected: the fingerprint that a dry run told; None takes in whatever it comes to.

        Raises:
            InvalidInput: `bundle-invalid`, `bundle-signature-unknown`, `bundle-changed`; or what an entry is refused
                for, which is named.
            NotPermitted: the actor has neither `admin:system` nor `admin:security`.
            Conflict: `bundle-plan-moved`; nothing was changed.
        """
        database = self._repository.database
        async with refusals_audited(database, "catalogue.import", actor):
            reach = _reach_of(actor)
            opened = open_bundle(file, actor, self._judge)
            async with database.read() as tx:
                plan = plan_of(opened.bundle, await self._shelves.beside(tx, opened.bundle), reach)
            await self._try(plan, self._repository.now())
            if not dry:
                async with database.write() as tx:
                    here = await self._shelves.beside(tx, opened.bundle)
                    again = plan_of(opened.bundle, here, reach).fingerprint
                    if again != plan.fingerprint or expected not in (None, again):
                        raise _plan_moved()
                    await self._write(tx, plan, here, opened, actor)
                    await tx.commit()
        return Taken(opened.made_by, opened.sha256, plan.differences, plan.fingerprint, done=not dry)

    async def _write(self, tx: WriteTx, plan: Plan, here: Here, opened: OpenedBundle, actor: Principal) -> None:
        for version in plan.templates:
            await self._write_template(tx, version, actor)
        for number, definition in plan.types:
            await self._write_type(tx, definition, number, actor)
        items = {one.code: one for one in plan.items}
        for code in sorted({*items, *(one.service_item for one in plan.grants)}):  # in one order, whoever else imports
            held = await self._shelves.catalogue.held_item(tx, code)  # and with it its grants
            if code in items:
                if held != here.items.get(code):
                    raise _plan_moved()
                await self._write_item(tx, items[code], actor)
        for grant in plan.grants:
            there = await self._shelves.catalogue.grants(tx, grant.organisation, grant.service_item)
            if there.get(grant.type_code) != here.grants.get(key_of(grant)):
                raise _plan_moved()
            await self._write_grant(tx, grant, actor)
        detail: Detail = {
            "templates": len(plan.templates),
            "types": len(plan.types),
            "items": len(plan.items),
            "grants": len(plan.grants),
            "sha256": opened.sha256,
        }
        tx.audit(AuditEvent("catalogue.import", "done", actor, detail=detail))

    async def _write_template(self, tx: WriteTx, one: TemplateVersion, actor: Principal) -> None:
        draft, now = one.draft, self._repository.now()
        made = StoredTemplate(draft.name, one.number, draft.title, draft.source, draft.anchor, now, actor.id)
        if not await self._shelves.templates.add(tx, made):
            raise _plan_moved()
        tx.audit(AuditEvent("face-template.publish", "done", actor, made.name, detail={"version": made.version}))

    async def _write_type(self, tx: WriteTx, definition: TypeDefinition, number: int, actor: Principal) -> None:
        made = checked_type(definition, definition.template, self._repository.now(), version=number)
        if not await self._shelves.catalogue.add_type(tx, made):
            raise _plan_moved()
        tx.audit(AuditEvent("licence-type.register", "done", actor, made.code, detail={"version": number}))

    async def _write_item(self, tx: WriteTx, item: ServiceItem, actor: Principal) -> None:
        await self._shelves.catalogue.put_item(tx, item)
        tx.audit(AuditEvent("service-item.put", "done", actor, item.code))

    async def _write_grant(self, tx: WriteTx, grant: ConsumerGrant, actor: Principal) -> None:
        await self._shelves.catalogue.put_grant(tx, grant)
        detail: Detail = {"organisation": grant.organisation, "type": grant.type_code, "fields": len(grant.fields)}
        tx.audit(AuditEvent("use.grant", "done", actor, grant.service_item, detail=detail))


def _reach_of(actor: Principal) -> Reach:
    if actor.kind is PrincipalKind.SYSTEM:
        return Reach(system=True, security=True)
    reach = Reach(actor.may("admin:system"), actor.may("admin:security"))
    if not (reach.system or reach.security):
        require_scope(actor, "admin:system")
    return reach


def _plan_moved() -> Conflict:
    return Conflict(
        "bundle-plan-moved",
        Text(
            "目录刚被改过，与您核对时看到的不同，什么也没有导入。请再核对一次。",
            "The catalogue was changed meanwhile and is not what you compared with. Nothing was imported: compare "
            "again.",
        ),
    )
