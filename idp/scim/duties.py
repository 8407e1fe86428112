"""Whom a personnel system looks after: staff of its own organisation and the departments below it (attacks O-68)."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database, ReadTx
from core.errors import NotPermitted
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.staff.ports import DepartmentStore

PROVISIONS = "admin:scim"


class Provisioners:
    """Answers for clients with the scope `admin:scim`; it is no person's."""

    def __init__(self, database: Database, departments: DepartmentStore) -> None:
        self._database = database
        self._departments = departments

    async def organisation(self, actor: Principal, action: str) -> str:
        """The organisation at the top of what the client looks after.

        Raises:
            NotPermitted: `duty-missing`.
        """
        if actor.kind is PrincipalKind.CLIENT and actor.may(PROVISIONS) and actor.organisation is not None:
            return actor.organisation
        await self._database.record(AuditEvent(action, "refused", actor))
        raise NotPermitted(
            "duty-missing",
            Text(
                "只有登记在机构名下、有 admin:scim 权限的人事系统可以这样做。",
                "This takes a personnel system that is registered for an organisation and has the scope admin:scim.",
            ),
        )

    async def reaches(self, tx: ReadTx, top: str, department: str) -> bool:
        return top in await self._departments.above(tx, department)
