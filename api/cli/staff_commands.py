"""`yizheng staff …` and `yizheng department …`: the work behind them, through the same use cases as the console."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Sequence

from api.cli.prepare import check_current
from api.cli.tables import Row, lines_of
from api.settings import Settings
from api.wiring.container import build_container
from api.wiring.staff import StaffServices
from core.principal import SYSTEM
from core.text import Text
from idp.model import StaffRole
from idp.rights import FUNCTIONS, LICENCE_TYPES
from idp.staff.departments import Branch
from idp.staff.records import HeldRole
from idp.staff.roles import limits_of


async def list_roles(settings: Settings, department: str | None, *, as_json: bool) -> list[str]:
    rows: list[Row] = []
    async with _staff(settings) as staff:
        cursor = None
        while True:
            page = await staff.look.page(SYSTEM, department=department, cursor=cursor, limit=100)
            rows += [_row(one) for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return lines_of(rows, as_json=as_json)


async def assign(
    settings: Settings,
    account: str,
    department: str,
    role: str,
    licence_types: Sequence[str] | None,
    functions: Sequence[str] | None,
    until: dt.date | None,
) -> list[str]:
    async with _staff(settings) as staff:
        limits = limits_of(licence_types or None, functions or None)
        await staff.assign(StaffRole(account, department, role, limits, until), SYSTEM)
    return [f"{account} is {role} of {department}"]


async def remove(settings: Settings, account: str, department: str, role: str) -> list[str]:
    async with _staff(settings) as staff:
        await staff.remove(StaffRole(account, department, role), SYSTEM)
    return [f"{account} is {role} of {department} no longer"]


async def leave(settings: Settings, account: str) -> list[str]:
    async with _staff(settings) as staff:
        ended = await staff.leave(account, SYSTEM)
    return [f"{account}: roles ended: {ended}; every session and token is over"]


async def list_departments(settings: Settings, *, as_json: bool) -> list[str]:
    async with _staff(settings) as staff:
        branches = await staff.departments.tree(SYSTEM)
    if as_json:
        return lines_of([_branch_row(one) for one in branches], as_json=True)
    return [f"{one.department.uscc}  {'  ' * one.depth}{one.department.name.zh}" for one in branches]


async def add_department(settings: Settings, uscc: str, name_zh: str, name_en: str, parent: str | None) -> list[str]:
    async with _staff(settings) as staff:
        made = await staff.departments.register(uscc, Text(name_zh, name_en), parent, SYSTEM)
    return [f"registered {made.uscc}"]


async def move_department(settings: Settings, uscc: str, parent: str | None) -> list[str]:
    async with _staff(settings) as staff:
        moved = await staff.departments.move(uscc, parent, SYSTEM)
    return [f"{moved.uscc} is {'below ' + moved.parent if moved.parent else 'at the top'} now"]


@contextlib.asynccontextmanager
async def _staff(settings: Settings) -> AsyncIterator[StaffServices]:
    await check_current(settings)
    container = await build_container(settings)
    try:
        yield container.idp.staff
    finally:
        await container.close()


def _branch_row(branch: Branch) -> Row:
    one = branch.department
    return {"uscc": one.uscc, "name": one.name.zh, "parent": one.parent, "depth": branch.depth}


def _row(held: HeldRole) -> Row:
    role = held.role
    return {
        "account": role.account_id,
        "department": role.organisation,
        "role": role.role,
        "licence_types": " ".join(role.limits.get(LICENCE_TYPES, ())) or None,
        "functions": " ".join(role.limits.get(FUNCTIONS, ())) or None,
        "until": role.until.isoformat() if role.until else None,
    }
