"""`yizheng staff …` and `yizheng department …`: the words of the command line."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

staff_app = typer.Typer(no_args_is_help=True, help="Staff: who has which role where.")
department_app = typer.Typer(no_args_is_help=True, help="Departments, as trees.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="As `yizheng staff list` or the console shows it.")]
Uscc = Annotated[str, typer.Argument(metavar="DEPARTMENT", help="Its unified social credit code.")]
Role = Annotated[str, typer.Argument(help="clerk, issuer, seal-user, …, security-administrator")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@staff_app.command("list")
def staff_list(
    department: Annotated[str | None, typer.Option(help="Only this department and those below it.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Roles by account, with what they are limited to."""
    from api.cli.staff_commands import list_roles

    _say(list_roles(settings_of(data=data), department, as_json=as_json))


@staff_app.command("recovery-codes")
def staff_recovery_codes(account: Account, data: Data = None) -> None:
    """Ten recovery codes for somebody before you, printed once: the second factor of a first administrator."""
    from api.cli.factor_commands import recovery_codes

    _say(recovery_codes(settings_of(data=data), account))


@staff_app.command("assign")
def staff_assign(
    account: Account,
    department: Uscc,
    role: Role,
    data: Data = None,
    licence_type: Annotated[list[str] | None, typer.Option(help="Only licences of this type; may be repeated.")] = None,
    function: Annotated[list[str] | None, typer.Option(help="Only this function (scope); may be repeated.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day, as 2026-12-31.")] = None,
) -> None:
    """Give a role at once; the operator answers for it. Nobody is two of the three administrators here either."""
    from api.cli.staff_commands import assign

    try:
        last = None if until is None else dt.date.fromisoformat(until)
    except ValueError:
        raise refusal("--until takes a day as 2026-12-31") from None
    _say(assign(settings_of(data=data), account, department, role, licence_type, function, last))


@staff_app.command("remove")
def staff_remove(account: Account, department: Uscc, role: Role, data: Data = None) -> None:
    """Take a role away; works from the next request on."""
    from api.cli.staff_commands import remove

    _say(remove(settings_of(data=data), account, department, role))


@staff_app.command("leave")
def staff_leave(account: Account, data: Data = None) -> None:
    """Somebody leaves: all roles, sessions and tokens end at once; the account stays."""
    from api.cli.staff_commands import leave

    _say(leave(settings_of(data=data), account))


@department_app.command("list")
def department_list(data: Data = None, as_json: Json = False) -> None:
    """The trees, each department right after the one above it."""
    from api.cli.staff_commands import list_departments

    _say(list_departments(settings_of(data=data), as_json=as_json))


@department_app.command("add")
def department_add(
    uscc: Uscc,
    name_zh: Annotated[str, typer.Argument(help="Its name in Chinese.")],
    name_en: Annotated[str, typer.Argument(help="Its name in English.")],
    parent: Annotated[str | None, typer.Option(help="Code of the department above it.")] = None,
    data: Data = None,
) -> None:
    """Register a department."""
    from api.cli.staff_commands import add_department

    _say(add_department(settings_of(data=data), uscc, name_zh, name_en, parent))


@department_app.command("move")
def department_move(
    uscc: Uscc,
    parent: Annotated[str | None, typer.Option(help="Code of the department above it; the top if none.")] = None,
    data: Data = None,
) -> None:
    """Put a department, with all below it, under another one."""
    from api.cli.staff_commands import move_department

    _say(move_department(settings_of(data=data), uscc, parent))
