"""Departments as trees: registered, moved, looked at. A department is never below itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.errors import Conflict, InvalidInput
from core.identifiers.uscc import parse_uscc
from core.principal import Principal
from core.text import Text
from idp.directory import organisation_not_found
from idp.model import Organisation, OrganisationStatus
from idp.ports import OrganisationStore
from idp.staff.duties import Duties, duty_missing
from idp.staff.ports import DepartmentStore

GOVERNMENT = "government"
DEEPEST = 12
MOST_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Branch:
    """A department with its depth in the tree as it is shown; 0 at the top."""

    department: Organisation
    depth: int


class Departments:
    """The use cases; system administrators change the trees."""

    def __init__(
        self,
        database: Database,
        organisations: OrganisationStore,
        departments: DepartmentStore,
        duties: Duties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._organisations = organisations
        self._departments = departments
        self._duties = duties
        self._clock = clock

    async def register(self, uscc: str, name: Text, parent: str | None, actor: Principal) -> Organisation:
        """
        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `uscc-invalid`, `name-invalid`.
            NotFound: `organisation-not-found`: the department above.
            Conflict: `organisation-exists`, `department-too-deep`.
        """
        code, above = parse_uscc(uscc), None if parent is None else parse_uscc(parent)
        await self._check_changes(actor, "department.register", code)
        made = Organisation(code, _checked(name), GOVERNMENT, above)
        async with self._database.write() as tx:
            if above is not None:
                await self._departments.hold_tree(tx)
                await self._check_parent(tx, above, levels_below=0)
            if not await self._organisations.add(tx, made, self._clock.now()):
                raise Conflict(
                    "organisation-exists", Text("这个机构已经登记过了。", "This organisation is registered already.")
                )
            tx.audit(AuditEvent("organisation.register", "done", actor, subject=code, detail={"parent": above}))
            await tx.commit()
        return made

    async def move(self, uscc: str, parent: str | None, actor: Principal) -> Organisation:
        """Put a department, with all below it, under another one; or at the top of a tree of its own.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `uscc-invalid`.
            NotFound: `organisation-not-found`.
            Conflict: `department-ring`, `department-too-deep`.
        """
        code, above = parse_uscc(uscc), None if parent is None else parse_uscc(parent)
        await self._check_changes(actor, "department.move", code)
        async with self._database.write() as tx:
            await self._departments.hold_tree(tx)
            moved = await self._organisations.get(tx, code)
            if moved is None or moved.kind != GOVERNMENT:
                raise organisation_not_found()
            if above is not None:
                if code in await self._departments.above(tx, above):
                    raise _ring()
                await self._check_parent(tx, above, levels_below=await self._height(tx, code))
            await self._departments.move(tx, code, above)
            detail = {"from": moved.parent, "to": above}
            tx.audit(AuditEvent("department.move", "done", actor, subject=code, detail=detail))
            await tx.commit()
        return dataclasses.replace(moved, parent=above)

    async def tree(self, actor: Principal) -> Sequence[Branch]:
        """What the actor sees, each department right after the one above it.

        Raises:
            NotPermitted: `duty-missing`.
        """
        top = await self._duties.check_looks(actor, "department.list")
        async with self._database.read() as tx:
            found = await self._departments.within(tx, top, limit=MOST_SHOWN)
        return ordered(found)

    async def _check_changes(self, actor: Principal, action: str, subject: str) -> None:
        if not self._duties.proposes_everywhere(actor):
            await self._duties.refuse(actor, action, subject)
            raise duty_missing()

    async def _check_parent(self, tx: ReadTx, uscc: str, *, levels_below: int) -> None:
        parent = await self._organisations.get(tx, uscc)
        if parent is None or parent.kind != GOVERNMENT or parent.status is not OrganisationStatus.ACTIVE:
            raise organisation_not_found()
        if len(await self._departments.above(tx, uscc)) + 1 + levels_below > DEEPEST:
            raise Conflict(
                "department-too-deep",
                Text(f"机构最多 {DEEPEST} 层。", f"Departments go at most {DEEPEST} levels deep."),
            )

    async def _height(self, tx: ReadTx, uscc: str) -> int:
        branches = ordered(await self._departments.within(tx, uscc, limit=MOST_SHOWN))
        return max((one.depth for one in branches), default=0)


def ordered(departments: Sequence[Organisation]) -> list[Branch]:
    """Depth first; among one another as they come."""
    known = {one.uscc for one in departments}
    below: dict[str | None, list[Organisation]] = {}
    for one in departments:
        below.setdefault(one.parent if one.parent in known else None, []).append(one)
    branches, waiting = [], [(one, 0) for one in reversed(below.get(None, []))]
    while waiting:
        department, depth = waiting.pop()
        branches.append(Branch(department, depth))
        waiting += [(one, depth + 1) for one in reversed(below.get(department.uscc, []))]
    return branches


def _checked(name: Text) -> Text:
    if not all(0 < len(one) <= 200 and one.isprintable() for one in (name.zh, name.en)):
        raise InvalidInput(
            "name-invalid",
            Text("请写中英文名称，各至多 200 字。", "Give the name in Chinese and English, up to 200 characters each."),
            field="name",
        )
    return name


def _ring() -> Conflict:
    return Conflict(
        "department-ring",
        Text("不能把机构移到它自己或它的下级之下。", "A department cannot be moved below itself."),
    )
