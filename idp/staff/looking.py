"""Who has which role where, for those who look after staff and those who look after them."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from core.errors import InvalidInput
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text
from idp.directory import organisation_not_found
from idp.model import StaffRole
from idp.ports import AccountStore
from idp.staff.duties import Duties
from idp.staff.ports import StaffRoleStore
from idp.staff.records import HeldRole


class LookAtStaff:
    """The use cases."""

    def __init__(self, database: Database, accounts: AccountStore, roles: StaffRoleStore, duties: Duties) -> None:
        self._database = database
        self._accounts = accounts
        self._roles = roles
        self._duties = duties

    async def page(
        self, actor: Principal, *, department: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Page[HeldRole]:
        """Roles by account; of a department and all below it, as far as the actor sees.

        Raises:
            NotPermitted: `duty-missing`.
            NotFound: `organisation-not-found`, for a department that the actor does not see.
            InvalidInput: `cursor-invalid`.
        """
        top, size, after = await self._duties.check_looks(actor, "role.list"), page_size(limit), _after(cursor)
        async with self._database.read() as tx:
            if department is not None and top is not None and not await self._duties.reaches(tx, top, department):
                raise organisation_not_found()
            found = await self._roles.page(tx, within=department or top, after=after, limit=size + 1)
        return Page(found[:size], encode_cursor(*_key(found[size - 1].role)) if len(found) > size else None)

    async def of_account(self, account_id: str, actor: Principal) -> Sequence[StaffRole]:
        """All roles of one person, as far as the actor sees.

        Raises:
            NotPermitted: `duty-missing`.
        """
        top = await self._duties.check_looks(actor, "role.list")
        async with self._database.read() as tx:
            roles = await self._accounts.roles(tx, account_id) if account_id.isprintable() else []
            return [one for one in roles if top is None or await self._duties.reaches(tx, top, one.organisation)]


def _key(role: StaffRole) -> tuple[str, str, str]:
    return role.account_id, role.organisation, role.role


def _after(cursor: str | None) -> tuple[str, str, str] | None:
    if not cursor:
        return None
    account, organisation, role = decode_cursor(cursor, 3)
    if not all(isinstance(one, str) and one.isprintable() for one in (account, organisation, role)):
        raise InvalidInput(
            "cursor-invalid",
            Text("翻页标记无效，请从第一页开始。", "The cursor is not valid. Start from the first page."),
            field="cursor",
        )
    return str(account), str(organisation), str(role)
